// dummy_client: many clients that chat, and count whether everybody hears everything.
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <random>
#include <thread>

#include "support/client/dummy_crowd.h"
#include "support/open_files.h"
#include "support/options.h"
#include "support/stop_signal.h"

namespace {

struct Options {
  std::string host = "127.0.0.1";
  std::uint32_t port = 9005;
  client::CrowdOptions crowd;
  double rate = 1;
  double seconds = 10;
  std::uint32_t patience = 30;
};

void AddOptions(apps::CommandLine& app, Options& options) {
  app.Add("--host", options.host, "IPv4 address of the chat server").ShowDefault();
  app.Add("--port", options.port, "its port").Range(1, 65535).ShowDefault();
  app.Add("--sessions", options.crowd.sessions, "clients").Range(1, 100'000).ShowDefault();
  app.Add("--rooms", options.crowd.rooms, "rooms that they spread over")
      .Range(1, 100'000)
      .ShowDefault();
  app.Add("--first-room", options.crowd.first_room, "number of the first of them").ShowDefault();
  app.Add("--rate", options.rate, "messages per second of each client")
      .Between(0.001, 10'000)
      .ShowDefault();
  app.Flag("--together", options.crowd.together,
           "all speak at the same moment, not spread over the second");
  app.Add("--for", options.seconds, "seconds to talk").Between(0.01, 1'000'000).ShowDefault();
  app.Add("--text", options.crowd.text_bytes, "bytes that a message has at least")
      .Range(0, 1000)
      .ShowDefault();
  app.Add("--seed", options.crowd.seed, "order of the speakers (default: random)");
  app.Add("--workers", options.crowd.worker_threads, "worker threads; 0 = one per processor")
      .Range(0, 256)
      .ShowDefault();
  app.Add("--patience", options.patience, "seconds to wait for logins, and for the last deliveries")
      .Range(1, 3600)
      .ShowDefault();
}

void Print(const client::CrowdReport& report, const client::Latency& latency, double seconds) {
  const auto line = [](const char* name, std::uint64_t value) {
    std::printf("%-14s%12llu\n", name, static_cast<unsigned long long>(value));
  };
  line("sent", report.sent);
  line("expected", report.expected);
  line("received", report.received);
  line("missing", report.missing);
  line("duplicated", report.duplicated);
  line("out of order", report.out_of_order);
  line("corrupted", report.corrupted);
  line("disconnected", report.disconnected);
  line("deliveries/s", static_cast<std::uint64_t>(static_cast<double>(report.received) / seconds));
  const auto ms = [](std::uint64_t microseconds) {
    return static_cast<double>(microseconds) / 1000;
  };
  std::printf("latency ms      p50 %.2f  p99 %.2f  p99.9 %.2f  max %.2f\n",
              ms(latency.Percentile(50)), ms(latency.Percentile(99)), ms(latency.Percentile(99.9)),
              ms(latency.max()));
  std::printf("%s\n", report.clean() ? "every message arrived once and in order"
                                     : "NOT every message arrived once and in order");
  std::fflush(stdout);
}

int Run(const apps::CommandLine& app, const Options& options, client::DummyCrowd& crowd) {
  const std::chrono::seconds patience(options.patience);
  if (const net::Status status = crowd.Enter(patience); !status.ok()) {
    return apps::Refuse(app, status.error());
  }
  std::cout << options.crowd.sessions << " clients in " << options.crowd.rooms
            << " room(s), each says " << options.rate << " message(s) a second for "
            << options.seconds << " s, seed " << options.crowd.seed << std::endl;
  const auto begin = std::chrono::steady_clock::now();
  crowd.Talk(options.rate, options.seconds);
  crowd.AwaitEverything(patience);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const client::CrowdReport report = crowd.Report();
  Print(report, crowd.latency(), took.count());
  return report.clean() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  apps::CommandLine app("Many clients that chat and count what they hear", "dummy_client");
  Options options;
  options.crowd.seed = std::random_device{}();
  AddOptions(app, options);
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
  const auto ip = net::ParseIpv4(options.host);
  if (!ip) return apps::Refuse(app, "\"" + options.host + "\" is not an IPv4 address");
  options.crowd.server = {*ip, static_cast<std::uint16_t>(options.port)};
  spdlog::set_level(spdlog::level::warn);
  apps::RaiseOpenFileLimit();

  apps::StopSignal stop;  // before any thread is started
  client::DummyCrowd crowd(options.crowd);
  std::thread watcher([&] {
    stop.Wait();
    crowd.Interrupt();
  });
  const int exit_code = Run(app, options, crowd);
  stop.Trigger();
  watcher.join();
  return exit_code;
}
