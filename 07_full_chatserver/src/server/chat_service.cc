#include "server/chat_service.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <span>
#include <sstream>
#include <utility>

#include "client_packet_handler.h"
#include "net/packet.h"
#include "net/peer_address.h"
#include "server/from_config.h"
#include "server/sealed_frame.h"
#include "services/monitor/standard_metrics.h"

namespace server {

namespace {

// What a client is told that is not let in.
std::vector<std::byte> Notice(Protocol::Refusal reason, std::uint8_t fixed_key) {
  Protocol::S_LOGIN answer;
  answer.set_reason(reason);
  return SealedFrame(ClientPacketHandler::MakeSendBuffer(answer), fixed_key);
}

}  // namespace

bool Summary::clean() const {
  return stop.live_sessions == 0 && stop.outstanding_operations == 0 && stop.jobs.drained &&
         drain.left_loose == 0 && database.lost == 0;
}

ChatService::ChatService(const config::Config& config)
    : config_(config),
      door_(ChatDoorOptions(config), &Notice, config.server.fixed_key),
      collector_(config.monitor.collector) {}

ChatService::~ChatService() {
  Shutdown();
}

// [start-up]
net::Status ChatService::Start() {
  try {
    if (std::string error = door_.Open(config_.country); !error.empty()) {
      return net::Status::Error("country.database: " + error);
    }
    if (net::Status status = StartDatabase(); !status.ok()) return status;
    if (net::Status status = StartKeys(); !status.ok()) return status;
    net::ServerOptions net = ChatNetOptions(config_);
    const std::span<const std::byte> full = door_.notice(DoorAnswer::kFull);
    net.full_notice.assign(full.begin(), full.end());
    chat_ = std::make_unique<chat::ChatServer>(
        net, config_.world, config_.update, chat::ChatServices{*chronicle_, *lobby_keys_, door_});
    if (config_.congestion.enabled) {
      congestion_ = std::make_unique<services::CongestionControl>(
          config_.congestion.judge,
          [this](bool pause) { pause ? chat_->PauseTraffic() : chat_->ResumeTraffic(); });
    }
    const job::Duration check = config_.world.lobby.check_interval;
    generator_.Every(check, [this] { chat_->world().lobby().CheckLoginTimeouts(); });
    generator_.Every(check, [this] { chat_->world().lobby().CheckHeartbeats(); });
    generator_.Start();
    if (net::Status status = StartMonitorLink(); !status.ok()) return status;
    if (net::Status status = StartNetwork(); !status.ok()) return status;
    return StartCollecting();  // after the network: it reads the network's counters
  } catch (const std::exception& error) {
    return net::Status::Error(error.what());
  }
}
// [/start-up]

net::Status ChatService::StartDatabase() {
  if (net::Status status = journal_.Open(JournalOptions(config_)); !status.ok()) return status;
  std::unique_ptr<db::Connection> connection = MakeConnection(config_);
  if (connection == nullptr) {
    return net::Status::Error("database.kind: this program was built without that database");
  }
  writer_ =
      std::make_unique<db::DbWriter>(config_.database.writer, std::move(connection), journal_);
  chronicle_ = std::make_unique<JournalChronicle>(
      *writer_, config_.monitor.collector.server_id, [this](net::SessionId id) {
        const auto peer = chat_->PeerOf(id);
        return peer ? net::ToString(*peer) : std::string();
      });
  return writer_->Start();
}

net::Status ChatService::StartKeys() {
  keys_ = MakeSessionKeys(config_.login, KeyRole::kTakes);
  if (keys_ == nullptr) {
    return net::Status::Error(
        "login.store: this program was built without Redis; login.store = \"memory\" works");
  }
  lobby_keys_ = std::make_unique<LobbyKeys>(*keys_);
  if (std::string error = keys_->Start(); !error.empty()) return net::Status::Error(error);
  return net::Status::Ok();
}

net::Status ChatService::StartMonitorLink() {
  if (!config_.monitor.report) return net::Status::Ok();
  const auto ip = net::ParseIpv4(config_.monitor.server_host);
  if (!ip) return net::Status::Error("monitor.server_host: not an IPv4 address");
  report_ = std::make_unique<monitor::ReportClient>(
      net::PeerAddress{*ip, static_cast<std::uint16_t>(config_.monitor.server_port)},
      config_.monitor.link,
      monitor::Reporter{config_.monitor.collector.server_id, MonitorSecret(config_)});
  collector_.AddSink([this](const services::MonitorReport& report) { report_->Offer(report); });
  return report_->Start();
}

net::Status ChatService::StartCollecting() {
  services::AddSystemMetrics(collector_);
  collector_.AddBeforeSampling([this] { door_.RefreshCountries(); });
  Watch(collector_, [this] { return LookAtIt(); });
  if (auth_) auth_->AddMetrics(collector_);
  collector_.Start();
  if (!config_.monitor.metrics) return net::Status::Ok();
  const std::string error =
      metrics_.Start(config_.monitor.metrics_bind,
                     static_cast<std::uint16_t>(config_.monitor.metrics_port), collector_);
  return error.empty() ? net::Status::Ok() : net::Status::Error("monitor.metrics_port: " + error);
}

net::Status ChatService::StartNetwork() {
  if (net::Status status = chat_->Start(); !status.ok()) return status;
  if (congestion_) congestion_->Start();
  if (config_.login.store != config::LoginStore::kMemory) return net::Status::Ok();
  // Keys in memory: whoever gives them out must be in this process.
  auth_ = std::make_unique<AuthService>(config_, *keys_);
  return auth_->Start();
}

ChatLook ChatService::LookAtIt() const {
  ChatLook now;
  now.traffic = chat_->traffic();
  now.jobs = chat_->job_stats();
  now.database = writer_->Stats();
  now.keys = keys_->Status();
  now.lobby = chat_->world().lobby().counts();
  now.sessions = chat_->live_sessions();
  now.players = static_cast<double>(chat_->players());
  now.packets = static_cast<double>(net::Packet::LiveCount());
  for (std::size_t i = 0; i < now.door.size(); ++i) {
    now.door[i] = door_.refused(static_cast<DoorAnswer>(i));
  }
  for (std::size_t i = 0; i < now.key_answers.size(); ++i) {
    now.key_answers[i] = lobby_keys_->count(static_cast<chat::KeyAnswer>(i));
  }
  now.refused_logins = chronicle_->refused_logins();
  now.refused_requests = chat_->over_limit();
  now.paused = congestion_ && congestion_->IsPaused();
  now.countries_stale = door_.countries_stale();
  now.port = chat_->LookAtPort();
  now.port_work = iocp::ReadCounters();
  return now;
}

std::string ChatService::StatusLine() const {
  const ChatLook now = LookAtIt();
  std::ostringstream line;
  line << "sessions=" << now.sessions << " players=" << now.players
       << " packets_in=" << now.traffic.recv_packets << " packets_out=" << now.traffic.send_packets
       << " talk=" << chronicle_->talk() << " rows=" << now.database.written_rows
       << " queue=" << now.database.queue_records << " database=" << ToString(now.database.state)
       << " keys=" << ToText(now.keys);
  return line.str();
}

// [shutdown]
Summary ChatService::Shutdown() {
  // <student 07e.6>
  Summary summary;
  if (std::exchange(shut_, true)) return summary;
  generator_.Shut();  // the flag: a check that came behind the actors' end would be a job dropped
  // A pause of the congestion control would hold back the end: it ends first.
  if (congestion_) congestion_->Stop();
  if (auth_) auth_->Stop();
  // What is being looked up is answered "try later", while the lobby still runs.
  if (keys_) keys_->Stop();
  // The flag and the message "shutdown"; the listener; CancelIoEx on every session; the workers;
  // then the chat threads, which run what the sessions' ends have posted.
  if (chat_) summary.stop = chat_->Stop(config_.shutdown);
  generator_.Stop();
  metrics_.Stop();
  collector_.Stop();
  if (report_) report_->Stop();
  // The database last: what anybody has heard is in it, or in the journal for the next start.
  if (writer_) {
    summary.drain = writer_->Stop(config_.database.drain);
    summary.database = writer_->Stats();
  }
  if (chat_) {
    summary.traffic = chat_->traffic();
    summary.lobby = chat_->world().lobby().counts();
  }
  if (chronicle_) summary.talk = chronicle_->talk();
  return summary;
  // </student>
}
// [/shutdown]

}  // namespace server
