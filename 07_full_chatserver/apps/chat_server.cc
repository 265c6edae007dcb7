// chat_server: the full chat server. Everything is in one TOML file (conf/chat_server.toml).
#include <iostream>

#include "server/chat_service.h"
#include "support/configured_main.h"
#include "support/open_files.h"
#include "support/options.h"

namespace {

// What is still there when everybody has gone: nothing, or somebody keeps it alive.
struct Left {
  std::int64_t game_sessions = chat::LiveObjects<chat::GameSession>::count();
  std::int64_t players = chat::LiveObjects<chat::Player>::count();
  std::int64_t packets = net::Packet::LiveCount();
  [[nodiscard]] bool nothing() const { return game_sessions == 0 && players == 0 && packets == 0; }
};

void Print(const server::Summary& summary, const Left& left) {
  std::cout << "served: connections " << summary.traffic.accepts << ", logins "
            << summary.lobby.logins << ", packets in " << summary.traffic.recv_packets
            << ", packets out " << summary.traffic.send_packets << ", chat messages "
            << summary.talk << "\n"
            << "database: rows written " << summary.database.written_rows << ", retries "
            << summary.database.retries << ", refused " << summary.database.refused
            << ", not journaled " << summary.database.unjournaled << ", lost "
            << summary.database.lost << ", left in the journal " << summary.drain.left
            << ", parked " << summary.database.parked << "\n"
            << "stopped: live sessions " << summary.stop.live_sessions
            << ", outstanding operations " << summary.stop.outstanding_operations
            << ", dropped jobs " << summary.stop.jobs.dropped_jobs << "\n"
            << "left: game sessions " << left.game_sessions << ", players " << left.players
            << ", packets " << left.packets << std::endl;
}

int Serve(const apps::CommandLine& app, const config::Config& config,
          apps::ServerConsole& console) {
  apps::RaiseOpenFileLimit();
  server::ChatService service(config);
  if (const net::Status status = service.Start(); !status.ok()) {
    service.Shutdown();
    return apps::Refuse(app, status.error());
  }
  std::cout << "listening on " << config.server.host << ":" << service.port() << "\n";
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
  const Left left;
  Print(summary, left);
  return summary.clean() && left.nothing() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return apps::ConfiguredMain(argc, argv, "chat_server", "The full chat server", Serve);
}
