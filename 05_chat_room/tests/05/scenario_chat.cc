// The chat from outside: login, player list, entering, talking, leaving; rooms; the dummy clients.
#include <algorithm>
#include <memory>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/chat_server_process.h"
#include "tests/support/chat_talker.h"

using course_test::ChatServerProcess;
using course_test::ChatTalker;

namespace {

const std::string kKorean = "안녕하세요, 여러분!";

}  // namespace

SCENARIO("three people log in, enter a room and talk") {
  const bool accept_ex = GENERATE(false, true);
  ChatServerProcess server(accept_ex ? std::vector<std::string>{"--accept-ex"}
                                     : std::vector<std::string>{});
  GIVEN(std::string("three clients, accepted by ") + (accept_ex ? "AcceptEx" : "a thread")) {
    ChatTalker a(server.port);
    REQUIRE(a.Send(Protocol::C_LOGIN()));
    const auto login = a.ReadLogin();
    REQUIRE(login);
    THEN("the login answer lists characters to choose from") {
      CHECK(login->success());
      CHECK(login->reason() == Protocol::REFUSAL_NONE);
      REQUIRE(login->players_size() == 2);
      CHECK(login->players(0).player_type() == Protocol::PLAYER_TYPE_KNIGHT);
      CHECK(login->players(1).player_type() == Protocol::PLAYER_TYPE_MAGE);
      CHECK(login->players(0).id() != login->players(1).id());
    }
    WHEN("they enter a room one after the other") {
      REQUIRE(a.Enter(7));
      CHECK(a.player_id() == login->players(0).id());
      ChatTalker b(server.port);
      REQUIRE(b.LogIn());
      Protocol::C_ENTER_GAME enter;
      enter.set_room_id(7);
      enter.set_player_index(1);
      REQUIRE(b.Send(enter));
      const auto entered = b.ReadEnterGame();
      REQUIRE(entered);
      CHECK(b.sequence() == 0);
      THEN("a newcomer is told who is there, and they are told of the newcomer") {
        CHECK(entered->success());
        CHECK(entered->room_id() == 7);
        REQUIRE(entered->players_size() == 2);
        CHECK(entered->players(0).id() == a.player_id());
        CHECK(entered->players(1).id() == entered->player_id());
        CHECK(entered->players(1).player_type() == Protocol::PLAYER_TYPE_MAGE);
        const auto joined = a.ReadJoined();
        REQUIRE(joined);
        CHECK(joined->player().id() == entered->player_id());
        CHECK(joined->player().name() == entered->players(1).name());
        const std::uint32_t number = a.sequence();
        CHECK(number != 0);

        AND_WHEN("one says something") {
          ChatTalker elsewhere(server.port);
          REQUIRE(elsewhere.LogIn());
          REQUIRE(elsewhere.Enter(8));
          REQUIRE(a.Say(kKorean));
          THEN("everybody in the room hears it, the speaker too, with the room's next number") {
            for (ChatTalker* talker : {&a, &b}) {
              const auto chat = talker->ReadChat();
              REQUIRE(chat);
              CHECK(chat->player_id() == a.player_id());
              CHECK(chat->name() == login->players(0).name());
              CHECK(chat->msg() == kKorean);
              CHECK(talker->sequence() == number + 1);
            }
            AND_THEN("nobody in another room does") {
              REQUIRE(elsewhere.Say("hello?"));
              const auto chat = elsewhere.ReadChat();  // its own is the first that it hears
              REQUIRE(chat);
              CHECK(chat->msg() == "hello?");
              CHECK(elsewhere.sequence() == 2);  // 1 was its own entering
            }
          }
        }
        AND_WHEN("one leaves the room and comes back") {
          REQUIRE(b.Send(Protocol::C_LEAVE_GAME()));
          const auto answer = b.ReadLeaveGame();
          REQUIRE(answer);
          CHECK(answer->success());
          const auto left = a.ReadLeft();
          REQUIRE(left);
          CHECK(left->player_id() == entered->player_id());
          CHECK(a.sequence() == number + 1);
          REQUIRE(a.Echo("alone"));
          REQUIRE(b.Enter(7, 1));
          THEN("it hears what is said from then on, and nothing of before") {
            CHECK(b.player_id() == entered->player_id());
            REQUIRE(a.Say("welcome back"));
            const auto chat = b.ReadChat();
            REQUIRE(chat);
            CHECK(chat->msg() == "welcome back");
          }
        }
        AND_WHEN("one goes without a goodbye") {
          b.tcp().Reset();
          const auto left = a.ReadLeft();
          REQUIRE(left);
          CHECK(left->player_id() == entered->player_id());
        }
      }
    }
  }
  server.Stop();
}

SCENARIO("a hundred dummy clients hear every message once and in order") {
  ChatServerProcess server({"--quiet"});
  for (const char* rooms : {"1", "7"}) {
    const support::Finished run =
        support::Run("dummy_client", {"--port", std::to_string(server.port), "--for", "1.5",
                                      "--rate", "2", "--rooms", rooms, "--seed", "5"});
    INFO(run.output << run.errors);
    CHECK(run.exit_code == 0);
    CHECK(run.output.find("every message arrived once and in order") != std::string::npos);
    CHECK(run.output.find("sent                   300") != std::string::npos);
  }
  server.Stop();
}

SCENARIO("the dummy clients notice when the server goes away") {
  auto server = std::make_unique<ChatServerProcess>();
  support::Process crowd("dummy_client", {"--port", std::to_string(server->port), "--sessions",
                                          "10", "--for", "300", "--patience", "5"});
  REQUIRE(crowd.ReadLineWith("10 clients in 1 room(s)"));
  server->Stop();
  CHECK(crowd.Wait() == 1);
  CHECK(crowd.Output().find("NOT every message") != std::string::npos);
}

SCENARIO("bad command lines are one clear line and exit code 2") {
  const support::OccupiedPort occupied;
  struct Case {
    const char* program;
    std::vector<std::string> args;
    std::string says;
  };
  const std::vector<Case> cases{
      {"chat_server", {"--port", std::to_string(occupied.Port())}, "already in use (10048)"},
      {"chat_server", {"--rooms", "0"}, "--rooms"},
      {"chat_server", {"--message-max", "0"}, "--message-max"},
      {"chat_server", {"--packet-max", "1"}, "packet_max is 1"},
      {"chat_server", {"--workers", "5000"}, "worker_threads is 5000"},
      {"chat_server", {"--nonsense"}, "--nonsense"},
      {"dummy_client", {"--port", "0"}, "--port"},
      {"dummy_client", {"--sessions", "0"}, "--sessions"},
      {"dummy_client", {"--host", "nowhere"}, "not an IPv4 address"},
      {"dummy_client", {"--rate", "-1"}, "--rate"},
      {"dummy_client", {"--rate", "nan"}, "--rate: Value nan not in range 0.001 - 10000"},
      {"dummy_client", {"--rate", "inf"}, "--rate: Value inf not in range"},
      {"dummy_client", {"--for", "nan"}, "--for: Value nan not in range"},
      {"dummy_client", {"--sessions", "nan"}, "--sessions: Value nan not in range"},
      {"dummy_client", {"--port", "1", "--sessions", "1"}, "cannot connect to 127.0.0.1:1"},
  };
  for (const Case& c : cases) {
    const support::Finished run = support::Run(c.program, c.args);
    INFO(c.program << " " << c.args.front() << ": " << run.errors);
    CHECK(run.exit_code == 2);
    CHECK(run.errors.find(c.says) != std::string::npos);
    CHECK(run.errors.starts_with(c.program));
    CHECK(std::count(run.errors.begin(), run.errors.end(), '\n') == 1);
  }
  CHECK(support::Run("chat_server", {"--help"}).exit_code == 0);
  CHECK(support::Run("dummy_client", {"--help"}).exit_code == 0);
}

SCENARIO("the start-up log shows the order of the lecture") {
  ChatServerProcess server({"--workers", "3", "--running", "2"});
  const std::string log = server.Stop();
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
