// chat_server: the full chat server. Everything is in one TOML file (conf/chat_server.toml).
#include <iostream>

#include "apps/configured_main.h"
#include "apps/open_files.h"
#include "apps/options.h"
#include "server/chat_service.h"

namespace {

void Print(const server::Summary& summary) {
  std::cout << "served: connections " << summary.traffic.accepts << ", logins "
            << summary.lobby.logins << ", packets in " << summary.traffic.recv_packets
            << ", packets out " << summary.traffic.send_packets << ", chat messages "
            << summary.talk << "\n"
            << "database: rows written " << summary.database.written_rows << ", retries "
            << summary.database.retries << ", refused " << summary.database.refused << ", lost "
            << summary.database.lost << ", left in the journal " << summary.drain.left << "\n"
            << "stopped: live sessions " << summary.stop.live_sessions
            << ", outstanding operations " << summary.stop.outstanding_operations
            << ", dropped jobs " << summary.stop.jobs.dropped_jobs << std::endl;
}

int Serve(const CLI::App& app, const config::Config& config, apps::ServerConsole& console) {
  apps::RaiseOpenFileLimit();
  server::ChatService service(config);
  if (const net::Status status = service.Start(); !status.ok()) {
    service.Shutdown();
    return apps::Refuse(app, status.error());
  }
  std::cout << "listening on " << config.server.bind << ":" << service.port() << "\n";
  if (service.auth_port() != 0) {
    std::cout << "auth on " << config.auth.bind << ":" << service.auth_port() << "\n";
  }
  if (service.metrics_port() != 0) {
    std::cout << "metrics on http://" << config.monitor.metrics_bind << ":"
              << service.metrics_port() << "/metrics\n";
  }
  std::cout << "ready" << std::endl;
  console.Run([&service] { return service.StatusLine(); });
  const server::Summary summary = service.Shutdown();
  Print(summary);
  return summary.clean() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return apps::ConfiguredMain(argc, argv, "chat_server", "The full chat server", Serve);
}
