// The move game from outside: the stage's own programs, three clients, the command line.
#include <algorithm>
#include <sstream>

#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/support/tcp_client.h"
#include "tests/support/wire.h"

using support::Process;
using support::TcpClient;

namespace {

std::vector<std::string> ServerArgs(std::vector<std::string> more = {}) {
  std::vector<std::string> args{"--port", "0", "--stop-on-eof"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

// A scripted move_client whose own first line ("you ID X Y") has been read.
struct Player {
  explicit Player(unsigned short port)
      : process("move_client", {"--port", std::to_string(port), "--script"}) {
    const auto line = process.ReadLineWith("you ");
    REQUIRE(line);
    std::istringstream words(*line);
    std::string you;
    words >> you >> id >> x >> y;
  }
  std::string Id() const { return std::to_string(id); }

  Process process;
  int id = 0;
  int x = 0;
  int y = 0;
};

std::string Frame(const wire::Frame& frame) {
  const wire::Bytes bytes = wire::MakeFrame(frame);
  return {bytes.begin(), bytes.end()};
}

void RequireCleanStop(Process& server) {
  server.Stop();
  const auto code = server.Wait();
  INFO(server.Output() << server.Errors());
  REQUIRE(code == 0);
  CHECK(server.Output().find("stopped: live sessions 0, outstanding operations 0") !=
        std::string::npos);
}

}  // namespace

SCENARIO("three players see each other come, move and go") {
  const bool accept_ex = GENERATE(false, true);
  Process server("move_server", accept_ex ? ServerArgs({"--accept-ex"}) : ServerArgs());
  const auto port = server.ReadPort();
  REQUIRE(port);

  GIVEN(std::string("three players, accepted by ") +
        (accept_ex ? "AcceptEx" : "the accept thread")) {
    Player a(*port);
    Player b(*port);
    Player c(*port);
    CHECK(a.id != b.id);
    CHECK(b.id != c.id);
    THEN("each is told the others exactly once, those before it and those after it") {
      CHECK(a.process.ReadLineWith("put " + b.Id() + " "));
      CHECK(a.process.ReadLineWith("put " + c.Id() + " "));
      CHECK(b.process.ReadLineWith("put " + a.Id() + " "));
      CHECK(b.process.ReadLineWith("put " + c.Id() + " "));
      CHECK(c.process.ReadLineWith("put " + a.Id() + " "));
      CHECK(c.process.ReadLineWith("put " + b.Id() + " "));

      AND_WHEN("one steps to the right") {
        REQUIRE(b.process.Write("right\n"));
        const std::string moved =
            "position " + b.Id() + " " + std::to_string(b.x + 1) + " " + std::to_string(b.y);
        THEN("all three are told the same position") {
          for (Player* player : {&a, &b, &c}) CHECK(player->process.ReadLineWith(moved));
        }
      }
      AND_WHEN("one leaves") {
        REQUIRE(b.process.Write("quit\n"));
        CHECK(b.process.Wait() == 0);
        THEN("the others are told, and see two players on the board") {
          CHECK(a.process.ReadLineWith("remove " + b.Id()));
          CHECK(c.process.ReadLineWith("remove " + b.Id()));
          REQUIRE(a.process.Write("board\n"));
          const auto board = a.process.ReadLineWith("board:");
          REQUIRE(board);
          CHECK(board->find(" " + a.Id() + "@") != std::string::npos);
          CHECK(board->find(" " + c.Id() + "@") != std::string::npos);
          CHECK(board->find(" " + b.Id() + "@") == std::string::npos);
        }
      }
      AND_WHEN("one is killed without a goodbye") {
        c.process.Kill();
        THEN("the others are told all the same") {
          CHECK(a.process.ReadLineWith("remove " + c.Id()));
          CHECK(b.process.ReadLineWith("remove " + c.Id()));
        }
      }
      AND_WHEN("the server stops") {
        RequireCleanStop(server);
        THEN("each client says so") {
          for (Player* player : {&a, &b, &c}) {
            CHECK(player->process.ReadLineWith("closed by the server"));
            CHECK(player->process.Wait() == 1);
          }
        }
      }
    }
  }
  if (server.Wait(std::chrono::milliseconds(0)) == std::nullopt) RequireCleanStop(server);
}

SCENARIO("a client that does not play by the rules is closed, the others play on") {
  Process server("move_server", ServerArgs());
  const auto port = server.ReadPort();
  REQUIRE(port);
  Player good(*port);
  // Good frames with a wrong meaning; bad frames are in scenario_hostile.cc.
  const std::string wrong = GENERATE(as<std::string>{}, Frame({3, 1, {4}}),  // no such direction
                                     Frame({3, 1, {1, 1}}),         // a move of the wrong size
                                     Frame({3, 1, {}}),             // a move without a body
                                     Frame({9, 1, {}}),             // no such type
                                     Frame({6, 1, {1, 0, 0, 0}}));  // a packet of the server
  WHEN("it sends something wrong") {
    TcpClient bad(*port);
    REQUIRE(good.process.ReadLineWith("put "));
    REQUIRE(bad.Send(wrong));
    THEN("it is closed, and only it") {
      CHECK(bad.ReceiveToEnd().closed);
      CHECK(good.process.ReadLineWith("remove "));
      REQUIRE(good.process.Write("down\n"));
      CHECK(good.process.ReadLineWith("position " + good.Id()));
    }
  }
  RequireCleanStop(server);
}

SCENARIO("a full server refuses the next player with a packet and an orderly close") {
  Process server("move_server", ServerArgs({"--session-max", "1"}));
  const auto port = server.ReadPort();
  REQUIRE(port);
  Player first(*port);
  TcpClient second(*port);
  const TcpClient::Rest rest = second.ReceiveToEnd();
  const auto notice = wire::NaiveRead({rest.data.begin(), rest.data.end()}, 0xA9, 4096, false);
  CHECK(notice == wire::Meaning{{{7, 0, {}}}, ""});
  CHECK(rest.closed);
  CHECK_FALSE(rest.reset);
  REQUIRE(first.process.Write("up\n"));
  CHECK(first.process.ReadLineWith("position "));
  RequireCleanStop(server);
}

SCENARIO("the start-up log shows the order of the lecture") {
  Process server("move_server", ServerArgs({"--workers", "3", "--running", "2"}));
  REQUIRE(server.ReadPort());
  RequireCleanStop(server);
  const std::string log = server.Output();
  INFO(log);
  std::size_t at = 0;
  for (const char* step :
       {"completion port: running threads 2", "worker threads: 3",
        "listening on 127.0.0.1:", "accept thread", "stop begins", "stop done"}) {
    at = log.find(step, at);
    INFO(step);
    REQUIRE(at != std::string::npos);
  }
}

SCENARIO("bad command lines are one clear line and exit code 2") {
  const support::OccupiedPort occupied;
  const std::string taken = std::to_string(occupied.Port());
  struct Case {
    const char* program;
    std::vector<std::string> args;
    std::string says;
  };
  const std::vector<Case> cases{
      {"move_server", {"--port", taken}, "address already in use (10048)"},
      {"move_server", {"--port", "70000"}, "port is 70000"},
      {"move_server", {"--workers", "5000"}, "worker_threads is 5000"},
      {"move_server", {"--session-max", "0"}, "session_max is 0"},
      {"move_server", {"--host", "nowhere"}, "host is \"nowhere\""},
      {"move_server", {"--nonsense"}, "--nonsense"},
      {"move_client", {"--port", "0"}, "--port"},
      {"move_client", {"--host", "1.2.3", "--script"}, "not an IPv4 address"},
      {"move_client", {"--walk", "1", "--script"}, "excludes"},
  };
  for (const Case& c : cases) {
    const support::Finished run = support::Run(c.program, c.args);
    INFO(c.program << " " << c.args.front() << ": " << run.errors);
    CHECK(run.exit_code == 2);
    CHECK(run.errors.find(c.says) != std::string::npos);
    CHECK(run.errors.starts_with(c.program));
    CHECK(std::count(run.errors.begin(), run.errors.end(), '\n') == 1);
  }
  CHECK(support::Run("move_server", {"--help"}).exit_code == 0);
  CHECK(support::Run("move_client", {"--help"}).exit_code == 0);
}

SCENARIO("the clients of the demonstration walk and leave by themselves") {
  Process server("move_server", ServerArgs());
  const auto port = server.ReadPort();
  REQUIRE(port);
  const support::Finished run = support::Run(
      "move_client", {"--port", std::to_string(*port), "--walk", "20", "--interval-ms", "0"});
  INFO(run.output << run.errors);
  CHECK(run.exit_code == 0);
  std::size_t positions = 0;
  for (std::size_t at = 0; (at = run.output.find("position ", at)) != std::string::npos; ++at) {
    ++positions;
  }
  CHECK(positions == 20);
  RequireCleanStop(server);
}
