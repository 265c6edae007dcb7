// Clients that do too much of it: the one who talks without end, and the many who are refused.
#include <chrono>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/chat_server_process.h"
#include "tests/support/chat_talker.h"

using course_test::ChatFrame;
using course_test::ChatServerProcess;
using course_test::ChatTalker;
using course_test::CountIn;
using course_test::WarningsFor;

namespace {

// The sum of all "N lines left out" of this kind.
std::size_t LeftOut(const std::string& log, const std::string& kind) {
  const std::string mark = "log \"" + kind + "\": ";
  std::size_t sum = 0;
  for (std::size_t at = 0; (at = log.find(mark, at)) != std::string::npos; at += mark.size()) {
    sum += std::stoul(log.substr(at + mark.size()));
  }
  return sum;
}

}  // namespace

SCENARIO("a client that sends as fast as it can is held back, and ended when it goes on") {
  ChatServerProcess server({"server.receive_overspeed_ms=1000"});
  ChatTalker witness(server.port);
  REQUIRE(witness.LogIn());
  REQUIRE(witness.Enter(0));
  ChatTalker flood(server.port);
  REQUIRE(flood.LogIn());
  const auto begin = std::chrono::steady_clock::now();
  while (flood.SendRaw(Protocol::PACKET_C_LEAVE_GAME, "")) {
  }
  CHECK(flood.tcp().ReceiveToEnd().closed);
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
  CHECK(witness.Echo("all is well"));
  const std::string log = server.Stop();
  INFO(log);
  CHECK(WarningsFor(log, "sends too fast") == 1);
  // A second's worth at once, the rate, and what lies in the ring when it is too much.
  const std::size_t served = log.find("packets in ");
  REQUIRE(served != std::string::npos);
  CHECK(std::stod(log.substr(served + 11)) < 1000 + 1000 * passed.count() + 8192 / 11.0 + 10);
}

SCENARIO("a thousand refusals are fifty lines a second and a number") {
  constexpr std::size_t kRude = 400;
  ChatServerProcess server;
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < kRude; ++i) {
    support::TcpClient rude(server.port.chat);
    REQUIRE(rude.Send("?"));
    REQUIRE(rude.ReceiveToEnd().closed);
  }
  const auto passed =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begin);
  const std::string log = server.Stop();
  INFO(log);
  for (const char* event : {"join", "refused", "leave"}) {
    INFO(event);
    const std::size_t lines = CountIn(log, std::string(" ") + event + " session=");
    CHECK(lines <= 50 * (static_cast<std::size_t>(passed.count()) + 2));
    CHECK(lines + LeftOut(log, event) == kRude);
  }
}
