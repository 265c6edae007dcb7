// Clients that break the protocol, from outside: each is closed for its reason, and people who
// talk on meanwhile notice nothing.
#include <algorithm>
#include <random>
#include <thread>

#include "tests/support/catch.h"
#include "tests/support/chat_server_process.h"
#include "tests/support/chat_talker.h"

using course_test::ChatFrame;
using course_test::ChatServerProcess;
using course_test::ChatTalker;
using course_test::CountIn;
using course_test::ServerPorts;
using course_test::WarningsFor;
using support::TcpClient;

namespace {

std::string AsText(const wire::Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

// Somebody who is in a room and can be asked whether all is well there (Echo).
struct Talker : ChatTalker {
  explicit Talker(const ServerPorts& port) : ChatTalker(port) {
    REQUIRE(LogIn());
    REQUIRE(Enter(0));
  }
};

}  // namespace

SCENARIO("every bad stream is closed for its reason while the others talk") {
  ChatServerProcess server;
  Talker good(server.port);
  REQUIRE(good.Echo("before"));
  std::vector<std::string> reasons;
  for (const wire::Vector& vector : wire::LoadVectors()) {
    if (!vector.refused) continue;
    INFO(vector.name);
    TcpClient bad(server.port);
    REQUIRE(bad.Send(AsText(vector.bytes)));
    CHECK(bad.ReceiveToEnd().closed);
    REQUIRE(good.Echo("during " + vector.name));
    // What is good before the bad part is no packet of the chat.
    const bool good_first = !wire::NaiveRead(vector.bytes, vector.fixed_key, 4096).frames.empty();
    reasons.push_back(good_first ? "unknown packet id" : vector.reason);
  }
  for (const std::uint32_t second : {1u, 3u}) {  // a repeat, a gap
    TcpClient bad(server.port);
    // The first one is answered and ends nothing: a log-in's refusal could come before the second.
    REQUIRE(bad.Send(ChatFrame(Protocol::PACKET_C_HEARTBEAT, 1, "") +
                     ChatFrame(Protocol::PACKET_C_LEAVE_GAME, second, "")));
    CHECK(bad.ReceiveToEnd().closed);
    reasons.push_back("bad sequence");
  }
  REQUIRE(good.Echo("after"));
  const std::string log = server.Stop();
  INFO(log);
  for (const char* reason : {"bad packet code", "bad length", "packet too long", "bad checksum",
                             "bad sequence", "unknown packet id"}) {
    const auto expected = std::count(reasons.begin(), reasons.end(), reason);
    INFO(reason);
    CHECK(expected > 0);
    CHECK(CountIn(log, std::string("reason=\"") + reason + "\"") ==
          static_cast<std::size_t>(expected));
    CHECK(WarningsFor(log, reason) == static_cast<std::size_t>(expected));
  }
}

SCENARIO("packets arrive however they are cut") {
  ChatServerProcess server({"server.packet_max_bytes=622", "limits.message_bytes=590"});
  Talker bystander(server.port);
  REQUIRE(bystander.Echo("before"));  // who has not spoken yet has less time
  Protocol::C_ENTER_GAME enter;
  enter.set_room_id(1);
  // Behind the log-in, which must be answered first: the key store takes its time.
  std::string stream = ChatFrame(Protocol::PACKET_C_ENTER_GAME, 2, enter.SerializeAsString());
  const auto text = [](std::uint32_t i) {
    return std::string(1 + i * 13 % 590, static_cast<char>('a' + i % 26));
  };
  for (std::uint32_t i = 1; i <= 40; ++i) {
    Protocol::C_CHAT chat;
    chat.set_msg(text(i));
    const std::string body = chat.SerializeAsString();
    stream += AsText(
        wire::MakeFrame({Protocol::PACKET_C_CHAT, i + 2, wire::Bytes(body.begin(), body.end())},
                        0xA9, static_cast<std::uint8_t>(i * 7)));
  }
  const auto heard = [&text](ChatTalker& talker) {
    std::uint32_t next = 1;
    while (next <= 40) {
      const auto chat = talker.ReadChat();
      if (!chat) break;
      CHECK(chat->msg() == text(next++));
    }
    return next - 1;
  };
  WHEN("they come in one write") {
    ChatTalker client(server.port);
    REQUIRE(client.LogIn());
    REQUIRE(client.tcp().Send(stream));
    CHECK(heard(client) == 40);
    client.tcp().FinishSending();  // now, and not before the answers: who hangs up has left
    CHECK_FALSE(client.ReadChat());
  }
  WHEN("they come byte by byte") {
    ChatTalker client(server.port);
    REQUIRE(client.LogIn());
    for (const char byte : stream) REQUIRE(client.tcp().Send(std::string_view(&byte, 1)));
    CHECK(heard(client) == 40);
    client.tcp().FinishSending();  // now, and not before the answers: who hangs up has left
    CHECK_FALSE(client.ReadChat());
  }
  REQUIRE(bystander.Echo("still here"));
  server.Stop();
}

SCENARIO("the slow drip and the silent client are closed, those who have spoken stay") {
  // The talkers must get their first packet through before the timeout even on a busy machine.
  ChatServerProcess server({"timeouts.first_packet_ms=2000", "timeouts.idle_ms=0"});
  Talker good(server.port);
  REQUIRE(good.Echo("first"));
  TcpClient silent(server.port);
  TcpClient drip(server.port);
  const std::string frame = ChatFrame(Protocol::PACKET_C_CHAT, 1, std::string(4000, 1));
  std::thread dripper([&] {
    for (std::size_t i = 0; i + 1 < frame.size(); ++i) {  // never whole
      if (!drip.Send(frame.substr(i, 1))) return;
      if (drip.ReceiveToEnd(std::chrono::milliseconds(5)).closed) return;
    }
  });
  CHECK(silent.ReceiveToEnd().closed);
  dripper.join();
  REQUIRE(good.Echo("still here"));
  const std::string log = server.Stop();
  INFO(log);
  CHECK(CountIn(log, "reason=\"first packet timeout\"") == 2);
}

SCENARIO("garbage of every kind at once") {
  ChatServerProcess server;
  Talker good(server.port);
  std::random_device device;
  const char* const given = std::getenv("COURSE_SEED");
  const unsigned seed = given ? static_cast<unsigned>(std::stoul(given)) : device();
  INFO("COURSE_SEED=" << seed);
  std::mt19937 dice(seed);
  for (int round = 0; round < 60; ++round) {
    TcpClient bad(server.port);
    std::string bytes(1 + dice() % 3000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(dice());
    if (dice() % 2 == 0) bytes = ChatFrame(Protocol::PACKET_C_LOGIN, 1, "") + bytes;
    if (dice() % 3 == 0) bytes[0] = '\x34';
    bad.Send(bytes, std::chrono::milliseconds(200));
    if (dice() % 3 == 0) bad.Reset();
    if (round % 10 == 0) REQUIRE(good.Echo("round " + std::to_string(round)));
  }
  REQUIRE(good.Echo("after"));
  server.Stop();
}

SCENARIO("limits that cannot work are one clear line and exit code 2") {
  struct Case {
    std::string setting;
    std::string says;
  };
  const std::vector<Case> cases{
      {"server.packet_max_bytes=5", "5 is not allowed; allowed: 64 .. 65535"},
      {"server.packet_max_bytes=70000", "70000 is not allowed"},
      {"server.packet_max_bytes=60000", "8192 is less than server.packet_max_bytes + 5 = 60005"},
      {"server.receive_memory_bytes=1000", "1000 is not allowed"},
      {"timeouts.idle_ms=-1", "timeouts.idle_ms"},
  };
  for (const Case& c : cases) {
    const storage_test::TemporaryFolder folder;
    const support::Finished run =
        support::Run("chat_server", ChatServerProcess::Args(folder, {c.setting}));
    INFO(c.setting << ": " << run.errors);
    CHECK(run.exit_code == 2);
    CHECK(run.errors.find(c.says) != std::string::npos);
  }
}
