// The programs on a real Redis and a real MariaDB, and one of them is killed at a time, while
// people log in or talk: chat server, Redis, MariaDB, monitor server, in random order.
// COURSE_STRESS=13: 52 rounds.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/outside/redis_server.h"
#include "tests/support/catch.h"
#include "tests/support/database_support.h"
#include "tests/support/process.h"

namespace {

using support::Process;
using Clock = std::chrono::steady_clock;

constexpr int kClients = 24;

int Stress() {
  const char* const text = std::getenv("COURSE_STRESS");
  return text != nullptr && std::atoi(text) > 0 ? std::atoi(text) : 1;
}

std::uint64_t Seed() {
  const char* const text = std::getenv("COURSE_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : std::random_device{}();
}

// All of it: Redis, MariaDB, and the three servers.
class World {
 public:
  World() {
    const auto stamp = std::chrono::steady_clock::now().time_since_epoch().count();
    folder_ = std::filesystem::temp_directory_path() / ("outage_" + std::to_string(stamp));
    std::filesystem::create_directories(folder_);
  }
  ~World() {
    chat_.reset();
    auth_.reset();
    monitor_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // False: something that it needs is not installed; `why` says what.
  bool Start(std::string& why) {
    if (!outside::RedisServer::IsInstalled()) {
      why = "no redis-server";
      return false;
    }
    mariadb_ = storage_test::MariaDbServer::Shared(why);
    if (mariadb_ == nullptr) return false;
    database_ = mariadb_->NewDatabase();
    REQUIRE(redis_.Start());
    StartMonitor();
    StartChat();
    auth_ = std::make_unique<Process>("auth_server", Settings({"auth.port=0"}));
    const auto port = auth_->ReadPort();
    REQUIRE(port);
    auth_port_ = std::to_string(*port);
    AwaitAllUp();
    return true;
  }

  // With accounts of their own in each round, so that each logs in once.
  std::unique_ptr<Process> StartClients(int round) {
    const std::string number = std::to_string(round);
    return std::make_unique<Process>("dummy_client",
                                     std::vector<std::string>{"--port",
                                                              chat_port_,
                                                              "--auth-port",
                                                              auth_port_,
                                                              "--sessions",
                                                              std::to_string(kClients),
                                                              "--rooms",
                                                              "3",
                                                              "--rate",
                                                              "8",
                                                              "--for",
                                                              "600",
                                                              "--patience",
                                                              "60",
                                                              "--status",
                                                              "--name",
                                                              "round" + number + "_",
                                                              "--heard",
                                                              file("heard" + number),
                                                              "--logged-in",
                                                              file("in" + number),
                                                              "--seed",
                                                              std::to_string(1000 + round)});
  }

  void KillChat() {
    chat_->Kill();
    REQUIRE(chat_->Wait());
  }
  void StartChat() {
    chat_ = std::make_unique<Process>(
        "chat_server", Settings({"server.port=0", "monitor.server_port=" + monitor_port_}));
    const auto port = chat_->ReadPort();
    REQUIRE(port);
    chat_port_ = std::to_string(*port);
    REQUIRE(chat_->ReadLineWith("ready"));
  }
  void KillMonitor() {
    monitor_->Kill();
    REQUIRE(monitor_->Wait());
  }
  void StartMonitor() {
    monitor_ = std::make_unique<Process>(
        "monitor_server",
        Settings(
            {"monitor_server.http_port=0",
             "monitor_server.port=" + (monitor_port_.empty() ? std::string("0") : monitor_port_)}));
    const auto port = monitor_->ReadPort();
    REQUIRE(port);
    monitor_port_ = std::to_string(*port);
  }
  void KillRedis() { redis_.Kill(); }
  void StartRedis() { REQUIRE(redis_.Start()); }
  void KillDatabase() { mariadb_->Kill(); }
  void StartDatabase() { mariadb_->Start(); }

  // Until the servers see Redis and the database again.
  void AwaitAllUp() {
    AwaitStatus(*chat_, {"database=up", "keys=up"});
    AwaitStatus(*auth_, {"keys=up"});
  }

  bool StopChat() {
    chat_->Stop();
    return chat_->Wait(std::chrono::seconds(60)) == 0;
  }

  // One column, sorted.
  std::vector<std::string> Stored(const std::string& sql) {
    const std::unique_ptr<db::Connection> connection = db::MakeMariaDb(database_);
    REQUIRE(connection->Open().ok());
    std::vector<db::Row> rows;
    REQUIRE(connection->Run(sql, {}, &rows).ok());
    std::vector<std::string> values;
    values.reserve(rows.size());
    for (const db::Row& row : rows) {
      values.push_back(std::holds_alternative<std::int64_t>(row[0])
                           ? std::to_string(db::IntegerOf(row[0]))
                           : db::TextOf(row[0]));
    }
    std::sort(values.begin(), values.end());
    return values;
  }
  // The lines that the clients of one round, which have ended, have written.
  void Collect(const std::string& name, std::set<std::string>& into) const {
    std::ifstream lines(file(name), std::ios::binary);
    for (std::string line; std::getline(lines, line);) into.insert(line);
  }

  // Killed at this moment, and back as soon as it may be.
  void Kill(const std::string& victim) {
    if (victim == "chat server") KillChat();
    if (victim == "Redis") KillRedis();
    if (victim == "database") KillDatabase();
    if (victim == "monitor") KillMonitor();
  }
  // Returns how long it took until every server sees every other one again.
  std::chrono::duration<double> StartAgain(const std::string& victim) {
    const Clock::time_point begin = Clock::now();
    if (victim == "chat server") StartChat();
    if (victim == "Redis") StartRedis();
    if (victim == "database") StartDatabase();
    if (victim == "monitor") StartMonitor();
    AwaitAllUp();
    return Clock::now() - begin;
  }

 private:
  [[nodiscard]] std::string file(const std::string& name) const {
    return (folder_ / name).string();
  }

  std::vector<std::string> Settings(std::vector<std::string> more) {
    std::vector<std::string> args = {"--stop-on-eof"};
    more.insert(more.end(),
                {"login.store=redis", "login.redis_socket=" + redis_.Socket(),
                 "login.redis_backoff_max_ms=200", "auth.create_accounts=true", "auth.hash_ops=1",
                 "auth.hash_memory_bytes=8192", "auth.key_ttl_s=60", "database.kind=mariadb",
                 "database.socket=" + database_.socket, "database.user=" + database_.user,
                 "database.password=" + database_.password, "database.name=" + database_.name,
                 "database.backoff_max_ms=300", "journal.folder=" + file("journal"),
                 "log.file=", "log.level=warn", "limits.rooms=16", "monitor.metrics=false",
                 "monitor.interval_ms=200"});
    for (const std::string& set : more) {
      args.emplace_back("--set");
      args.push_back(set);
    }
    return args;
  }

  static void AwaitStatus(Process& server, const std::vector<std::string>& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + support::kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      REQUIRE(server.Write("status\n"));
      const auto line = server.ReadLineWith("keys=");
      REQUIRE(line);
      if (std::all_of(wanted.begin(), wanted.end(), [&](const std::string& part) {
            return line->find(part) != std::string::npos;
          })) {
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    FAIL("the servers do not see Redis or the database");
  }

  std::filesystem::path folder_;
  outside::RedisServer redis_;
  storage_test::MariaDbServer* mariadb_ = nullptr;
  db::MariaDbOptions database_;
  std::unique_ptr<Process> monitor_;
  std::unique_ptr<Process> chat_;
  std::unique_ptr<Process> auth_;
  std::string monitor_port_;
  std::string chat_port_;
  std::string auth_port_;
};

}  // namespace

// While people talk: those who are inside talk on, unless it is the chat server that was killed.
void KillTheTalk(World& world, Process& clients, const std::string& victim,
                 std::chrono::duration<double>& back, std::mt19937_64& dice) {
  REQUIRE(clients.ReadLineWith("clients in"));
  REQUIRE(clients.ReadLineWith("status sent="));
  std::this_thread::sleep_for(std::chrono::milliseconds(dice() % 300));  // a random moment
  world.Kill(victim);
  if (victim == "chat server") {
    CHECK(clients.Wait(std::chrono::seconds(90)));
    back = world.StartAgain(victim);
    return;
  }
  REQUIRE(clients.ReadLineWith("status sent="));
  REQUIRE(clients.ReadLineWith("status sent="));
  back = world.StartAgain(victim);
  clients.Stop();  // says no more, and waits for what was said
  const auto code = clients.Wait(std::chrono::seconds(90));
  INFO(clients.Output() << clients.Errors());
  CHECK(code == 0);
}

// While people log in: some are in, some are refused, some have asked and get no answer. They may
// give up; what counts is what they have heard.
void KillTheLogIn(World& world, Process& clients, const std::string& victim,
                  std::chrono::duration<double>& back, std::mt19937_64& dice) {
  std::this_thread::sleep_for(std::chrono::milliseconds(dice() % 100));  // a random moment
  world.Kill(victim);
  std::this_thread::sleep_for(std::chrono::milliseconds(dice() % 200));  // an outage of some length
  back = world.StartAgain(victim);
  clients.Stop();
  CHECK(clients.Wait(std::chrono::seconds(90)));
}

SCENARIO("Whatever is killed, nobody has heard what is not in the database") {
  const std::uint64_t seed = Seed();
  std::mt19937_64 dice(seed);
  std::cout << "COURSE_SEED=" << seed << std::endl;
  GIVEN("Redis, MariaDB, auth, monitor and chat server") {
    World world;
    std::string why;
    if (!world.Start(why)) {
      WARN("skipped: " << why);
      return;
    }
    std::vector<std::string> victims = {"chat server", "Redis", "database", "monitor"};
    std::shuffle(victims.begin(), victims.end(), dice);
    const int rounds = static_cast<int>(victims.size()) * Stress();
    std::set<std::string> heard;
    std::set<std::string> logged_in;
    std::map<std::string, std::pair<int, double>> back;  // victim: rounds, longest way back
    for (int round = 0; round < rounds; ++round) {
      const std::string& victim =
          round < 4 ? victims[static_cast<std::size_t>(round)] : victims[dice() % victims.size()];
      const bool talk = round < 4 || dice() % 3 != 0;
      INFO("round " << round << ": " << victim << (talk ? ", talking" : ", logging in"));
      const std::unique_ptr<Process> clients = world.StartClients(round);
      std::chrono::duration<double> took{};
      (talk ? KillTheTalk : KillTheLogIn)(world, *clients, victim, took, dice);
      auto& [times, longest] = back[victim];
      ++times;
      longest = std::max(longest, took.count());
      world.Collect("heard" + std::to_string(round), heard);
      world.Collect("in" + std::to_string(round), logged_in);
    }
    CHECK(world.StopChat());
    const std::vector<std::string> stored = world.Stored("SELECT msg FROM chat_log");
    CHECK(heard.size() > 50);
    CHECK(std::includes(stored.begin(), stored.end(), heard.begin(), heard.end()));
    CHECK(std::adjacent_find(stored.begin(), stored.end()) == stored.end());
    const std::vector<std::string> logins =
        world.Stored("SELECT account_no FROM login_log WHERE what = 1");
    CHECK(logged_in.size() >= std::size_t{4} * kClients);
    CHECK(std::includes(logins.begin(), logins.end(), logged_in.begin(), logged_in.end()));
    CHECK(std::adjacent_find(logins.begin(), logins.end()) == logins.end());
    std::cout << rounds << " rounds: heard " << heard.size() << ", in the database "
              << stored.size() << "; logged in " << logged_in.size() << ", in the log "
              << logins.size() << "\n";
    for (const auto& [victim, times] : back) {
      std::cout << "  " << victim << " killed " << times.first << " times, back after "
                << times.second << " s at the most\n";
    }
  }
}
