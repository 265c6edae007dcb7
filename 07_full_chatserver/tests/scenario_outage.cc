// The programs on a real Redis and a real MariaDB, and one of them is killed at a time, while
// people talk: chat server, Redis, MariaDB, monitor server, in random order.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/process.h"
#include "tests/database_support.h"
#include "tests/outside/redis_server.h"

namespace {

using support::Process;

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

  std::unique_ptr<Process> StartClients(int round, const std::string& heard) {
    return std::make_unique<Process>(
        "dummy_client", std::vector<std::string>{
                            "--port", chat_port_, "--auth-port", auth_port_, "--sessions", "12",
                            "--rooms", "3", "--rate", "8", "--for", "600", "--patience", "60",
                            "--status", "--heard", heard, "--seed", std::to_string(1000 + round)});
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

  std::vector<std::string> Stored() {
    const std::unique_ptr<db::Connection> connection = db::MakeMariaDb(database_);
    REQUIRE(connection->Open().ok());
    std::vector<db::Row> rows;
    REQUIRE(connection->Run("SELECT msg FROM chat_log", {}, &rows).ok());
    std::vector<std::string> messages;
    for (const db::Row& row : rows) messages.push_back(db::TextOf(row[0]));
    return messages;
  }

  [[nodiscard]] std::string file(const std::string& name) const {
    return (folder_ / name).string();
  }

 private:
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

SCENARIO("Whatever is killed, nobody has heard what is not in the database") {
  const std::uint64_t seed = Seed();
  std::mt19937_64 dice(seed);
  INFO("COURSE_SEED=" << seed);
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
    for (int round = 0; round < rounds; ++round) {
      const std::string& victim =
          round < 4 ? victims[static_cast<std::size_t>(round)] : victims[dice() % victims.size()];
      INFO("round " << round << ": " << victim);
      const std::string file = world.file("heard" + std::to_string(round));
      const std::unique_ptr<Process> clients = world.StartClients(round, file);
      REQUIRE(clients->ReadLineWith("12 clients in"));
      REQUIRE(clients->ReadLineWith("status sent="));
      std::this_thread::sleep_for(std::chrono::milliseconds(dice() % 300));  // a random moment
      if (victim == "chat server") {
        world.KillChat();
        CHECK(clients->Wait(std::chrono::seconds(90)));
        world.StartChat();
      } else {
        if (victim == "Redis") world.KillRedis();
        if (victim == "database") world.KillDatabase();
        if (victim == "monitor") world.KillMonitor();
        // Those who are inside talk on.
        REQUIRE(clients->ReadLineWith("status sent="));
        REQUIRE(clients->ReadLineWith("status sent="));
        if (victim == "Redis") world.StartRedis();
        if (victim == "database") world.StartDatabase();
        if (victim == "monitor") world.StartMonitor();
        clients->Stop();  // says no more, and waits for what was said
        const auto code = clients->Wait(std::chrono::seconds(90));
        INFO(clients->Output() << clients->Errors());
        CHECK(code == 0);
      }
      world.AwaitAllUp();
      std::ifstream lines(file, std::ios::binary);
      for (std::string line; std::getline(lines, line);) heard.insert(line);
    }
    CHECK(world.StopChat());
    const std::vector<std::string> rows = world.Stored();
    const std::set<std::string> stored(rows.begin(), rows.end());
    CHECK(heard.size() > 50);
    CHECK(std::includes(stored.begin(), stored.end(), heard.begin(), heard.end()));
    CHECK(stored.size() == rows.size());
  }
}
