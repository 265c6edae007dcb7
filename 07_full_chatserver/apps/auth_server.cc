// auth_server: name and password in, session key for the chat server out (through Redis).
#include <iostream>

#include "server/auth_service.h"
#include "services/monitor/metrics_endpoint.h"
#include "services/monitor/standard_metrics.h"
#include "support/configured_main.h"
#include "support/open_files.h"
#include "support/options.h"

namespace {

std::string StatusLine(const server::AuthService& service, const server::SessionKeys& keys) {
  const auth::AuthCounts counts = service.counts();
  return "granted=" + std::to_string(counts.granted) +
         " refused=" + std::to_string(counts.refused()) +
         " turned_away=" + std::to_string(service.turned_away()) +
         " sessions=" + std::to_string(service.live_sessions()) +
         " busy=" + std::to_string(counts.busy) + " keys=" + server::ToText(keys.Status());
}

// An empty string, or why there can be no /metrics. The rounds run without it, too: see AddMetrics.
std::string Measure(const config::Config& config, server::AuthService& service,
                    const server::SessionKeys& keys, services::Collector& collector,
                    services::MetricsEndpoint& metrics) {
  services::AddSystemMetrics(collector);
  service.AddMetrics(collector);
  server::AddKeyStoreMetrics(collector, keys);
  collector.Start();
  if (!config.monitor.metrics) return {};
  const std::string error = metrics.Start(
      config.monitor.metrics_bind, static_cast<std::uint16_t>(config.auth.metrics_port), collector);
  return error.empty() ? error : "auth.metrics_port: " + error;
}

int Serve(const apps::CommandLine& app, const config::Config& config,
          apps::ServerConsole& console) {
  if (config.login.store == config::LoginStore::kMemory) {
    return apps::Refuse(app,
                        "login.store = \"memory\": the keys are in the chat server's own memory, "
                        "which answers C_AUTH itself then; no auth_server is needed");
  }
  apps::RaiseOpenFileLimit();
  const std::unique_ptr<server::SessionKeys> keys =
      server::MakeSessionKeys(config.login, server::KeyRole::kGives);
  if (keys == nullptr) return apps::Refuse(app, "this program was built without Redis");
  if (const std::string error = keys->Start(); !error.empty()) return apps::Refuse(app, error);
  server::AuthService service(config, *keys);
  if (const net::Status status = service.Start(); !status.ok()) {
    return apps::Refuse(app, status.error());
  }
  services::Collector collector(config.monitor.collector);
  services::MetricsEndpoint metrics;
  if (const std::string error = Measure(config, service, *keys, collector, metrics);
      !error.empty()) {
    return apps::Refuse(app, error);
  }
  std::cout << "listening on " << config.auth.bind << ":" << service.port() << std::endl;
  if (metrics.port() != 0) {
    std::cout << "metrics on http://" << config.monitor.metrics_bind << ":" << metrics.port()
              << "/metrics" << std::endl;
  }
  console.Run([&] { return StatusLine(service, *keys); });
  metrics.Stop();
  collector.Stop();
  const net::StopReport report = service.Stop();
  const auth::AuthCounts counts = service.counts();
  keys->Stop();
  std::cout << "served: keys given " << counts.granted << ", refused " << counts.refused()
            << ", not let in " << service.turned_away() << ", try later " << counts.busy << "\n"
            << "stopped: live sessions " << report.live_sessions << ", outstanding operations "
            << report.outstanding_operations << std::endl;
  return report.live_sessions == 0 && report.outstanding_operations == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return apps::ConfiguredMain(argc, argv, "auth_server", "The auth service of the chat server",
                              Serve);
}
