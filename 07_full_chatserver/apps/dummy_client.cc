// dummy_client: many clients that chat, and count whether everybody hears everything.
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include "support/client/chaos.h"
#include "support/client/dummy_crowd.h"
#include "support/open_files.h"
#include "support/options.h"
#include "support/stop_signal.h"

namespace {

struct Options {
  std::string host = "127.0.0.1";
  std::uint32_t port = 7000;
  std::uint32_t auth_port = 7001;
  bool status = false;
  bool chaos = false;
  std::string heard;
  std::string logged_in;
  client::CrowdOptions crowd;
  double rate = 1;
  double seconds = 10;
  std::uint32_t patience = 30;
};

void AddOptions(apps::CommandLine& app, Options& options) {
  app.Add("--host", options.host, "IPv4 address of the chat server").ShowDefault();
  app.Add("--port", options.port, "its port").Range(1, 65535).ShowDefault();
  app.Add("--auth-port", options.auth_port, "port of the auth service")
      .Range(1, 65535)
      .ShowDefault();
  app.Add("--name", options.crowd.name, "accounts NAME0, NAME1, ...").ShowDefault();
  app.Add("--password", options.crowd.password, "of all of them").ShowDefault();
  app.Add("--sector-every", options.crowd.sector_every,
          "of so many messages one is for the sector; 0 = none")
      .ShowDefault();
  app.Add("--world", options.crowd.world, "sectors each way").Range(1, 1000).ShowDefault();
  app.Flag("--chaos", options.chaos, "others misbehave meanwhile: no reason to lose anything");
  app.Add("--heard", options.heard, "file for every message that some client has heard");
  app.Add("--logged-in", options.logged_in,
          "file for the account of every log-in that was granted");
  app.Flag("--status", options.status, "a line about now, once a second");
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
  line("sector sent", report.sent_sector);
  line("sector heard", report.received_sector);
  line("sector lost", report.missing_sector);
  line("sector wrong", report.wrong_sector);
  line("refused", report.refused);
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

// A line for each thing that a client has heard.
class LinesFile {
 public:
  explicit LinesFile(const std::string& path)
      : file_(path.empty() ? nullptr : std::fopen(path.c_str(), "wb")) {}
  LinesFile(const LinesFile&) = delete;
  LinesFile& operator=(const LinesFile&) = delete;
  ~LinesFile() {
    if (file_ != nullptr) std::fclose(file_);
  }
  explicit operator bool() const { return file_ != nullptr; }
  void Add(std::string_view line) const {
    const std::lock_guard lock(lock_);
    std::fwrite(line.data(), 1, line.size(), file_);
    std::fputc('\n', file_);
  }

 private:
  std::FILE* const file_;
  mutable std::mutex lock_;
};

// Once a second, for whoever watches.
class StatusLines {
 public:
  explicit StatusLines(const client::DummyCrowd& crowd) : thread_([this, &crowd] { Run(crowd); }) {}
  ~StatusLines() {
    {
      const std::lock_guard lock(lock_);
      stopping_ = true;
    }
    stop_.notify_all();
    thread_.join();
  }

 private:
  void Run(const client::DummyCrowd& crowd) {
    std::unique_lock lock(lock_);
    while (!stop_.wait_for(lock, std::chrono::seconds(1), [this] { return stopping_; })) {
      std::cout << "status sent=" << crowd.sent() << " received=" << crowd.received_all()
                << " p99_ms=" << static_cast<double>(crowd.latency().Percentile(99)) / 1000
                << std::endl;
    }
  }
  std::mutex lock_;
  std::condition_variable stop_;
  bool stopping_ = false;  // guarded by lock_
  std::thread thread_;
};

int Run(const apps::CommandLine& app, const Options& options, client::DummyCrowd& crowd) {
  const std::chrono::seconds patience(options.patience);
  if (const net::Status status = crowd.Enter(patience); !status.ok()) {
    return apps::Refuse(app, status.error());
  }
  std::cout << options.crowd.sessions << " clients in " << options.crowd.rooms
            << " room(s), each says " << options.rate << " message(s) a second for "
            << options.seconds << " s, seed " << options.crowd.seed << std::endl;
  const auto begin = std::chrono::steady_clock::now();
  {
    std::optional<client::Chaos> chaos;
    if (options.chaos) {
      chaos.emplace(options.crowd.server, options.crowd.auth, options.crowd.seed).Start();
    }
    std::optional<StatusLines> status;
    if (options.status) status.emplace(crowd);
    crowd.Talk(options.rate, options.seconds);
    crowd.AwaitEverything(patience);
    if (chaos) {
      chaos->Stop();
      std::cout << "chaos connections " << chaos->attempts() << std::endl;
    }
  }
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
  options.crowd.auth = {*ip, static_cast<std::uint16_t>(options.auth_port)};
  spdlog::set_level(spdlog::level::warn);
  apps::RaiseOpenFileLimit();

  apps::StopSignal stop;  // before any thread is started
  const LinesFile heard(options.heard);
  if (heard) options.crowd.on_heard = [&heard](std::string_view message) { heard.Add(message); };
  const LinesFile logged_in(options.logged_in);
  if (logged_in) {
    options.crowd.on_login = [&logged_in](std::uint64_t account) {
      logged_in.Add(std::to_string(account));
    };
  }
  client::DummyCrowd crowd(options.crowd);
  std::atomic<bool> done = false;
  std::thread watcher([&] {
    stop.Wait();
    if (done.load()) return;
    crowd.StopTalking();  // and waits for what was said; a second Ctrl-C does not
    stop.Wait();
    crowd.Interrupt();
  });
  const int exit_code = Run(app, options, crowd);
  done.store(true);
  stop.Trigger();
  watcher.join();
  return exit_code;
}
