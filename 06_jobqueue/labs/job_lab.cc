// job_lab: stage 05's way (a room under a lock, broadcasts on the workers) against stage 06's (a
// room as an actor, its output stored once), in one run.
//
// Both servers stand on the same net/ and run in this process, one at a time, in turn, with the
// same clients (lab_load.h). Tables: clients in one room; the same clients in more rooms; and what
// the flush interval of the actor costs and saves at a given rate.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "chat/chat_server.h"
#include "labs/lab_load.h"
#include "labs/locked_chat.h"
#include "labs/svg_chart.h"
#include "support/open_files.h"
#include "support/options.h"

namespace {

struct Options {
  std::vector<std::uint32_t> clients{100, 400, 1000};
  std::vector<std::uint32_t> rooms{2, 4, 8};
  std::vector<double> flush_ms{0, 1, 5, 20};
  std::vector<double> flush_rates{100'000, 400'000};
  std::uint32_t workers = 2;
  std::uint32_t update_threads = 5;
  std::uint32_t window = 0;  // 0: one message of each member of the room
  std::uint32_t rounds = 3;
  double seconds = 1;
  std::string svg;
};

struct Measured {
  apps::LoadResult load;
  double lock_wait = 0;  // share of the workers' time, percent
};

net::ServerOptions ServerOptions(const Options& options) {
  net::ServerOptions server;
  server.worker_threads = options.workers;
  server.running_threads = options.workers;
  server.idle_timeout_ms = 0;
  server.send_memory_max = 64 * 1024 * 1024;  // a slow client is not today's subject
  return server;
}

template <typename Server>
apps::LoadResult RunOn(Server& server, apps::LoadOptions load) {
  if (const net::Status status = server.Start(); !status.ok()) {
    throw std::runtime_error(status.error());
  }
  load.port = server.port();
  const apps::LoadResult result = apps::RunLoad(load);
  server.Stop();
  return result;
}

Measured Locked(const Options& options, const apps::LoadOptions& load) {
  apps::LockedChat server(ServerOptions(options), load.rooms);
  Measured measured{RunOn(server, load), 0};
  measured.lock_wait = static_cast<double>(server.waited_ns()) / 1e7 / measured.load.seconds /
                       static_cast<double>(options.workers);
  return measured;
}

Measured Actor(const Options& options, const apps::LoadOptions& load, double flush_ms = 0) {
  job::UpdateOptions update;
  update.threads = options.update_threads;
  chat::WorldOptions world;
  world.rooms = load.rooms;
  world.flush_interval = std::chrono::duration_cast<job::Duration>(
      std::chrono::duration<double, std::milli>(flush_ms));
  chat::ChatServer server(ServerOptions(options), world, update);
  return {RunOn(server, load), 0};
}

// The round in the middle by deliveries per second; `low` and `high`: of all rounds.
struct Median {
  Measured middle;
  double low = 0;
  double high = 0;
};
Median MedianOf(std::vector<Measured> rounds) {
  std::sort(rounds.begin(), rounds.end(), [](const Measured& a, const Measured& b) {
    return a.load.deliveries_per_second < b.load.deliveries_per_second;
  });
  return {rounds[rounds.size() / 2], rounds.front().load.deliveries_per_second,
          rounds.back().load.deliveries_per_second};
}

void PrintRow(const apps::LoadOptions& load, const char* way, const Median& median, double ratio) {
  const apps::LoadResult& result = median.middle.load;
  std::printf("%7u %6u  %-6s %8.2f (%5.2f..%5.2f) %9.3f %7.2f %9.2f %9.2f %9.1f", load.clients,
              load.rooms, way, result.deliveries_per_second / 1e6, median.low / 1e6,
              median.high / 1e6, result.server_cpu_us, result.server_cores, result.p50_ms,
              result.p99_ms, median.middle.lock_wait);
  if (ratio > 0) std::printf("  %5.2f x", ratio);
  std::printf("\n");
  std::fflush(stdout);
}

// One line per way; returns deliveries a second of both.
std::pair<double, double> Compare(const Options& options, std::uint32_t clients,
                                  std::uint32_t rooms) {
  apps::LoadOptions load;
  load.clients = clients;
  load.rooms = rooms;
  load.window = options.window != 0 ? options.window : std::max(1u, clients / rooms);
  load.seconds = options.seconds;
  std::vector<Measured> locked, actor;
  for (std::uint32_t round = 0; round < options.rounds; ++round) {
    locked.push_back(Locked(options, load));
    actor.push_back(Actor(options, load));
  }
  const Median a = MedianOf(std::move(locked));
  const Median b = MedianOf(std::move(actor));
  const double was = a.middle.load.deliveries_per_second;
  const double is = b.middle.load.deliveries_per_second;
  PrintRow(load, "lock", a, 0);
  PrintRow(load, "actor", b, is / was);
  return {was, is};
}

void CompareAll(const Options& options, apps::Chart& chart) {
  std::printf(
      "as fast as the server answers: %s on the way\n"
      "%u workers, %u update threads, %u processors, median of %u rounds of %g s\n\n",
      options.window == 0 ? "one message of each client"
                          : (std::to_string(options.window) + " messages of each room").c_str(),
      options.workers, options.update_threads, std::thread::hardware_concurrency(), options.rounds,
      options.seconds);
  std::printf(
      "clients  rooms  way    million deliveries/s  us each   cores    p50 ms    p99 ms"
      "  lock wait %%\n");
  apps::ChartSeries locked{"05: lock, one room", {}}, actor{"06: actor, one room", {}};
  apps::ChartSeries locked_rooms{"05: lock, more rooms", {}},
      actor_rooms{"06: actor, more rooms", {}};
  for (const std::uint32_t clients : options.clients) {
    const auto [was, is] = Compare(options, clients, 1);
    locked.points.emplace_back(clients, was);
    actor.points.emplace_back(clients, is);
  }
  const std::uint32_t many = options.clients[options.clients.size() / 2];
  for (const std::uint32_t rooms : options.rooms) {
    const auto [was, is] = Compare(options, many, rooms);
    locked_rooms.points.emplace_back(static_cast<double>(many) / rooms, was);
    actor_rooms.points.emplace_back(static_cast<double>(many) / rooms, is);
  }
  std::reverse(locked_rooms.points.begin(), locked_rooms.points.end());
  std::reverse(actor_rooms.points.begin(), actor_rooms.points.end());
  chart.series = {locked, actor};
  if (!options.rooms.empty()) {
    chart.series.push_back(locked_rooms);
    chart.series.push_back(actor_rooms);
  }
}

void ShowFlushInterval(const Options& options) {
  if (options.flush_ms.empty() || options.flush_rates.empty()) return;
  const std::uint32_t clients = options.clients[options.clients.size() / 2];
  std::printf(
      "\nflush interval: the actor at a given rate, %u clients in one room\n\n"
      "deliveries/s  interval ms   reached/s   us each   cores    p50 ms    p99 ms\n",
      clients);
  for (const double rate : options.flush_rates) {
    for (const double flush_ms : options.flush_ms) {
      apps::LoadOptions load;
      load.clients = clients;
      load.rate = rate / clients;
      load.seconds = options.seconds;
      std::vector<Measured> rounds;
      for (std::uint32_t i = 0; i < options.rounds; ++i) {
        rounds.push_back(Actor(options, load, flush_ms));
      }
      const apps::LoadResult result = MedianOf(std::move(rounds)).middle.load;
      std::printf("%12.0f %12g %11.0f %9.3f %7.2f %9.2f %9.2f\n", rate, flush_ms,
                  result.deliveries_per_second, result.server_cpu_us, result.server_cores,
                  result.p50_ms, result.p99_ms);
      std::fflush(stdout);
    }
  }
}

void AddOptions(apps::CommandLine& app, Options& options) {
  app.Add("--clients", options.clients, "numbers of clients in one room")
      .Range(2, 20'000)
      .ShowDefault();
  app.Add("--rooms", options.rooms, "numbers of rooms, for the clients in the middle; 0: none")
      .Range(0, 1000)
      .ShowDefault();
  app.Add("--flush-ms", options.flush_ms, "flush intervals to compare")
      .Between(0, 1000)
      .ShowDefault();
  app.Add("--flush-rates", options.flush_rates, "deliveries a second to do so at; 0: none")
      .Between(0, 1e9)
      .ShowDefault();
  app.Add("--workers", options.workers, "I/O workers of both servers").Range(1, 256).ShowDefault();
  app.Add("--update-threads", options.update_threads, "update threads of the actor")
      .Range(1, 256)
      .ShowDefault();
  app.Add("--window", options.window,
          "messages of a room on their way; 0: one of each client in it")
      .Range(0, 100'000)
      .ShowDefault();
  app.Add("--rounds", options.rounds, "measurements of each line; the median counts")
      .Range(1, 101)
      .ShowDefault();
  app.Add("--seconds", options.seconds, "length of a measurement").Between(0.05, 600).ShowDefault();
  app.Add("--svg", options.svg, "file for the plot");
}

}  // namespace

int main(int argc, char** argv) {
  apps::CommandLine app("A room under a lock against a room as an actor", "job_lab");
  Options options;
  AddOptions(app, options);
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
  std::erase(options.rooms, 0u);
  std::erase_if(options.flush_rates, [](double rate) { return rate <= 0; });
  spdlog::set_level(spdlog::level::warn);
  apps::RaiseOpenFileLimit();
  try {
    apps::Chart chart{"A room under a lock and a room as an actor",
                      "clients in a room",
                      "deliveries per second, all rooms",
                      {}};
    CompareAll(options, chart);
    ShowFlushInterval(options);
    if (!options.svg.empty()) {
      std::ofstream file(options.svg, std::ios::binary);
      file << apps::DrawSvg(chart);
      if (!file.flush()) return apps::Refuse(app, "cannot write " + options.svg);
      std::printf("\nplot: %s\n", options.svg.c_str());
    }
  } catch (const std::exception& error) {
    std::cerr << "job_lab: " << error.what() << std::endl;
    return 1;
  }
  return 0;
}
