// The monitor server's end of the LAN link: asks who connects for a proof that it knows the shared
// secret, then takes its C_MONITOR_REPORT and hands it on. It believes nothing: numbers that are
// none, and more metrics than a server has, end in the sink's own checks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/server.h"
#include "services/monitor/report.h"

namespace monitor {

class MonitorServer;

// One connection; the framework's callbacks of it come one after the other, and only they touch it.
class MonitorSession {
 public:
  MonitorSession(MonitorServer& server, net::SessionId id, std::string nonce)
      : server_(server), id_(id), nonce_(std::move(nonce)) {}

  [[nodiscard]] MonitorServer& server() const { return server_; }
  [[nodiscard]] net::SessionId id() const { return id_; }
  [[nodiscard]] const std::string& nonce() const { return nonce_; }

  // True at the first call: who was wrong is not heard again while his answer leaves.
  bool MayProve() { return !std::exchange(tried_, true); }
  void SetProven(std::uint32_t server_id) { server_id_ = server_id; }
  [[nodiscard]] bool proven() const { return server_id_.has_value(); }
  // Who has proven who he is speaks for himself only.
  [[nodiscard]] bool MayReportOf(std::uint32_t server_id) const { return server_id_ == server_id; }

 private:
  MonitorServer& server_;
  const net::SessionId id_;
  const std::string nonce_;
  bool tried_ = false;
  std::optional<std::uint32_t> server_id_;  // nothing: no proof yet
};

class MonitorServer final : public net::Server {
 public:
  // `sink` outlives the server; it is called by workers. An empty secret is one that everybody
  // knows.
  MonitorServer(const net::ServerOptions& options, services::ReportSink& sink, std::string secret);
  ~MonitorServer() override;

  // --- for the handlers
  void Judge(MonitorSession& session, std::uint32_t server_id, const std::string& proof);
  [[nodiscard]] services::ReportSink& sink() const { return sink_; }

 private:
  void OnClientJoin(net::SessionId id) override;
  void OnClientLeave(net::SessionId id, std::string_view reason) override;
  void OnRecv(net::SessionId id, const net::PacketRef& packet) override;

  services::ReportSink& sink_;
  const std::string secret_;
  std::vector<std::unique_ptr<MonitorSession>> sessions_;  // by slot index; the tenant's callbacks
};

}  // namespace monitor
