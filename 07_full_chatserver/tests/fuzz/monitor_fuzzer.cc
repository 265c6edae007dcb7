// libFuzzer target: both ends of the monitor link, over real connections. Whatever a stranger sends
// to the monitor server, only who has proven that he knows the secret is believed, and only about
// himself; whatever a false monitor server sends, a server gives away proofs and, to one that has
// accepted it, reports.
//
// Input: [0] bit 0 which end, bit 1: something that is no packet follows; then steps of [0] kind:
// 0 a proof (of [1]) or a challenge ([1] bytes) that is right; 1 a report of [1], or an answer
// ([1] odd: accepted); else a packet (packets.h).
#include <spdlog/spdlog.h>

#include <atomic>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "monitor.pb.h"
#include "monitor_link/link_proof.h"
#include "monitor_link/monitor_server.h"
#include "monitor_link/report_client.h"
#include "services/monitor/monitor_core.h"
#include "tests/fuzz/packets.h"
#include "tests/fuzz/seeds.h"
#include "tests/fuzz/stream.h"

namespace {

using fuzz::ParseBody;
using fuzz::Require;
using std::chrono::milliseconds;

constexpr const char* kSecret = "secret";
constexpr std::uint32_t kReporter = 7;

template <typename Message>
wire::Frame FrameOf(Protocol::PacketId id, const Message& message) {
  const std::string body = message.SerializeAsString();
  return {static_cast<std::uint16_t>(id), 0, {body.begin(), body.end()}};
}

std::string NonceOf(const wire::Frame& frame) {
  Protocol::S_MONITOR_CHALLENGE challenge;
  Require(frame.type == Protocol::PACKET_S_MONITOR_CHALLENGE && ParseBody(frame, challenge));
  Require(challenge.nonce().size() == 32);
  return challenge.nonce();
}

wire::Bytes Encode(std::vector<wire::Frame>& frames, bool nonsense) {
  wire::Bytes bytes;
  std::uint32_t sequence = 0;
  for (wire::Frame& frame : frames) {
    frame.sequence = ++sequence;
    const wire::Bytes some = wire::MakeFrame(frame);
    bytes.insert(bytes.end(), some.begin(), some.end());
  }
  if (nonsense) bytes.push_back(0);
  return bytes;
}

// --- the monitor server's end -----------------------------------------------------------------------

class Sink final : public services::ReportSink {
 public:
  void OnReport(std::uint32_t server_id, std::int64_t time_ms,
                const std::vector<services::MetricValue>& metrics) override {
    core_.OnReport(server_id, time_ms, metrics);
    reports_.fetch_add(1);
  }
  std::uint64_t TakeReports() { return reports_.exchange(0); }
  // Nothing but bounded numbers with bounded names is kept.
  void Check() {
    const services::MonitorView view = core_.View();
    Require(view.servers.size() <= kServers);
    for (const services::ServerView& server : view.servers) {
      for (const auto& [name, value] : server.values) {
        Require(!name.empty() && name.size() <= 64 && std::isfinite(value));
      }
    }
  }

 private:
  static constexpr std::size_t kServers = 4;
  services::MonitorCore core_{{.history_points = 8, .servers_max = kServers}};
  std::atomic<std::uint64_t> reports_{0};  // atomic: the server's worker
};

struct Collecting {
  Collecting() { Require(server.Start().ok()); }
  Sink sink;
  monitor::MonitorServer server{{.session_max = 256, .worker_threads = 1}, sink, kSecret};
};

// What must become of the packets: those behind the first one that ends the connection count for
// nothing.
struct Outcome {
  std::vector<bool> answers;
  std::uint64_t reports = 0;
};

Outcome Foresee(const std::vector<wire::Frame>& sent, const std::string& nonce) {
  Outcome outcome;
  std::optional<std::uint32_t> proven;
  for (const wire::Frame& frame : sent) {
    Protocol::C_MONITOR_PROOF proof;
    Protocol::C_MONITOR_REPORT report;
    if (frame.type == Protocol::PACKET_C_MONITOR_PROOF && ParseBody(frame, proof)) {
      if (proven) break;
      const bool right = monitor::IsProof(proof.proof(), kSecret, nonce, proof.server_id());
      outcome.answers.push_back(right);
      if (!right) break;
      proven = proof.server_id();
    } else if (frame.type == Protocol::PACKET_C_MONITOR_REPORT && ParseBody(frame, report)) {
      if (report.server_id() != proven) break;
      ++outcome.reports;
    } else {
      break;
    }
  }
  return outcome;
}

void BeAStranger(fuzz::Input& input, bool nonsense) {
  static Collecting place;
  fuzz::Stream client = fuzz::Stream::To(place.server.port());
  const std::string nonce = NonceOf(client.Read(1).at(0));
  std::vector<wire::Frame> sent;
  while (!input.empty()) {
    const std::uint8_t kind = input.Byte();
    if (kind > 1) {
      sent.push_back(fuzz::TakePacket(input));
      continue;
    }
    const std::uint32_t id = input.Byte();
    if (kind == 0) {
      Protocol::C_MONITOR_PROOF proof;
      proof.set_server_id(id);
      proof.set_proof(monitor::MakeProof(kSecret, nonce, id));
      sent.push_back(FrameOf(Protocol::PACKET_C_MONITOR_PROOF, proof));
    } else {
      Protocol::C_MONITOR_REPORT report;
      report.set_server_id(id);
      sent.push_back(FrameOf(Protocol::PACKET_C_MONITOR_REPORT, report));
    }
  }
  client.Send(Encode(sent, nonsense));
  client.SayNoMore();
  const std::vector<wire::Frame> heard = client.Read();
  const Outcome outcome = Foresee(sent, nonce);
  Require(place.sink.TakeReports() == outcome.reports);
  place.sink.Check();
  // The end of the connection may be faster than the last answer, when it is for bad behaviour.
  Require(heard.size() - 1 <= outcome.answers.size());
  for (std::size_t i = 1; i < heard.size(); ++i) {
    Protocol::S_MONITOR_ANSWER answer;
    Require(heard[i].type == Protocol::PACKET_S_MONITOR_ANSWER && ParseBody(heard[i], answer));
    Require(answer.accepted() == outcome.answers[i - 1]);
  }
}

// --- the reporting server's end -----------------------------------------------------------------------

struct Reporting {
  Reporting() { Require(client.Start().ok()); }
  // Each report is an occasion to connect.
  fuzz::Stream Accept() {
    for (int tries = 0; tries < fuzz::kPatienceMs; ++tries) {
      Offer();
      if (auto stream = listener.Accept()) return std::move(*stream);
    }
    std::abort();
  }
  void Offer() { client.Offer({kReporter, 1, {{"chat_sessions", 1.0}}}); }

  fuzz::Listener listener;
  monitor::ReportClient client{{0x7F000001, listener.port()},
                               {milliseconds(1), milliseconds(1), milliseconds(fuzz::kPatienceMs)},
                               {kReporter, kSecret}};
};

void BeAFalseMonitor(fuzz::Input& input, bool nonsense) {
  static Reporting place;
  std::vector<wire::Frame> sent;
  std::vector<std::string> nonces;
  bool accepted = false;
  while (!input.empty()) {
    const std::uint8_t kind = input.Byte();
    if (kind == 0) {
      Protocol::S_MONITOR_CHALLENGE challenge;
      challenge.set_nonce(input.Bytes(input.Byte()));
      sent.push_back(FrameOf(Protocol::PACKET_S_MONITOR_CHALLENGE, challenge));
    } else if (kind == 1) {
      Protocol::S_MONITOR_ANSWER answer;
      answer.set_accepted(input.Byte() % 2 != 0);
      sent.push_back(FrameOf(Protocol::PACKET_S_MONITOR_ANSWER, answer));
    } else {
      sent.push_back(fuzz::TakePacket(input));
    }
    Protocol::S_MONITOR_CHALLENGE challenge;
    Protocol::S_MONITOR_ANSWER answer;
    const wire::Frame& frame = sent.back();
    if (frame.type == Protocol::PACKET_S_MONITOR_CHALLENGE && ParseBody(frame, challenge)) {
      nonces.push_back(challenge.nonce());
    }
    if (frame.type == Protocol::PACKET_S_MONITOR_ANSWER && ParseBody(frame, answer)) {
      accepted |= answer.accepted();
    }
  }
  fuzz::Stream server = place.Accept();
  server.Send(Encode(sent, nonsense));
  place.Offer();
  server.SayNoMore();
  std::size_t proofs = 0;
  for (const wire::Frame& frame : server.Read()) {
    Protocol::C_MONITOR_PROOF proof;
    Protocol::C_MONITOR_REPORT report;
    if (frame.type == Protocol::PACKET_C_MONITOR_PROOF) {
      Require(ParseBody(frame, proof) && proofs < nonces.size());
      Require(monitor::IsProof(proof.proof(), kSecret, nonces[proofs++], kReporter));
    } else {
      Require(frame.type == Protocol::PACKET_C_MONITOR_REPORT && ParseBody(frame, report));
      Require(accepted && report.server_id() == kReporter);
    }
  }
}

// --- seeds ------------------------------------------------------------------------------------------

fuzz::Seeds MakeSeeds() {
  Protocol::C_MONITOR_REPORT report;
  report.set_server_id(3);
  report.set_time_ms(1);
  const std::pair<const char*, double> metrics[] = {
      {"chat_sessions", 1.5}, {"not a name", 1}, {"chat_players", std::nan("")}};
  for (const auto& [name, value] : metrics) {
    Protocol::Metric& metric = *report.add_metrics();
    metric.set_name(name);
    metric.set_value(value);
  }
  Protocol::C_MONITOR_PROOF wrong;
  wrong.set_server_id(3);
  wrong.set_proof(std::string(32, 'p'));
  fuzz::Seeds seeds{{"proof", {0, 0, 3, 1, 3, 1, 3}},
                    {"proof-of-another", {0, 0, 3, 1, 4}},
                    {"proof-twice", {0, 0, 3, 0, 3}},
                    {"nonsense", {2, 0, 3}},
                    {"challenge", {1, 0, 4, 'n', 'o', 'n', 'c', 1, 1}},
                    {"challenge-refused", {1, 0, 2, 'n', 'o', 1, 0, 1, 1}},
                    {"answer-first", {1, 1, 1, 0, 0}},
                    {"challenge-twice", {3, 0, 1, 'a', 0, 1, 'b', 1, 1}}};
  const auto with = [&](const char* name, wire::Bytes first, Protocol::PacketId id,
                        const std::string& body) {
    first.push_back(2);
    fuzz::PutPacket(first, static_cast<std::uint16_t>(id), body);
    seeds[name] = first;
  };
  with("report", {0, 0, 3}, Protocol::PACKET_C_MONITOR_REPORT, report.SerializeAsString());
  with("report-without", {0}, Protocol::PACKET_C_MONITOR_REPORT, report.SerializeAsString());
  with("wrong-proof", {0}, Protocol::PACKET_C_MONITOR_PROOF, wrong.SerializeAsString());
  wire::Bytes guess = seeds["wrong-proof"];  // and the right one behind it
  guess.insert(guess.end(), {0, 3, 1, 3});
  seeds["guess"] = guess;
  for (const std::uint16_t id : fuzz::PacketIds()) {
    for (const std::uint8_t end : {std::uint8_t{0}, std::uint8_t{1}}) {
      wire::Bytes& seed = seeds["packet-" + std::to_string(id) + "-" + std::to_string(end)];
      seed = {end, 2};
      fuzz::PutPacket(seed, id, "\x08\x01");
    }
  }
  return seeds;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  spdlog::set_level(spdlog::level::off);
  return fuzz::WriteSeedsWhenAsked(*argc, *argv, MakeSeeds);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint8_t how = input.Byte();
  if ((how & 1) == 0) {
    BeAStranger(input, (how & 2) != 0);
  } else {
    BeAFalseMonitor(input, (how & 2) != 0);
  }
  return 0;
}
