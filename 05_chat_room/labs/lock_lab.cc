// lock_lab: how long workers wait for the lock of a room, as more clients talk in it.
//
// Server and dummy clients run in this process. For every number of clients twice: all in one room,
// and the same clients spread over several rooms, each with its own lock. They talk more in the
// second run, so that as many deliveries leave the server: what differs is the lock.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "chat/chat_server.h"
#include "labs/svg_chart.h"
#include "support/client/dummy_crowd.h"
#include "support/open_files.h"
#include "support/options.h"

namespace {

struct Options {
  std::vector<std::uint32_t> clients{25, 50, 100, 200, 400};
  std::uint32_t rooms = 8;
  std::uint32_t workers = 4;
  double rate = 1;
  double seconds = 5;
  std::string svg;
};

struct Row {
  std::uint32_t clients = 0;
  std::uint32_t rooms = 0;
  double deliveries = 0;  // a second
  double contended = 0;   // share of the lockings that had to wait, percent
  double wait_us = 0;     // mean wait of a locking, microseconds, those without a wait included
  double long_us = 0;     // mean of those that had to wait
  double waiting = 0;     // worker time that went into waiting, percent of one worker
  double p50_ms = 0;      // latency
  double p99_ms = 0;
};

chat::Room::LockCost CostOf(chat::World& world, std::uint32_t rooms) {
  chat::Room::LockCost sum{};
  for (std::uint32_t room = 0; room < rooms; ++room) {
    const chat::Room::LockCost cost = world.FindRoom(room)->lock_cost();
    sum.times += cost.times;
    sum.waits += cost.waits;
    sum.nanoseconds += cost.nanoseconds;
  }
  return sum;
}

// One measurement. Errors: one line.
net::Status Measure(const Options& options, std::uint32_t clients, std::uint32_t rooms, Row& row) {
  net::ServerOptions server_options;
  server_options.worker_threads = options.workers;
  server_options.running_threads = options.workers;
  server_options.send_memory_max = 64 * 1024 * 1024;  // a slow client is not today's subject
  chat::ChatServer server(server_options, {.rooms = rooms, .max_message_bytes = 1000});
  if (net::Status status = server.Start(); !status.ok()) return status;

  client::CrowdOptions crowd_options;
  crowd_options.server = {0x7F000001, server.port()};
  crowd_options.sessions = clients;
  crowd_options.rooms = rooms;
  crowd_options.together = true;  // as the lecture's clients do: a whole room speaks at once
  client::DummyCrowd crowd(crowd_options);
  const std::chrono::seconds patience(60);
  if (net::Status status = crowd.Enter(patience); !status.ok()) return status;

  const chat::Room::LockCost before = CostOf(server.world(), rooms);
  const auto begin = std::chrono::steady_clock::now();
  crowd.Talk(options.rate * rooms, options.seconds);
  if (!crowd.AwaitEverything(patience)) return net::Status::Error("messages were lost");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const chat::Room::LockCost after = CostOf(server.world(), rooms);
  if (!crowd.Report().clean()) return net::Status::Error("messages were lost");

  const auto times = static_cast<double>(std::max<std::uint64_t>(1, after.times - before.times));
  const auto waited_us = static_cast<double>(after.nanoseconds - before.nanoseconds) / 1e3;
  row = {
      .clients = clients,
      .rooms = rooms,
      .deliveries = static_cast<double>(crowd.received()) / std::max(options.seconds, took.count()),
      .contended = 100 * static_cast<double>(after.waits - before.waits) / times,
      .wait_us = waited_us / times,
      .long_us =
          waited_us / static_cast<double>(std::max<std::uint64_t>(1, after.waits - before.waits)),
      .waiting = 100 * waited_us / 1e6 / took.count(),
      .p50_ms = static_cast<double>(crowd.latency().Percentile(50)) / 1e3,
      .p99_ms = static_cast<double>(crowd.latency().Percentile(99)) / 1e3};
  return net::Status::Ok();
}

void Print(const Row& row) {
  std::printf("%7u %6u %13.0f %11.2f %10.0f %10.2f %10.1f %9.1f %9.1f\n", row.clients, row.rooms,
              row.deliveries, row.contended, row.long_us, row.wait_us, row.waiting, row.p50_ms,
              row.p99_ms);
  std::fflush(stdout);
}

bool WriteSvg(const std::string& path, const std::vector<Row>& rows, std::uint32_t rooms) {
  apps::Chart chart{"Waiting for the lock of a room", "clients", "mean wait, microseconds", {}};
  for (const std::uint32_t spread : {1u, rooms}) {
    apps::ChartSeries series{spread == 1 ? "all in one room" : std::to_string(spread) + " rooms",
                             {}};
    for (const Row& row : rows) {
      if (row.rooms != spread) continue;
      series.points.emplace_back(row.clients, std::max(0.01, row.wait_us));  // logarithmic axis
    }
    chart.series.push_back(std::move(series));
    if (rooms == 1) break;
  }
  std::ofstream file(path);
  file << apps::DrawSvg(chart);
  return static_cast<bool>(file.flush());
}

}  // namespace

int main(int argc, char** argv) {
  apps::CommandLine app("How long workers wait for the lock of a room", "lock_lab");
  Options options;
  app.Add("--clients", options.clients, "numbers of clients, in ascending order")
      .Range(2, 10'000)
      .ShowDefault();
  app.Add("--rooms", options.rooms, "rooms that they spread over in the second run")
      .Range(1, 1000)
      .ShowDefault();
  app.Add("--workers", options.workers, "worker threads of the server, all running")
      .Range(1, 64)
      .ShowDefault();
  app.Add("--rate", options.rate, "messages per second of each client")
      .Between(0.1, 1000)
      .ShowDefault();
  app.Add("--for", options.seconds, "seconds of each measurement").Between(0.1, 600).ShowDefault();
  app.Add("--svg", options.svg, "draw the waits into this file");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
  std::sort(options.clients.begin(), options.clients.end());
  spdlog::set_level(spdlog::level::warn);
  apps::RaiseOpenFileLimit();

  std::cout << options.workers << " workers; every client says " << options.rate
            << " message(s) a second, all at once, for " << options.seconds
            << " s\n(in several rooms as many times more, for as many deliveries)\n\n";
  std::printf("%7s %6s %13s %11s %10s %10s %10s %9s %9s\n", "", "", "", "waited", "us of", "us of",
              "% of one", "latency", "");
  std::printf("%7s %6s %13s %11s %10s %10s %10s %9s %9s\n", "clients", "rooms", "deliveries/s",
              "% of times", "a wait", "a locking", "worker", "p50 ms", "p99 ms");
  std::vector<Row> rows;
  for (const std::uint32_t clients : options.clients) {
    for (const std::uint32_t rooms : {1u, options.rooms}) {
      Row row;
      if (const net::Status status = Measure(options, clients, rooms, row); !status.ok()) {
        apps::Refuse(app, status.error());
        return 1;
      }
      Print(row);
      rows.push_back(row);
      if (options.rooms == 1) break;
    }
  }
  if (!options.svg.empty() && !WriteSvg(options.svg, rows, options.rooms)) {
    return apps::Refuse(app, "cannot write " + options.svg);
  }
  return 0;
}
