// The server's process stands still for longer than its time-outs (SIGSTOP, as when a machine
// sleeps) and goes on: nobody is sent away for the silence.
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/outside/child_process.h"
#include "tests/support/catch.h"
#include "tests/support/chat_server_process.h"
#include "tests/support/chat_talker.h"

using course_test::ChatTalker;

namespace {

constexpr std::chrono::seconds kPause{7};

unsigned short PortBehind(const std::string& text, const std::string& what) {
  const std::size_t line = text.find(what);
  if (line == std::string::npos) return 0;
  return static_cast<unsigned short>(std::stoul(text.substr(text.find(':', line) + 1)));
}

struct PausedServer {
  explicit PausedServer(const std::vector<std::string>& settings) {
    std::vector<std::string> command = course_test::ChatServerProcess::Args(folder, settings);
    std::erase(command, "--stop-on-eof");  // it has no input
    const char* const bin = std::getenv("COURSE_BIN_DIR");
    REQUIRE(bin != nullptr);
    command.insert(command.begin(), std::string(bin) + "/chat_server");
    REQUIRE(child.Start(command, log));
    const bool ready = outside::WaitUntil(
        [&] { return outside::ReadFile(log).find("\nready") != std::string::npos; },
        std::chrono::seconds(60));
    const std::string text = outside::ReadFile(log);
    INFO(text);
    REQUIRE(ready);
    ports.chat = PortBehind(text, "listening on ");
    ports.auth = PortBehind(text, "auth on ");
  }
  void StandStill() {
    child.Signal(SIGSTOP);
    siginfo_t info{};
    REQUIRE(waitid(P_PID, static_cast<id_t>(child.pid()), &info, WSTOPPED | WNOWAIT) == 0);
  }

  const storage_test::TemporaryFolder folder;
  const std::string log = folder.File("server.log");
  outside::ChildProcess child;
  course_test::ServerPorts ports;
};

bool Beat(ChatTalker& talker) {
  return talker.SendRaw(Protocol::PACKET_C_HEARTBEAT, "");
}

}  // namespace

SCENARIO("a process that stood still sends nobody away for it") {
  PausedServer server({"timeouts.heartbeat_ms=5000", "timeouts.idle_ms=5000",
                       "timeouts.first_packet_ms=5000", "timeouts.login_ms=5500",
                       "timeouts.check_ms=100", "limits.rooms=2"});
  GIVEN("clients that talk, clients that listen, and one that has not logged in yet") {
    std::vector<std::unique_ptr<ChatTalker>> inside;
    for (int i = 0; i < 6; ++i) inside.push_back(std::make_unique<ChatTalker>(server.ports));
    ChatTalker newcomer(server.ports);
    for (const auto& talker : inside) {
      REQUIRE(talker->LogIn());
      REQUIRE(talker->Enter(1));
    }
    for (const auto& talker : inside) REQUIRE(Beat(*talker));
    WHEN("the server stands still, and some of them send meanwhile") {
      server.StandStill();
      for (int i = 0; i < 3; ++i) REQUIRE(Beat(*inside[static_cast<std::size_t>(i)]));
      std::this_thread::sleep_for(kPause);  // the pause itself
      server.child.Signal(SIGCONT);
      THEN("everybody is still there, and whoever stays silent is sent away in time") {
        for (const auto& talker : inside) CHECK(talker->Echo("still here"));
        CHECK(newcomer.LogIn());
        ChatTalker& silent = *inside.back();
        const auto since = std::chrono::steady_clock::now();
        while (silent.Read()) {
        }
        CHECK(std::chrono::steady_clock::now() - since < std::chrono::seconds(60));
        CHECK(outside::ReadFile(server.log).find("the process stood still") != std::string::npos);
      }
    }
  }
  server.child.Signal(SIGTERM);
  CHECK(server.child.WaitFor(std::chrono::seconds(30)) == 0);
}
