// The LAN client of the monitor server over real connections: reports arrive, a monitor server that
// comes back is found again, and one that does not answer holds nobody up.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <vector>

#include "monitor_link/link_proof.h"
#include "monitor_link/monitor_server.h"
#include "monitor_link/report_client.h"
#include "monitor_server_packet_handler.h"
#include "server/chat_service.h"
#include "tests/support/log_lines.h"
#include "tests/support/storage_support.h"
#include "tests/support/task_input.h"
#include "tests/support/test_support.h"

namespace {

using course_test::Eventually;
using namespace std::chrono_literals;

constexpr std::uint32_t kLoopback = 0x7F000001;

class Sink final : public services::ReportSink {
 public:
  void OnReport(std::uint32_t server_id, std::int64_t,
                const std::vector<services::MetricValue>& metrics) override {
    const std::lock_guard lock(lock_);
    if (server_id == 7 && !metrics.empty()) ++reports_;
  }
  int reports() {
    const std::lock_guard lock(lock_);
    return reports_;
  }

 private:
  std::mutex lock_;
  int reports_ = 0;  // guarded by lock_
};

std::unique_ptr<monitor::MonitorServer> StartMonitor(Sink& sink, std::uint16_t port,
                                                     const std::string& secret = "secret") {
  net::ServerOptions options;
  options.port = port;
  options.session_max = 4;
  options.packet_max = 16 * 1024;
  options.receive_buffer = 32 * 1024;
  auto server = std::make_unique<monitor::MonitorServer>(options, sink, secret);
  EXPECT_EQ(server->Start().error(), "");
  return server;
}

const monitor::Reporter kSeven{7, "secret"};

services::MonitorReport Report(std::size_t metrics = 1) {
  services::MonitorReport report;
  report.server_id = 7;
  for (std::size_t i = 0; i < metrics; ++i) {
    report.metrics.push_back({"chat_sessions_" + std::to_string(i), 1.0});
  }
  return report;
}

// A listener whose queue of one connection is full: the system answers no further one. (Windows
// refuses it instead; then the same must hold.)
class SilentListener {
 public:
  explicit SilentListener(bool full)
      : listener_(course_test::MakeListener(&address_, full ? 0 : 64)) {
    if (!full) return;
    first_ = course_test::MakeTcp();
    EXPECT_EQ(connect(first_.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_),
              0);
  }
  [[nodiscard]] net::PeerAddress address() const { return net::FromSockaddr(address_); }

 private:
  sockaddr_in address_{};
  course_test::Socket listener_;
  course_test::Socket first_;
};

// A connection that reports without having proven anything.
class RawLink final : public client::ServerSession {
 public:
  explicit RawLink(std::uint16_t port) {
    EXPECT_EQ(service_.Start().error(), "");
    EXPECT_EQ(service_.Connect({kLoopback, port}, *this).error(), "");
  }
  ~RawLink() override { service_.Stop(); }
  void Report(std::uint32_t server_id) {
    Protocol::C_MONITOR_REPORT report;
    report.set_server_id(server_id);
    report.add_metrics()->set_name("chat_sessions");
    SendPacket(MonitorServerPacketHandler::MakeSendBuffer(report));
  }
  void Prove(const std::string& proof) {
    Protocol::C_MONITOR_PROOF packet;
    packet.set_server_id(7);
    packet.set_proof(proof);
    SendPacket(MonitorServerPacketHandler::MakeSendBuffer(packet));
  }
  // Waits for the challenge.
  std::string Nonce() { return nonce_.get_future().get(); }
  [[nodiscard]] bool over() const { return over_.load(); }

 private:
  void OnDisconnected(std::string_view) override { over_.store(true); }
  proto::Dispatched Dispatch(std::uint16_t id, std::span<const std::uint8_t> body) override {
    Protocol::S_MONITOR_CHALLENGE challenge;
    if (id == Protocol::PACKET_S_MONITOR_CHALLENGE &&
        challenge.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
      nonce_.set_value(challenge.nonce());
    }
    return proto::Dispatched::kHandled;
  }
  std::promise<std::string> nonce_;
  std::atomic<bool> over_{false};  // atomic: a worker sets it
  client::ClientService service_{{.session_max = 1, .worker_threads = 1}};
};

// True when it comes to its end; a network's own patience (two minutes) is not waited for.
template <class Call>
bool EndsSoon(Call call) {
  std::future<void> done = std::async(std::launch::async, call);
  const bool soon = done.wait_for(course_test::kDeadline) == std::future_status::ready;
  EXPECT_TRUE(soon) << "it waits for somebody who does not answer";
  return soon;
}

TEST(ReportClient, ReportsArriveAlsoAtAServerThatComesBack) {
  TASK_INPUT("07d.5", "a monitor server that ends and comes back");
  const net::WinsockScope winsock;
  Sink sink;
  std::unique_ptr<monitor::MonitorServer> server = StartMonitor(sink, 0);
  const std::uint16_t port = server->port();
  services::ReportLinkOptions options;
  options.reconnect_min = 1ms;
  options.reconnect_max = 10ms;
  monitor::ReportClient client({kLoopback, port}, options, kSeven);
  ASSERT_EQ(client.Start().error(), "");
  const auto reports_come = [&] {
    const int before = sink.reports();
    return Eventually([&] {
      client.Offer(Report());
      return sink.reports() > before;
    });
  };
  EXPECT_TRUE(reports_come());
  EXPECT_TRUE(client.connected());
  server.reset();
  EXPECT_TRUE(Eventually([&] {
    client.Offer(Report());
    return !client.connected();
  }));
  server = StartMonitor(sink, port);
  EXPECT_TRUE(reports_come());
  client.Stop();
}

TEST(ReportClient, AnAttemptWithoutAnAnswerIsGivenUpAndTriedAgain) {
  TASK_INPUT("07d.5", "a listener whose queue is full, connect_timeout 20 ms");
  const net::WinsockScope winsock;
  const SilentListener silent(true);
  services::ReportLinkOptions options;
  options.reconnect_min = 1ms;
  options.reconnect_max = 5ms;
  options.connect_timeout = 20ms;
  monitor::ReportClient client(silent.address(), options, kSeven);
  ASSERT_EQ(client.Start().error(), "");
  EXPECT_TRUE(Eventually([&] {
    client.Offer(Report());
    return client.attempts() >= 5;
  }));
  EXPECT_FALSE(client.connected());
  EXPECT_TRUE(EndsSoon([&] { client.Stop(); }));
}

TEST(ReportClient, StopDoesNotWaitForAnAttempt) {
  TASK_INPUT("07d.5", "connect_timeout 10 minutes, Stop meanwhile");
  const net::WinsockScope winsock;
  const SilentListener silent(true);
  services::ReportLinkOptions options;
  options.connect_timeout = 10min;
  monitor::ReportClient client(silent.address(), options, kSeven);
  ASSERT_EQ(client.Start().error(), "");
  EXPECT_TRUE(Eventually([&] {
    client.Offer(Report());
    return client.attempts() >= 1;
  }));
  EXPECT_TRUE(EndsSoon([&] { client.Stop(); }));
}

// The system takes the connection, but nobody ever answers on it.
TEST(ReportClient, AConnectionWithoutAnAnswerIsGivenUpAndTriedAgain) {
  TASK_INPUT("07d.5", "a connection on which nobody answers, connect_timeout 50 ms");
  const net::WinsockScope winsock;
  const SilentListener silent(false);
  services::ReportLinkOptions options;
  options.reconnect_min = 1ms;
  options.reconnect_max = 5ms;
  options.connect_timeout = 50ms;
  monitor::ReportClient client(silent.address(), options, kSeven);
  ASSERT_EQ(client.Start().error(), "");
  EXPECT_TRUE(Eventually([&] {
    client.Offer(Report());
    return client.attempts() >= 3;
  }));
  EXPECT_FALSE(client.connected());
  EXPECT_TRUE(EndsSoon([&] { client.Stop(); }));
}

// A server that has not proven that it knows the secret changes nothing that is known of the
// others.
TEST(ReportClient, AWrongSecretIsRefusedAndSaid) {
  TASK_INPUT("07d.5", "the secret is wrong");
  const net::WinsockScope winsock;
  const course_test::LogLines log;
  Sink sink;
  const std::unique_ptr<monitor::MonitorServer> server = StartMonitor(sink, 0);
  services::ReportLinkOptions options;
  options.reconnect_min = 1ms;
  options.reconnect_max = 5ms;
  monitor::ReportClient client({kLoopback, server->port()}, options, {7, "guessed"});
  ASSERT_EQ(client.Start().error(), "");
  EXPECT_TRUE(Eventually([&] {
    client.Offer(Report());
    return client.attempts() >= 5;
  }));
  client.Stop();
  EXPECT_EQ(sink.reports(), 0);
  EXPECT_FALSE(client.connected());
  EXPECT_TRUE(log.Contains("reason=\"wrong secret\"")) << log.Text();
  EXPECT_TRUE(log.Contains("monitor.secret is not the monitor server's")) << log.Text();
}

// Without a proof, or of another server than the proof was of.
TEST(ReportClient, WhoSkipsTheProofIsExpelled) {
  const net::WinsockScope winsock;
  Sink sink;
  const std::unique_ptr<monitor::MonitorServer> server = StartMonitor(sink, 0);
  services::ReportLinkOptions options;
  options.reconnect_min = 1ms;
  options.reconnect_max = 5ms;
  // It proves that it is 8, and reports of 7.
  monitor::ReportClient other({kLoopback, server->port()}, options, {8, "secret"});
  ASSERT_EQ(other.Start().error(), "");
  EXPECT_TRUE(Eventually([&] {
    other.Offer(Report());
    return other.attempts() >= 3;  // it was let in, and thrown out
  }));
  other.Stop();

  RawLink raw(server->port());
  raw.Report(7);
  EXPECT_TRUE(Eventually([&] { return raw.over(); }));
  EXPECT_EQ(sink.reports(), 0);
}

// Found by the fuzzer: it was heard while its refusal was on its way.
TEST(ReportClient, WhoGuessedWrongIsNotHeardAgain) {
  const net::WinsockScope winsock;
  Sink sink;
  const std::unique_ptr<monitor::MonitorServer> server = StartMonitor(sink, 0);
  RawLink raw(server->port());
  const std::string nonce = raw.Nonce();
  raw.Prove("a guess");
  raw.Prove(monitor::MakeProof("secret", nonce, 7));
  raw.Report(7);
  EXPECT_TRUE(Eventually([&] { return raw.over(); }));
  EXPECT_EQ(server->Stop().live_sessions, 0U);
  EXPECT_EQ(sink.reports(), 0);
}

TEST(ReportClient, AProofIsOfItsSecretItsChallengeAndItsServer) {
  const std::string nonce = monitor::MakeNonce();
  ASSERT_EQ(nonce.size(), 32U);
  EXPECT_NE(nonce, monitor::MakeNonce());
  const std::string proof = monitor::MakeProof("secret", nonce, 7);
  EXPECT_TRUE(monitor::IsProof(proof, "secret", nonce, 7));
  EXPECT_FALSE(monitor::IsProof(proof, "secreT", nonce, 7));
  EXPECT_FALSE(monitor::IsProof(proof, "secret", monitor::MakeNonce(), 7));
  EXPECT_FALSE(monitor::IsProof(proof, "secret", nonce, 8));
  EXPECT_FALSE(monitor::IsProof(proof.substr(1), "secret", nonce, 7));
  EXPECT_FALSE(monitor::IsProof("", "", nonce, 7));
  // By another implementation of HMAC-SHA256 (Python's hmac), over 32 bytes of 'n'.
  std::string hex;
  for (const char c : monitor::MakeProof("secret", std::string(32, 'n'), 7)) {
    constexpr const char* kDigits = "0123456789abcdef";
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  EXPECT_EQ(hex, "02fde2f7bfde29c0f844e2feff1e6666e396ac53f45a651b328ea35b132091ae");
}

TEST(ReportClient, TheChatServerEndsWithoutTheMonitor) {
  TASK_INPUT("07e.6", "a monitor server that does not answer");
  const net::WinsockScope winsock;
  const SilentListener silent(true);
  const storage_test::TemporaryFolder folder;
  config::Config config;
  config.server.port = 0;
  config.server.session_max = 4;
  config.login.store = config::LoginStore::kMemory;
  config.auth.port = 0;
  config.database.sqlite.path = folder.File("chat.db");
  config.journal.folder = folder.File("journal");
  config.log.file = "";
  config.monitor.metrics = false;
  config.monitor.collector.interval = std::chrono::milliseconds(50);
  config.monitor.server_port = silent.address().port;
  server::ChatService service(config);
  ASSERT_EQ(service.Start().error(), "");
  EXPECT_TRUE(Eventually([&] { return service.monitor_attempts() >= 1; }));
  EXPECT_TRUE(EndsSoon([&] { EXPECT_TRUE(service.Shutdown().clean()); }));
}

}  // namespace
