// --check-config: what it calls fine can be started with, and what cannot is said with its key.
#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "server/check_config.h"
#include "server/from_config.h"
#include "tests/outside/redis_server.h"
#include "tests/support/catch.h"
#include "tests/support/metered_server.h"
#include "tests/support/storage_support.h"

namespace {

using storage_test::TemporaryFolder;
using support::Finished;
using support::MeteredServer;

Finished RunWith(const TemporaryFolder& folder, const std::vector<std::string>& sets,
                 const std::string& check) {
  std::vector<std::string> arguments = MeteredServer::Arguments(folder.path(), sets);
  if (!check.empty()) arguments.push_back(check);
  return support::Run("chat_server", arguments);
}

std::vector<std::string> FilesIn(const TemporaryFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

bool Names(const std::vector<config::Finding>& found, const std::string& key) {
  return found.size() == 1 && found[0].key == key && !found[0].what.empty();
}

}  // namespace

SCENARIO("What a start would refuse is refused by the check, too, with its key") {
  const TemporaryFolder folder;
  const std::pair<const char*, const char*> bad[] = {
      {"congestion.retransmit_percent=0", "congestion.retransmit_percent: "},
      {"congestion.retransmit_percent=100", "congestion.retransmit_percent: "},
      {"congestion.recheck_ms=501", "congestion.recheck_ms: "},
      {"congestion.sample_ms=50", "congestion.recheck_ms: "},
      {"sector.width=1001", "sector.width: "},
      {"sector.height=1001", "sector.height: "},
      {"login.redis_database=16", "login.redis_database: "},
      {"monitor_server.alarms=chat_sessions ~ 5", "monitor_server.alarms: "},
  };
  for (const auto& [set, key] : bad) {
    for (const char* check : {"--check-config", ""}) {
      const Finished done = RunWith(folder, {set}, check);
      INFO(set << " " << check << "\n" << done.output << done.errors);
      CHECK(done.exit_code == 2);
      CHECK(done.errors.find(key) != std::string::npos);
      CHECK(done.errors.find("--set " + std::string(set)) != std::string::npos);
    }
  }
  CHECK(FilesIn(folder).empty());
}

SCENARIO("The check opens files and folders, and leaves nothing behind") {
  const TemporaryFolder folder;
  std::ofstream(folder.File("text")) << "this is not a database";
  const std::pair<std::string, const char*> bad[] = {
      {"journal.folder=/proc/journal", "journal.folder: "},
      {"database.path=/proc/chat.db", "database.path: "},
      {"database.path=" + folder.File("text"), "database.path: "},
      {"country.database=" + folder.File("text"), "country.database: "},
      {"log.file=/proc/{program}.log", "log.file: "},
  };
  for (const auto& [set, key] : bad) {
    const Finished done = RunWith(folder, {set}, "--check-config");
    INFO(set << "\n" << done.output << done.errors);
    CHECK(done.exit_code == 2);
    CHECK(done.errors.find(key) != std::string::npos);
  }
  const Finished fine = RunWith(folder, {}, "--check-config");
  INFO(fine.errors);
  CHECK(fine.exit_code == 0);
  CHECK(fine.output == "configuration is fine\n");
  CHECK(FilesIn(folder) == std::vector<std::string>{"text"});
}

SCENARIO("Each program checks the log file that it writes itself") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.File("auth_server.log"));  // in the way of that one
  for (const char* program : {"chat_server", "auth_server", "monitor_server"}) {
    std::vector<std::string> arguments =
        MeteredServer::Arguments(folder.path(), {"log.file=" + folder.File("{program}.log")});
    arguments.emplace_back("--check-config");
    const Finished done = support::Run(program, arguments);
    INFO(program << "\n" << done.output << done.errors);
    CHECK(done.exit_code == (std::string(program) == "auth_server" ? 2 : 0));
  }
}

SCENARIO("--check-config=deep says of each service whether it answers") {
  const TemporaryFolder folder;
  outside::RedisServer redis;
  if (!outside::RedisServer::IsInstalled()) return;
  support::Process monitor("monitor_server",
                           MeteredServer::Arguments(folder.path(), {"monitor_server.port=0",
                                                                    "monitor_server.http_port=0"}));
  const auto port = monitor.ReadPort();
  REQUIRE(port);
  const std::string at = "127.0.0.1:" + std::to_string(*port);
  const std::vector<std::string> sets{"login.store=redis", "login.redis_socket=" + redis.Socket(),
                                      "login.redis_connect_ms=500", "monitor.report=true",
                                      "monitor.server_port=" + std::to_string(*port)};
  const Finished away = RunWith(folder, sets, "--check-config=deep");
  INFO(away.output << away.errors);
  CHECK(away.exit_code == 1);
  CHECK(away.output.find("redis " + redis.Socket() + ": reached") == std::string::npos);
  CHECK(away.output.find("redis " + redis.Socket() + ": ") != std::string::npos);
  CHECK(away.output.find("monitor " + at + ": reached\n") != std::string::npos);

  REQUIRE(redis.Start());
  const Finished here = RunWith(folder, sets, "--check-config=deep");
  INFO(here.output << here.errors);
  CHECK(here.exit_code == 0);
  CHECK(here.output.find("redis " + redis.Socket() + ": reached\n") != std::string::npos);
  CHECK(redis.Cli({"DBSIZE"}) == "0");
  CHECK(FilesIn(folder).empty());
}

SCENARIO("Every part is asked itself, whatever the ranges of the keys say") {
  using Spoil = void (*)(config::Config&);
  const std::pair<const char*, Spoil> parts[] = {
      {"server", [](config::Config& to) { to.server.backlog = 0; }},
      {"auth", [](config::Config& to) { to.auth.session_max = 0; }},
      {"monitor_server", [](config::Config& to) { to.monitor_server.core.servers_max = 0; }},
      {"monitor_server.alarms", [](config::Config& to) { to.monitor_server.alarms = {"?"}; }},
      {"sector", [](config::Config& to) { to.world.sector.columns = 5000; }},
      {"sector",
       [](config::Config& to) {
         to.world.start = {50, 0};
       }},
      {"journal", [](config::Config& to) { to.journal.segment_bytes = 0; }},
      {"database", [](config::Config& to) { to.database.writer.batch_rows = 0; }},
      {"monitor", [](config::Config& to) { to.monitor.link.reconnect_min = {}; }},
      {"update", [](config::Config& to) { to.update.slice_jobs = 0; }},
      {"login", [](config::Config& to) { to.login.redis.database = 99; }},
      {"congestion", [](config::Config& to) { to.congestion.judge.clean_checks = 0; }},
      {"log", [](config::Config& to) { to.log.rotate_bytes = 1; }},
      {"auth", [](config::Config& to) { to.auth.desk.threads = 0; }},
      {"auth", [](config::Config& to) { to.auth.hash.memory_bytes = 1; }},
      {"auth", [](config::Config& to) { to.auth.guesses.window = {}; }},
      {"limits", [](config::Config& to) { to.connections.entries_max = 0; }},
      {"country", [](config::Config& to) { to.country.allowed = {"Korea"}; }},
      {"database", [](config::Config& to) { to.database.sqlite.path.clear(); }},
      {"database",
       [](config::Config& to) {
         to.database.kind = config::DatabaseKind::kMariaDb;
         to.database.mariadb.name.clear();
       }},
      {"monitor", [](config::Config& to) { to.monitor.collector.interval = {}; }},
      {"monitor_server", [](config::Config& to) { to.monitor_server.core.server_gone_ms = 0; }},
  };
  CHECK(server::CheckOptions({}).empty());
  for (const auto& [key, spoil] : parts) {
    config::Config config;
    spoil(config);
    INFO(key);
    const auto found = server::CheckOptions(config);
    // What the two other listeners share with the chat's is wrong there as well.
    if (std::string(key) == "server")
      CHECK((found.size() == 3 && found[0].key == key));
    else
      CHECK(Names(found, key));
  }
  // The monitor's link takes larger packets than the chat: that is its own affair.
  config::Config small;
  small.server.packet_max = 64;
  small.world.max_message_bytes = 16;
  small.server.receive_buffer = 128;
  small.server.receive_memory_max = 4096;
  CHECK(server::CheckOptions(small).empty());
}

SCENARIO("database.request_ms is how long SQLite waits for a lock, too") {
  const TemporaryFolder folder;
  config::Config config;
  config.database.sqlite.path = folder.File("chat.db");
  config.database.mariadb.request_ms = 100;
  const auto connection = server::MakeConnection(config);
  REQUIRE(connection->Open().ok());
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open(config.database.sqlite.path.c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  const auto began = std::chrono::steady_clock::now();
  CHECK(connection->Begin().code == db::Code::kUnavailable);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(4));
  sqlite3_close(other);
}
