#include "monitor_link/monitor_server.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "monitor_client_packet_handler.h"
#include "monitor_link/link_proof.h"

namespace monitor {

MonitorServer::MonitorServer(const net::ServerOptions& options, services::ReportSink& sink,
                             std::string secret)
    : Server(options), sink_(sink), secret_(std::move(secret)), sessions_(options.session_max) {}

MonitorServer::~MonitorServer() {
  Stop();
}

void MonitorServer::OnClientJoin(net::SessionId id) {
  Protocol::S_MONITOR_CHALLENGE challenge;
  challenge.set_nonce(MakeNonce());
  sessions_[id.index()] = std::make_unique<MonitorSession>(*this, id, challenge.nonce());
  const net::PacketRef packet = MonitorClientPacketHandler::MakeSendBuffer(challenge);
  if (Seal(*packet)) SendPacket(id, packet);
}

void MonitorServer::OnClientLeave(net::SessionId id, std::string_view reason) {
  if (sessions_[id.index()]->proven()) {
    spdlog::info("monitor link down session={} reason=\"{}\"", ToString(id), reason);
  }
  sessions_[id.index()] = nullptr;
}

void MonitorServer::OnRecv(net::SessionId id, const net::PacketRef& packet) {
  const proto::Dispatched dispatched =
      MonitorClientPacketHandler::Dispatch(*sessions_[id.index()], packet->type(), packet->body());
  if (dispatched != proto::Dispatched::kHandled) Expel(id, ToString(dispatched).data());
}

void MonitorServer::Judge(MonitorSession& session, std::uint32_t server_id,
                          const std::string& proof) {
  const bool right = IsProof(proof, secret_, session.nonce(), server_id);
  Protocol::S_MONITOR_ANSWER answer;
  answer.set_accepted(right);
  const net::PacketRef packet = MonitorClientPacketHandler::MakeSendBuffer(answer);
  if (!Seal(*packet)) return;
  if (right) {
    session.SetProven(server_id);
    SendPacket(session.id(), packet);
    spdlog::info("monitor link up session={} server={}", ToString(session.id()), server_id);
    return;
  }
  const auto peer = PeerOf(session.id());
  spdlog::warn("monitor link refused session={} peer={} server={} reason=\"wrong secret\"",
               ToString(session.id()), peer ? net::ToString(*peer) : "gone", server_id);
  SendAndDisconnect(session.id(), packet, "wrong secret");
}

bool Handle_C_MONITOR_PROOF(MonitorSession& session, const Protocol::C_MONITOR_PROOF& pkt) {
  if (!session.MayProve()) return false;  // one attempt per connection
  session.server().Judge(session, pkt.server_id(), pkt.proof());
  return true;
}

bool Handle_C_MONITOR_REPORT(MonitorSession& session, const Protocol::C_MONITOR_REPORT& pkt) {
  if (!session.MayReportOf(pkt.server_id())) return false;
  std::vector<services::MetricValue> metrics;
  metrics.reserve(static_cast<std::size_t>(pkt.metrics_size()));
  for (const Protocol::Metric& metric : pkt.metrics()) {
    metrics.push_back({metric.name(), metric.value()});
  }
  session.server().sink().OnReport(pkt.server_id(), static_cast<std::int64_t>(pkt.time_ms()),
                                   metrics);
  return true;
}

}  // namespace monitor
