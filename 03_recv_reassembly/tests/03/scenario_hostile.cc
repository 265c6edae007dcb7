// Clients that break the protocol, from outside: each is closed for its reason, and a player who
// plays on meanwhile notices nothing.
#include <algorithm>
#include <random>
#include <sstream>

#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/support/tcp_client.h"
#include "tests/support/wire.h"

using support::Process;
using support::TcpClient;

namespace {

constexpr std::uint16_t kEcho = 1;
constexpr std::uint16_t kEchoReply = 2;

std::string AsText(const wire::Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

// A client of the course's protocol, written from the protocol page alone.
class Talker {
 public:
  explicit Talker(unsigned short port) : client_(port) {}

  // Sends an echo and reads until its answer is there. False: the connection ended, or the answer
  // is wrong.
  bool Echo(const std::string& text) {
    const wire::Bytes body(text.begin(), text.end());
    if (!client_.Send(AsText(wire::MakeFrame({kEcho, ++sequence_, body})))) return false;
    for (;;) {
      const std::string header = client_.Receive(5);
      if (header.size() != 5) return false;
      const auto length = static_cast<std::size_t>(static_cast<unsigned char>(header[1]) +
                                                   256 * static_cast<unsigned char>(header[2]));
      const std::string frame = header + client_.Receive(length);
      const wire::Meaning meaning =
          wire::NaiveRead({frame.begin(), frame.end()}, 0xA9, 65535, false);
      if (meaning.frames.size() != 1) return false;
      if (meaning.frames[0].type == kEchoReply) return meaning.frames[0].body == body;
    }
  }

 private:
  TcpClient client_;
  std::uint32_t sequence_ = 0;
};

struct Server {
  explicit Server(std::vector<std::string> more = {}) : process("move_server", Args(more)) {
    const auto found = process.ReadPort();
    REQUIRE(found);
    port = *found;
  }

  // Stops it and returns its log.
  std::string Stop() {
    process.Stop();
    const auto code = process.Wait();
    INFO(process.Output() << process.Errors());
    REQUIRE(code == 0);
    CHECK(process.Output().find("stopped: live sessions 0, outstanding operations 0") !=
          std::string::npos);
    return process.Output();
  }

  static std::vector<std::string> Args(const std::vector<std::string>& more) {
    std::vector<std::string> args{"--port", "0", "--stop-on-eof"};
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }

  Process process;
  unsigned short port = 0;
};

std::size_t Count(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++count;
  return count;
}

// Warnings that somebody was refused for this reason, each with its session and address.
std::size_t WarningsFor(const std::string& text, const std::string& reason) {
  std::size_t count = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t refused = line.find("refused session=");
    if (refused == std::string::npos || line.find("warning") > refused) continue;
    if (line.find(" peer=127.0.0.1:", refused) == std::string::npos) continue;
    while (line.ends_with('\r')) line.pop_back();
    if (line.ends_with(" " + reason)) ++count;
  }
  return count;
}

}  // namespace

SCENARIO("every bad stream is closed for its reason while the others talk") {
  Server server;
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
    reasons.push_back(vector.reason);
  }
  REQUIRE(good.Echo("after"));
  const std::string log = server.Stop();
  INFO(log);
  for (const char* reason :
       {"bad packet code", "bad length", "packet too long", "bad checksum", "bad sequence"}) {
    const auto expected = std::count(reasons.begin(), reasons.end(), reason);
    CHECK(expected > 0);
    // One warning when it is refused, one line when it leaves.
    CHECK(Count(log, std::string("reason=\"") + reason + "\"") ==
          static_cast<std::size_t>(expected));
    CHECK(WarningsFor(log, reason) == static_cast<std::size_t>(expected));
  }
}

SCENARIO("packets arrive however they are cut") {
  Server server({"--packet-max", "600"});
  Talker bystander(server.port);
  REQUIRE(bystander.Echo("before"));  // who has not spoken yet has less time
  std::string stream;
  for (std::uint32_t i = 1; i <= 40; ++i) {
    const wire::Bytes body(i * 13 % 590, static_cast<std::uint8_t>(i));
    stream += AsText(wire::MakeFrame({kEcho, i, body}, 0xA9, static_cast<std::uint8_t>(i * 7)));
  }
  // To a player the server also tells who is there, so only the echoes are counted here.
  const auto echoes_in = [](const std::string& data) {
    const wire::Meaning meaning = wire::NaiveRead({data.begin(), data.end()}, 0xA9, 65535, false);
    CHECK(meaning.refusal.empty());
    std::uint32_t next = 1;
    for (const wire::Frame& frame : meaning.frames) {
      if (frame.type != kEchoReply) continue;
      CHECK(frame.body == wire::Bytes(next * 13 % 590, static_cast<std::uint8_t>(next)));
      ++next;
    }
    return next - 1;
  };
  WHEN("they come in one write") {
    TcpClient client(server.port);
    REQUIRE(client.Send(stream));
    client.FinishSending();
    CHECK(echoes_in(client.ReceiveToEnd().data) == 40);
  }
  WHEN("they come byte by byte") {
    TcpClient client(server.port);
    for (const char byte : stream) REQUIRE(client.Send(std::string_view(&byte, 1)));
    client.FinishSending();
    CHECK(echoes_in(client.ReceiveToEnd().data) == 40);
  }
  REQUIRE(bystander.Echo("still here"));
  server.Stop();
}

SCENARIO("the slow drip and the silent client are closed, those who have spoken stay") {
  // The talkers must get their first packet through before the timeout even on a busy machine.
  Server server({"--first-packet-timeout-ms", "2000", "--idle-timeout-ms", "0"});
  Talker good(server.port);
  REQUIRE(good.Echo("first"));
  TcpClient silent(server.port);
  TcpClient drip(server.port);
  const std::string frame = AsText(wire::MakeFrame({kEcho, 1, wire::Bytes(4000, 1)}));
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
  CHECK(Count(log, "reason=\"first packet timeout\"") == 2);
}

SCENARIO("garbage of every kind at once") {
  Server server;
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
    if (dice() % 2 == 0) bytes = AsText(wire::MakeFrame({kEcho, 1, {}})) + bytes;
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
    std::vector<std::string> args;
    std::string says;
  };
  const std::vector<Case> cases{
      {{"--packet-max", "5"}, "packet_max is 5, allowed is 6 to 65535"},
      {{"--packet-max", "70000"}, "packet_max is 70000"},
      {{"--packet-max", "60000"}, "receive_buffer is 8192, allowed is 60005"},
      {{"--receive-memory-max", "1000"}, "receive_memory_max is 1000"},
      {{"--idle-timeout-ms", "-1"}, "--idle-timeout-ms"},
  };
  for (const Case& c : cases) {
    const support::Finished run = support::Run("move_server", c.args);
    INFO(c.args.front() << ": " << run.errors);
    CHECK(run.exit_code == 2);
    CHECK(run.errors.find(c.says) != std::string::npos);
  }
}
