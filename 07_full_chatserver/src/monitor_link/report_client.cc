#include "monitor_link/report_client.h"

#include <string>
#include <utility>

#include "monitor_link/link_proof.h"
#include "monitor_server_packet_handler.h"

namespace monitor_client {

class ServerSession {
 public:
  virtual ~ServerSession() = default;
  virtual void OnChallenge(const std::string& nonce) = 0;
  virtual void OnAnswer(bool accepted) = 0;
};

bool Handle_S_MONITOR_CHALLENGE(ServerSession& session, const Protocol::S_MONITOR_CHALLENGE& pkt) {
  session.OnChallenge(pkt.nonce());
  return true;
}

bool Handle_S_MONITOR_ANSWER(ServerSession& session, const Protocol::S_MONITOR_ANSWER& pkt) {
  session.OnAnswer(pkt.accepted());
  return true;
}

}  // namespace monitor_client

namespace monitor {

using Clock = std::chrono::steady_clock;

class ReportClient::Link final : public client::ServerSession,
                                 public monitor_client::ServerSession {
 public:
  explicit Link(ReportClient& owner) : owner_(owner) {}

 private:
  // As soon as the owner knows it may delete this link: nothing of it is touched after.
  void OnDisconnected(std::string_view) override { owner_.Tell(Event::kLost); }
  proto::Dispatched Dispatch(std::uint16_t id, std::span<const std::uint8_t> body) override {
    return MonitorServerPacketHandler::Dispatch(*this, id, body);
  }
  void OnChallenge(const std::string& nonce) override {
    Protocol::C_MONITOR_PROOF proof;
    proof.set_server_id(owner_.reporter_.server_id);
    proof.set_proof(MakeProof(owner_.reporter_.secret, nonce, owner_.reporter_.server_id));
    SendPacket(MonitorServerPacketHandler::MakeSendBuffer(proof));
  }
  void OnAnswer(bool accepted) override {
    owner_.Tell(accepted ? Event::kAccepted : Event::kRefused);
  }

  ReportClient& owner_;
};

ReportClient::ReportClient(const net::PeerAddress& server,
                           const services::ReportLinkOptions& options, Reporter reporter)
    : server_(server),
      reporter_(std::move(reporter)),
      policy_(options),
      service_({.session_max = 1, .worker_threads = 1}) {
  if (const auto wrong = options.Validate()) throw std::invalid_argument(*wrong);
}

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

void ReportClient::Tell(Event event) {
  {
    const std::lock_guard lock(lock_);
    events_.push_back(event);
  }
  changed_.notify_all();
}

void ReportClient::Run() {
  // <student 07d.5>
  std::unique_lock lock(lock_);
  while (!stopping_) {
    changed_.wait(lock, [this] { return stopping_ || !events_.empty() || latest_; });
    if (stopping_) return;
    const std::vector<Event> events = std::exchange(events_, {});
    std::optional<services::MonitorReport> report = std::exchange(latest_, std::nullopt);
    lock.unlock();
    for (const Event event : events) React(event);
    if (report) {
      GiveUpSilence();
      if (policy_.ShouldConnect(Clock::now())) Connect();
      if (policy_.MaySend()) Send(*report);
    }
    lock.lock();
  }
  // </student>
}

void ReportClient::React(Event event) {
  // <student 07d.5>
  switch (event) {
    case Event::kAccepted:
      policy_.OnConnected();
      connected_.store(true, std::memory_order_relaxed);
      return;
    case Event::kRefused:
      refused_ = true;
      return;
    case Event::kLost:
      connected_.store(false, std::memory_order_relaxed);
      policy_.OnLost(Clock::now(), refused_ ? "refused: monitor.secret is not the monitor server's"
                                            : "the connection has ended");
      return;
  }
  // </student>
}

// A monitor server that takes the connection and says nothing is as good as none.
void ReportClient::GiveUpSilence() {
  // <student 07d.5>
  if (policy_.state() == services::ReportLink::State::kConnecting && Clock::now() >= answer_due_) {
    link_->Close();
  }
  // </student>
}

// The former link has had its OnDisconnected, so it may go.
void ReportClient::Connect() {
  // <student 07d.5>
  link_ = std::make_unique<Link>(*this);
  refused_ = false;
  attempts_.fetch_add(1, std::memory_order_relaxed);
  net::UniqueSocket socket;
  net::Status status = attempt_.Run(server_, policy_.attempt_patience(), socket);
  answer_due_ = Clock::now() + policy_.attempt_patience();
  if (status.ok()) status = service_.Join(std::move(socket), server_, *link_);
  if (!status.ok()) policy_.OnLost(Clock::now(), status.error());
  // </student>
}

void ReportClient::Send(const services::MonitorReport& report) {
  // <student 07d.5>
  Protocol::C_MONITOR_REPORT message;
  message.set_server_id(report.server_id);
  message.set_time_ms(static_cast<std::uint64_t>(report.time_ms));
  for (const services::MetricValue& value : report.metrics) {
    Protocol::Metric& metric = *message.add_metrics();
    metric.set_name(value.name);
    metric.set_value(value.value);
  }
  link_->SendPacket(MonitorServerPacketHandler::MakeSendBuffer(message));
  // </student>
}

}  // namespace monitor
