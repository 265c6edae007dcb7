// Two hundred honest clients beside everybody who means harm: what they lose (nothing), and how
// long they wait, against a quiet server. COURSE_HOSTILE_SECONDS=1800 is the real run; a short one
// shows that nothing is lost, its percentiles say more about the machine than about the server.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/outside/redis_server.h"
#include "tests/support/catch.h"
#include "tests/support/hostile_mob.h"
#include "tests/support/metered_server.h"
#include "tests/support/storage_support.h"

namespace {

using support::MeteredServer;
using support::Process;
using Clock = std::chrono::steady_clock;

constexpr int kHonest = 200;
constexpr int kHostile = 2000;
constexpr int kLongRun = 600;  // seconds from which on the percentiles are judged

int Seconds() {
  const char* const text = std::getenv("COURSE_HOSTILE_SECONDS");
  return std::max(text != nullptr ? std::atoi(text) : 15, 5);
}

// Redis, auth and chat server.
struct World {
  World() {
    REQUIRE(redis.Start());
    const std::vector<std::string> sets{"login.store=redis",
                                        "login.redis_socket=" + redis.Socket()};
    chat = std::make_unique<MeteredServer>(folder.path(), sets);
    REQUIRE(chat->ready());
    auth = std::make_unique<Process>("auth_server", MeteredServer::Arguments(folder.path(), sets));
    const auto port = auth->ReadPort();
    REQUIRE(port);
    ports = {static_cast<unsigned short>(std::stoi(chat->port())), *port};
  }

  storage_test::TemporaryFolder folder;
  outside::RedisServer redis;
  std::unique_ptr<MeteredServer> chat;
  std::unique_ptr<Process> auth;
  course_test::ServerPorts ports;
};

struct Figures {
  std::optional<int> exit_code;
  double seconds_to_log_in = -1;
  double p50 = -1;
  double p99 = -1;
  double sent = -1;
  std::string output;
};

double Behind(const std::string& text, const std::string& name) {
  const std::size_t at = text.find(name);
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size()));
}

Figures Honest(const World& world, int seconds, const std::function<void()>& meanwhile) {
  const Clock::time_point began = Clock::now();
  Process clients("dummy_client", {"--port", std::to_string(world.ports.chat), "--auth-port",
                                   std::to_string(world.ports.auth), "--sessions",
                                   std::to_string(kHonest), "--rooms", "20", "--rate", "1", "--for",
                                   std::to_string(seconds), "--patience", "120"});
  Figures figures;
  if (clients.ReadLineWith("clients in", std::chrono::minutes(3))) {
    figures.seconds_to_log_in = std::chrono::duration<double>(Clock::now() - began).count();
  }
  const auto limit = Clock::now() + std::chrono::seconds(seconds + 240);
  while (!figures.exit_code && Clock::now() < limit) {
    figures.exit_code = clients.Wait(std::chrono::seconds(5));
    if (!figures.exit_code) meanwhile();
  }
  figures.output = clients.Output() + clients.Errors();
  figures.p50 = Behind(figures.output, "p50 ");
  figures.p99 = Behind(figures.output, "p99 ");
  figures.sent = Behind(figures.output, "sent ");
  return figures;
}

void Print(const char* phase, const Figures& figures, const MeteredServer& chat) {
  std::cout << phase << ": logged in after " << figures.seconds_to_log_in << " s, p50 "
            << figures.p50 << " ms, p99 " << figures.p99 << " ms; server: resident MiB "
            << chat.Metric("process_resident_memory_bytes") / (1024 * 1024) << ", CPU seconds "
            << chat.Metric("process_cpu_seconds_total") << "\n"
            << figures.output << std::endl;
}

}  // namespace

SCENARIO("Honest clients lose nothing and wait little, whoever else is there") {
  rlimit files{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_max < kHostile + 500) {
    WARN("skipped: not permitted here: needs " << kHostile + 500 << " open files, ulimit -Hn says "
                                               << files.rlim_max);
    return;
  }
  const int seconds = Seconds();
  World world;
  const Figures quiet = Honest(world, std::clamp(seconds / 5, 5, 60), [] {});
  Print("quiet", quiet, *world.chat);
  course_test::HostileMob mob({world.ports, world.chat->metrics_port(), /*room=*/999}, kHostile);
  mob.Start();
  double slowest_scrape = 0;
  double most_sessions = 0;
  std::int64_t most_held = 0;
  const Figures beside = Honest(world, seconds, [&] {
    const Clock::time_point began = Clock::now();
    const double sessions = world.chat->Metric("chat_sessions");
    slowest_scrape =
        std::max(slowest_scrape, std::chrono::duration<double>(Clock::now() - began).count());
    most_sessions = std::max(most_sessions, sessions);
    most_held = std::max(most_held, mob.count(course_test::HostileMob::kHeld));
    std::cout << "sessions " << sessions << "; " << mob.Counts() << std::endl;
  });
  mob.Stop();
  Print("beside the hostile ones", beside, *world.chat);
  std::cout << "p99 against the quiet one: " << beside.p99 / quiet.p99 << " times; slowest scrape "
            << slowest_scrape << " s" << std::endl;
  // They were there, all of them, and the server had let in as many as it lets in.
  CHECK(mob.Undone() == "");
  CHECK(most_held >= kHostile * 9 / 10);
  CHECK(most_sessions >= kHonest + kHostile / 4);
  CHECK(quiet.exit_code == 0);
  CHECK(beside.exit_code == 0);  // each message once and in order, nobody disconnected
  CHECK(quiet.p99 > 0);
  CHECK(beside.p99 > 0);
  CHECK(quiet.sent > 0);
  CHECK(beside.sent >= 0.5 * quiet.sent);
  CHECK(slowest_scrape < 1.0);
  if (seconds >= kLongRun) CHECK(beside.p99 <= 3 * quiet.p99);
  world.auth->Stop();
  CHECK(world.auth->Wait(std::chrono::seconds(60)) == 0);
  CHECK(world.chat->Stop());
}
