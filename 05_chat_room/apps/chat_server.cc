// chat_server: log in, choose a character, enter a room, talk. Every room is under a lock.
#include <spdlog/spdlog.h>

#include <iostream>
#include <optional>

#include "chat/chat_server.h"
#include "net/tps_report.h"
#include "support/open_files.h"
#include "support/server_flags.h"
#include "support/stop_signal.h"

int main(int argc, char** argv) {
  apps::CommandLine app("The chat room: one server, many rooms", "chat_server");
  net::ServerOptions options;
  options.port = 9005;
  options.idle_timeout_ms = 0;  // people are silent for hours; stage 07 has a heartbeat
  options.receive_packets_per_second = 1000;  // no person is that fast
  options.receive_bytes_per_second = 1024 * 1024;
  chat::WorldOptions world;
  apps::AddServerOptions(app, options);
  app.Add("--rooms", world.rooms, "rooms, numbered from 0").Range(1, 1'000'000).ShowDefault();
  app.Add("--message-max", world.max_message_bytes, "longest chat message, bytes of UTF-8")
      .Range(1, 4000)
      .ShowDefault();
  bool tps = false;
  app.Flag("--tps", tps, "print packets per second and live sessions once a second");
  bool quiet = false;
  app.Flag("--quiet", quiet, "log warnings and errors only");
  bool stop_on_eof = false;
  app.Flag("--stop-on-eof", stop_on_eof, "stop when the standard input ends");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
  if (const net::Status status = options.Validate(); !status.ok()) {
    return apps::Refuse(app, status.error());  // before the server makes room for session_max
  }
  if (quiet) spdlog::set_level(spdlog::level::warn);
  apps::RaiseOpenFileLimit();

  apps::StopSignal stop(stop_on_eof);  // before any thread is started
  chat::ChatServer server(options, world);
  if (const net::Status status = server.Start(); !status.ok()) {
    return apps::Refuse(app, status.error());
  }
  std::optional<net::TpsReport> report_tps;
  if (tps)
    report_tps.emplace(server, [](const std::string& line) { std::cout << line << std::endl; });
  std::cout << "listening on " << options.host << ":" << server.port() << std::endl;
  stop.Wait();
  report_tps.reset();
  const net::StopReport report = server.Stop();
  const net::TrafficTotals traffic = server.traffic();
  std::cout << "served: connections " << traffic.accepts << ", packets in " << traffic.recv_packets
            << ", packets out " << traffic.send_packets << ", handled " << traffic.updates
            << std::endl;
  std::cout << "stopped: live sessions " << report.live_sessions << ", outstanding operations "
            << report.outstanding_operations << std::endl;
  const std::int64_t game_sessions = chat::LiveObjects<chat::GameSession>::count();
  const std::int64_t players = chat::LiveObjects<chat::Player>::count();
  std::cout << "left: game sessions " << game_sessions << ", players " << players << ", packets "
            << net::Packet::LiveCount() << std::endl;
  const bool clean = report.live_sessions == 0 && report.outstanding_operations == 0 &&
                     game_sessions == 0 && players == 0 && net::Packet::LiveCount() == 0;
  return clean ? 0 : 1;
}
