// The send path of the running server, seen by its clients.
#include <algorithm>
#include <chrono>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/support/task_input.h"
#include "tests/support/tcp_client.h"
#include "tests/support/wire.h"

namespace {

using support::kPatience;
using support::Process;
using support::TcpClient;

constexpr std::uint16_t kEcho = 1;

std::vector<std::string> Args(std::vector<std::string> more = {}) {
  std::vector<std::string> args = {"--port", "0", "--stop-on-eof"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

// The `sequence`-th packet of a client: an echo request with `text`.
std::string EchoRequest(std::uint32_t sequence, const std::string& text) {
  const wire::Bytes frame =
      wire::MakeFrame({kEcho, sequence, wire::Bytes(text.begin(), text.end())});
  return {frame.begin(), frame.end()};
}

std::size_t FrameSize(const std::string& text) {
  return EchoRequest(1, text).size();
}

// Waits until the server's log holds `text`.
bool LogSays(const Process& server, const std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    if ((server.Output() + server.Errors()).find(text) != std::string::npos) return true;
    std::this_thread::yield();
  }
  return false;
}

// The number behind `name=` in a line; 0 if there is none.
std::uint64_t NumberIn(const std::string& line, const std::string& name) {
  const std::size_t at = line.find(" " + name + "=");
  return at == std::string::npos ? 0 : std::stoull(line.substr(at + name.size() + 2));
}

}  // namespace

SCENARIO("A client that does not read is disconnected and disturbs nobody") {
  TASK_INPUT("04.3", "answers of 4000 bytes to a client that never reads, bound 256 KiB");
  GIVEN("a server with a small send memory and two clients") {
    Process server("move_server", Args({"--send-memory-max", "262144", "--send-buffer", "16384"}));
    const auto port = server.ReadPort();
    REQUIRE(port);
    TcpClient good(*port);
    TcpClient deaf(*port);
    WHEN("one asks for more and more and never reads") {
      const std::string text(4000, 'x');
      bool taken = true;
      // 40 MB: far more than the memory bound and what the system's buffers take.
      for (std::uint32_t i = 1; i <= 10'000 && taken; ++i) {
        taken = deaf.Send(EchoRequest(i, text), std::chrono::seconds(20));
      }
      THEN("the server ends it and says why") {
        CHECK_FALSE(taken);
        CHECK(LogSays(server, "reason=\"send memory exceeded\""));
        AND_THEN("the other one is served as before") {
          // What the game says to everybody may be in between, so the echo is looked for.
          REQUIRE(good.Send(EchoRequest(1, "are you there?")));
          std::string got;
          bool found = false;
          while (!found) {
            const std::string header = good.Receive(5);
            REQUIRE(header.size() == 5);
            const std::size_t length = static_cast<unsigned char>(header[1]) +
                                       256u * static_cast<unsigned char>(header[2]);
            const std::string rest = good.Receive(length);
            REQUIRE(rest.size() == length);
            found = header.size() + rest.size() == FrameSize("are you there?");
          }
          CHECK(found);
        }
      }
    }
    server.Stop();
    CHECK(server.Wait() == 0);
    CHECK(server.Output().find("stopped: live sessions 0, outstanding operations 0") !=
          std::string::npos);
  }
}

SCENARIO("The server tells its packets per second when it is asked to") {
  GIVEN("a server with --tps and a client") {
    Process server("move_server", Args({"--tps"}));
    const auto port = server.ReadPort();
    REQUIRE(port);
    TcpClient client(*port);
    REQUIRE(server.ReadLineWith("tps accept="));  // from here on everything is counted
    WHEN("the client has sent 50 packets") {
      for (std::uint32_t i = 1; i <= 50; ++i) REQUIRE(client.Send(EchoRequest(i, "hello")));
      THEN("the lines account for them and for the session") {
        // The figures are per second and a line covers a little more than one: so about 50.
        std::uint64_t received = 0;
        bool saw_session = false;
        for (int lines = 0; lines < 20 && received < 45; ++lines) {
          const auto line = server.ReadLineWith("tps accept=");
          REQUIRE(line);
          received += NumberIn(*line, "recv");
          saw_session |= NumberIn(*line, "sessions") == 1;
        }
        CHECK(received >= 45);
        CHECK(received <= 55);
        CHECK(saw_session);
      }
    }
    server.Stop();
    CHECK(server.Wait() == 0);
  }
}

SCENARIO("Absurd limits of the send path are refused in one line") {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"--send-packet-max", "0"}, {"--send-packet-max", "100000"}, {"--send-memory-max", "10"},
      {"--linger-ms", "0"},       {"--completion-batch", "0"},     {"--send-buffer", "4000000000"},
  };
  for (const auto& [option, value] : bad) {
    DYNAMIC_SECTION(option << " " << value) {
      const support::Finished run = support::Run("move_server", Args({option, value}));
      CHECK(run.exit_code == 2);
      CHECK(run.errors.find("allowed is") != std::string::npos);
      CHECK(std::count(run.errors.begin(), run.errors.end(), '\n') == 1);
    }
  }
}

SCENARIO("send_lab compares the ways of sending") {
  GIVEN("a small comparison") {
    const support::Finished run =
        support::Run("send_lab", {"--clients", "10", "--packets", "1", "8", "--deliveries", "400",
                                  "--repeat", "1", "--ways", "heap", "copied", "joined"});
    THEN("every way delivers, and gathering needs a send per turn only") {
      CHECK(run.exit_code == 0);
      CHECK(run.errors == "");
      CHECK(run.output.find("03: an OVERLAPPED per packet           8") != std::string::npos);
      CHECK(run.output.find("04: turn, one blob for all             8") != std::string::npos);
      CHECK(run.output.find("0.1250") != std::string::npos);  // 8 packets in a send
    }
  }
  GIVEN("a way that does not exist") {
    const support::Finished run = support::Run("send_lab", {"--ways", "pigeon"});
    THEN("it says so") {
      CHECK(run.exit_code == 2);
      CHECK(run.errors.find("pigeon") != std::string::npos);
    }
  }
}

SCENARIO("wakeup_lab forces the order in which a wake-up can be lost") {
  GIVEN("the stage's queue") {
    const support::Finished run = support::Run("wakeup_lab", {});
    THEN("its owner looks again and sends what came in between") {
      INFO(run.output);
      CHECK(run.exit_code == 0);
      CHECK(run.errors == "");
      CHECK(run.output.find("looks again: there is something") != std::string::npos);
      CHECK(run.output.find("packet 2 is sent") != std::string::npos);
      CHECK(run.output.find("sends 2 packets") == std::string::npos);
      CHECK(run.output.find("the client has all three") != std::string::npos);
    }
  }
  GIVEN("a queue that does not look again") {
    const support::Finished run = support::Run("wakeup_lab", {"--forgetful"});
    THEN("the packet lies there until the next one comes") {
      INFO(run.output);
      CHECK(run.exit_code == 0);
      CHECK(run.errors == "");
      CHECK(run.output.find("packet 2 lies in the queue") != std::string::npos);
      CHECK(run.output.find("sends 2 packets") != std::string::npos);
      CHECK(run.output.find("the client has all three") != std::string::npos);
    }
  }
}
