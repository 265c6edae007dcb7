// The monitor server's end of the LAN link: takes C_MONITOR_REPORT and hands it on. It believes
// nothing: numbers that are none, and more metrics than a server has, end in the sink's own checks.
#pragma once

#include <memory>
#include <vector>

#include "net/server.h"
#include "services/monitor/report.h"

namespace monitor {

class MonitorServer;

// One connection; the framework's callbacks of it come one after the other.
class MonitorSession {
 public:
  explicit MonitorSession(services::ReportSink& sink) : sink_(sink) {}
  [[nodiscard]] services::ReportSink& sink() const { return sink_; }

 private:
  services::ReportSink& sink_;
};

class MonitorServer final : public net::Server {
 public:
  // `sink` outlives the server; it is called by workers.
  MonitorServer(const net::ServerOptions& options, services::ReportSink& sink);
  ~MonitorServer() override;

 private:
  void OnClientJoin(net::SessionId id) override;
  void OnClientLeave(net::SessionId id, std::string_view reason) override;
  void OnRecv(net::SessionId id, const net::PacketRef& packet) override;

  MonitorSession session_;  // the same for all: a report names its server itself
};

}  // namespace monitor
