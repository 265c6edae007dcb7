// chat_server: log in, choose a character, enter a room, talk. Every room is an actor.
#include <spdlog/spdlog.h>

#include <chrono>
#include <cmath>
#include <iostream>
#include <optional>

#include "chat/chat_server.h"
#include "net/tps_report.h"
#include "support/open_files.h"
#include "support/server_flags.h"
#include "support/stop_signal.h"

namespace {

void AddJobOptions(apps::CommandLine& app, chat::WorldOptions& world, job::UpdateOptions& update,
                   double& flush_ms) {
  app.Add("--update-threads", update.threads,
          "threads that run the rooms' jobs; 0 = one per processor")
      .Range(0, 256)
      .ShowDefault();
  app.Add("--slice-jobs", update.slice_jobs, "jobs of a room before the next room's turn")
      .Range(1, 1'000'000)
      .ShowDefault();
  app.Add("--flush-interval-ms", flush_ms,
          "how long a room collects before it sends; 0 = until the end of its time slice")
      .Between(0, 1000)
      .ShowDefault();
  app.Add("--client-jobs", world.client_jobs,
          "requests of one client that may wait for a room; more are refused")
      .Range(1, 1'000'000)
      .ShowDefault();
}

void PrintJobs(const job::JobStats& stats, const job::StopReport& stopped) {
  const auto us = [](job::Duration time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  };
  std::cout << "jobs: executed " << stats.executed << ", slices " << stats.slices << ", failed "
            << stats.failed << ", dropped " << stopped.dropped_jobs << ", job p99 "
            << us(stats.job_time_p99) << " us, longest wait " << us(stats.longest_wait) << " us"
            << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  apps::CommandLine app("The chat room: one server, many rooms", "chat_server");
  net::ServerOptions options;
  options.port = 9005;
  options.idle_timeout_ms = 0;  // people are silent for hours; stage 07 has a heartbeat
  options.receive_packets_per_second = 1000;  // no person is that fast
  options.receive_bytes_per_second = 1024 * 1024;
  chat::WorldOptions world;
  job::UpdateOptions update;
  double flush_ms = 0;
  apps::AddServerOptions(app, options);
  app.Add("--rooms", world.rooms, "rooms, numbered from 0").Range(1, 1'000'000).ShowDefault();
  app.Add("--message-max", world.max_message_bytes, "longest chat message, bytes of UTF-8")
      .Range(1, 4000)
      .ShowDefault();
  AddJobOptions(app, world, update, flush_ms);
  bool tps = false;
  app.Flag("--tps", tps, "print packets per second and live sessions once a second");
  bool quiet = false;
  app.Flag("--quiet", quiet, "log warnings and errors only");
  bool stop_on_eof = false;
  app.Flag("--stop-on-eof", stop_on_eof, "stop when the standard input ends");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
  world.flush_interval = std::chrono::microseconds(std::llround(flush_ms * 1000));
  if (const net::Status status = options.Validate(); !status.ok()) {
    return apps::Refuse(app, status.error());  // before the server makes room for session_max
  }
  if (quiet) spdlog::set_level(spdlog::level::warn);
  apps::RaiseOpenFileLimit();

  apps::StopSignal stop(stop_on_eof);  // before any thread is started
  chat::ChatServer server(options, world, update);
  if (const net::Status status = server.Start(); !status.ok()) {
    return apps::Refuse(app, status.error());
  }
  std::optional<net::TpsReport> report_tps;
  if (tps)
    report_tps.emplace(server, [](const std::string& line) { std::cout << line << std::endl; });
  std::cout << "listening on " << options.host << ":" << server.port() << std::endl;
  stop.Wait();
  report_tps.reset();
  const chat::ChatServer::StopReport report = server.Stop();
  const net::TrafficTotals traffic = server.traffic();
  std::cout << "served: connections " << traffic.accepts << ", packets in " << traffic.recv_packets
            << ", packets out " << traffic.send_packets << ", handled " << traffic.updates
            << std::endl;
  PrintJobs(server.job_stats(), report.jobs);
  std::cout << "stopped: live sessions " << report.live_sessions << ", outstanding operations "
            << report.outstanding_operations << std::endl;
  const std::int64_t game_sessions = chat::LiveObjects<chat::GameSession>::count();
  const std::int64_t players = chat::LiveObjects<chat::Player>::count();
  std::cout << "left: game sessions " << game_sessions << ", players " << players << ", packets "
            << net::Packet::LiveCount() << std::endl;
  const bool clean = report.live_sessions == 0 && report.outstanding_operations == 0 &&
                     report.jobs.drained && game_sessions == 0 && players == 0 &&
                     net::Packet::LiveCount() == 0;
  return clean ? 0 : 1;
}
