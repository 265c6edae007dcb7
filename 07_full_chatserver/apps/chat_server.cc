// chat_server: the full chat server. Everything is in one TOML file (conf/chat_server.toml).
#include <iostream>

#include "apps/open_files.h"
#include "apps/options.h"
#include "apps/server_console.h"
#include "server/chat_service.h"
#include "server/from_config.h"
#include "services/config/command_line.h"

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

int Serve(const CLI::App& app, const config::Config& config, bool stop_on_eof) {
  apps::ServerConsole console(stop_on_eof);  // before any thread is started
  if (const std::string problem = services::SetUpLogging(server::LogOptions(config));
      !problem.empty()) {
    std::cerr << app.get_name() << ": log: " << problem << '\n';
  }
  apps::RaiseOpenFileLimit();
  server::ChatService service(config);
  if (const net::Status status = service.Start(); !status.ok()) {
    service.Shutdown();
    services::ShutDownLogging();
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
  services::ShutDownLogging();
  return summary.clean() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The full chat server", "chat_server");
  config::CommandLine line;
  config::AddOptions(app, line);
  bool stop_on_eof = false;
  app.add_flag("--stop-on-eof", stop_on_eof, "stop when the standard input ends");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
  config::Config config;
  if (const auto exit_code = config::Resolve(line, config)) return *exit_code;
  return Serve(app, config, stop_on_eof);
}
