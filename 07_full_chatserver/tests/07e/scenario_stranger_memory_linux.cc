// How much memory a stranger can make the server hold: the server's own resident memory says it.
// Linux only: /proc.
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/chat_server_process.h"
#include "tests/support/chat_talker.h"

using course_test::ChatFrame;
using course_test::ChatServerProcess;
using course_test::ChatTalker;
using course_test::WarningsFor;

namespace {

std::string FieldOf(const std::filesystem::path& status, const std::string& name) {
  std::ifstream file(status);
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(name + ":", 0) == 0)
      return line.substr(line.find_first_not_of(" \t", name.size() + 1));
  }
  return "";
}

// Of this test's chat_server, in KiB.
std::int64_t ResidentOfServer() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto status = entry.path() / "status";
    if (FieldOf(status, "Name") == "chat_server" &&
        FieldOf(status, "PPid") == std::to_string(getpid())) {
      return std::stoll(FieldOf(status, "VmRSS"));
    }
  }
  FAIL("no chat_server");
  return 0;
}

}  // namespace

SCENARIO("who asks without reading and without a log-in gets little memory") {
  GIVEN("a server that takes packets as fast as they come") {
    ChatServerProcess server({"server.receive_packets_per_second=0",
                              "server.receive_bytes_per_second=0",
                              "server.send_buffer_bytes=4096"});
    ChatTalker witness(server.port);
    REQUIRE(witness.LogIn());
    REQUIRE(witness.Enter(0));
    REQUIRE(witness.Echo("before"));
    const std::int64_t before = ResidentOfServer();
    std::int64_t most = before;
    WHEN("a stranger asks for heartbeats until it is disconnected") {
      support::TcpClient stranger(server.port.chat);
      std::string batch;
      std::uint32_t sequence = 0;
      do {
        batch.clear();
        for (int i = 0; i < 500; ++i) {
          batch += ChatFrame(Protocol::PACKET_C_HEARTBEAT, ++sequence, "");
        }
        most = std::max(most, ResidentOfServer());
      } while (sequence < 5'000'000 && stranger.Send(batch));
      THEN("the bound ends it, and the server has grown by less than the bound of a friend") {
        CHECK(most - before < 1024);
        REQUIRE(witness.Echo("after"));
        const std::string log = server.Stop();
        INFO(log);
        CHECK(WarningsFor(log, "send memory exceeded") == 1);
      }
    }
  }
}
