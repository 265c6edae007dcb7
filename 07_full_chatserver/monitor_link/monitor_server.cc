#include "monitor_link/monitor_server.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "monitor_client_packet_handler.h"

namespace monitor {

MonitorServer::MonitorServer(const net::ServerOptions& options, services::ReportSink& sink)
    : Server(options), session_(sink) {}

MonitorServer::~MonitorServer() {
  Stop();
}

void MonitorServer::OnClientJoin(net::SessionId id) {
  spdlog::info("monitor link up session={}", ToString(id));
}

void MonitorServer::OnClientLeave(net::SessionId id, std::string_view reason) {
  spdlog::info("monitor link down session={} reason=\"{}\"", ToString(id), reason);
}

void MonitorServer::OnRecv(net::SessionId id, const net::PacketRef& packet) {
  const proto::Dispatched dispatched =
      MonitorClientPacketHandler::Dispatch(session_, packet->type(), packet->body());
  if (dispatched != proto::Dispatched::kHandled) Expel(id, ToString(dispatched).data());
}

bool Handle_C_MONITOR_REPORT(MonitorSession& session, const Protocol::C_MONITOR_REPORT& pkt) {
  std::vector<services::MetricValue> metrics;
  metrics.reserve(static_cast<std::size_t>(pkt.metrics_size()));
  for (const Protocol::Metric& metric : pkt.metrics()) {
    metrics.push_back({metric.name(), metric.value()});
  }
  session.sink().OnReport(pkt.server_id(), static_cast<std::int64_t>(pkt.time_ms()), metrics);
  return true;
}

}  // namespace monitor
