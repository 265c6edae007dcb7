// The send path of the running server, seen by its clients.
#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
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

}  // namespace

SCENARIO("A client that does not read is disconnected and disturbs nobody") {
  GIVEN("a server with a small send memory, and two clients in two rooms") {
    ChatServerProcess server({"server.send_memory_bytes=262144", "server.send_buffer_bytes=16384",
                              "limits.message_bytes=4000"});
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

SCENARIO("Absurd limits of the send path are refused in one line") {
  const std::vector<std::string> bad = {
      "server.send_packet_max=0",  "server.send_packet_max=100000",
      "server.linger_ms=0",        "server.send_memory_bytes=10",
      "server.completion_batch=0", "server.send_buffer_bytes=4000000000",
  };
  for (const std::string& setting : bad) {
    DYNAMIC_SECTION(setting) {
      const support::Finished run = support::Run("chat_server", {"--set", setting});
      CHECK(run.exit_code == 2);
      CHECK(run.errors.find("allowed: ") != std::string::npos);
      CHECK(std::count(run.errors.begin(), run.errors.end(), '\n') == 1);
    }
  }
}
