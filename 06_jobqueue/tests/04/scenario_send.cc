// The send path of the running server, seen by its clients.
#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/chat_server_process.h"
#include "tests/support/chat_talker.h"

namespace {

using course_test::ChatServerProcess;
using course_test::ChatTalker;
using support::kPatience;
using support::Process;

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
  GIVEN("a server with a small send memory, and two clients in two rooms") {
    ChatServerProcess server(
        {"--send-memory-max", "262144", "--send-buffer", "16384", "--message-max", "4000"});
    ChatTalker good(server.port);
    REQUIRE(good.LogIn());
    REQUIRE(good.Enter(1));
    ChatTalker deaf(server.port);
    REQUIRE(deaf.LogIn());
    REQUIRE(deaf.Enter(2));
    WHEN("one says more and more and never reads what it hears") {
      const std::string text(4000, 'x');
      bool taken = true;
      // 40 MB: far more than the memory bound and what the system's buffers take.
      for (int i = 0; i < 10'000 && taken; ++i) taken = deaf.Say(text);
      THEN("the server ends it and says why") {
        CHECK_FALSE(taken);
        CHECK(LogSays(server.process, "reason=\"send memory exceeded\""));
        AND_THEN("the other one is served as before") {
          CHECK(good.Echo("are you there?"));
        }
      }
    }
    server.Stop();
  }
}

SCENARIO("The server tells its packets per second when it is asked to") {
  GIVEN("a server with --tps and a client") {
    ChatServerProcess server({"--tps"});
    ChatTalker client(server.port);
    REQUIRE(client.LogIn());
    REQUIRE(client.Enter(0));
    // After two lines everything so far is counted in an earlier one.
    REQUIRE(server.process.ReadLineWith("tps accept="));
    REQUIRE(server.process.ReadLineWith("tps accept="));
    WHEN("the client has sent 50 packets") {
      for (int i = 0; i < 50; ++i) REQUIRE(client.Say("hello"));
      THEN("the lines account for them and for the session") {
        // The figures are per second and a line covers a little more than one: so about 50.
        std::uint64_t received = 0;
        bool saw_session = false;
        for (int lines = 0; lines < 20 && received < 45; ++lines) {
          const auto line = server.process.ReadLineWith("tps accept=");
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
  }
}

SCENARIO("Absurd limits of the send path are refused in one line") {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"--send-packet-max", "0"}, {"--send-packet-max", "100000"}, {"--send-memory-max", "10"},
      {"--linger-ms", "0"},       {"--completion-batch", "0"},     {"--send-buffer", "4000000000"},
  };
  for (const auto& [option, value] : bad) {
    DYNAMIC_SECTION(option << " " << value) {
      const support::Finished run = support::Run("chat_server", {option, value});
      CHECK(run.exit_code == 2);
      CHECK(run.errors.find("allowed is") != std::string::npos);
      CHECK(std::count(run.errors.begin(), run.errors.end(), '\n') == 1);
    }
  }
}
