#include "monitor_link/report_client.h"

#include <chrono>
#include <string>
#include <utility>

#include "monitor_server_packet_handler.h"

namespace monitor_client {

// The monitor server says nothing back, so nothing is handled.
class ServerSession {};

}  // namespace monitor_client

namespace monitor {

using Clock = std::chrono::steady_clock;

class ReportClient::Link final : public client::ServerSession {
 public:
  explicit Link(ReportClient& owner) : owner_(owner) {}

 private:
  void OnDisconnected(std::string_view) override {
    // As soon as the owner sees `lost_` it may delete this link: nothing of it is touched after.
    ReportClient& owner = owner_;
    {
      const std::lock_guard lock(owner.lock_);
      owner.lost_ = true;
    }
    owner.changed_.notify_all();
  }
  proto::Dispatched Dispatch(std::uint16_t, std::span<const std::uint8_t>) override {
    return proto::Dispatched::kUnknownId;
  }

  ReportClient& owner_;
};

ReportClient::ReportClient(const net::PeerAddress& server,
                           const services::ReportLinkOptions& options)
    : server_(server), policy_(options), service_({.session_max = 1, .worker_threads = 1}) {}

ReportClient::~ReportClient() {
  Stop();
}

net::Status ReportClient::Start() {
  if (net::Status status = service_.Start(); !status.ok()) return status;
  thread_ = std::thread([this] { Run(); });
  return net::Status::Ok();
}

void ReportClient::Stop() {
  {
    const std::lock_guard lock(lock_);
    stopping_ = true;
  }
  changed_.notify_all();
  attempt_.GiveUp();
  if (thread_.joinable()) thread_.join();
  service_.Stop();  // the link's last callback has returned
  link_.reset();
}

void ReportClient::Offer(services::MonitorReport report) {
  {
    const std::lock_guard lock(lock_);
    latest_ = std::move(report);
  }
  changed_.notify_all();
}

void ReportClient::Run() {
  std::unique_lock lock(lock_);
  while (!stopping_) {
    changed_.wait(lock, [this] { return stopping_ || lost_ || latest_; });
    if (stopping_) return;
    const bool lost = std::exchange(lost_, false);
    std::optional<services::MonitorReport> report = std::exchange(latest_, std::nullopt);
    lock.unlock();
    if (lost) {
      connected_.store(false, std::memory_order_relaxed);
      policy_.OnLost(Clock::now(), "the connection has ended");
    }
    if (report) {
      if (policy_.ShouldConnect(Clock::now())) Connect();
      if (policy_.MaySend()) Send(*report);
    }
    lock.lock();
  }
}

// The former link has had its OnDisconnected, so it may go.
void ReportClient::Connect() {
  link_ = std::make_unique<Link>(*this);
  attempts_.fetch_add(1, std::memory_order_relaxed);
  net::UniqueSocket socket;
  net::Status status = attempt_.Run(server_, policy_.attempt_patience(), socket);
  if (status.ok()) status = service_.Join(std::move(socket), server_, *link_);
  if (!status.ok()) {
    policy_.OnLost(Clock::now(), status.error());
    return;
  }
  policy_.OnConnected();
  connected_.store(true, std::memory_order_relaxed);
}

void ReportClient::Send(const services::MonitorReport& report) {
  Protocol::C_MONITOR_REPORT message;
  message.set_server_id(report.server_id);
  message.set_time_ms(static_cast<std::uint64_t>(report.time_ms));
  for (const services::MetricValue& value : report.metrics) {
    Protocol::Metric& metric = *message.add_metrics();
    metric.set_name(value.name);
    metric.set_value(value.value);
  }
  link_->SendPacket(MonitorServerPacketHandler::MakeSendBuffer(message));
}

}  // namespace monitor
