// Everything that the programs of this stage can be told, filled from one TOML file and from --set:
// the option structs of the parts as they are, each key bound to a member of the very struct that
// its part takes, and around them what belongs to no single part. Names, ranges and explanations
// are in the option table (options.h), from which the parser, --print-config and
// conf/chat_server.toml are made.
//
// Plain numbers have their units in their names (_ms, _s, _bytes). Threading: filled before any
// thread starts, only read after.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "auth/auth_options.h"
#include "chat/world_options.h"
#include "job/update_threads.h"
#include "net/server_options.h"
#include "services/account/guess_limiter.h"
#include "services/account/password.h"
#include "services/admission/connection_gate.h"
#include "services/congestion/congestion_judge.h"
#include "services/country/country_check.h"
#include "services/db/connection.h"
#include "services/db/db_writer.h"
#include "services/journal/journal.h"
#include "services/log/log_setup.h"
#include "services/monitor/collector.h"
#include "services/monitor/monitor_core.h"
#include "services/monitor/report_link.h"
#include "services/redis/redis_options.h"

namespace config {

enum class LoginStore : unsigned char { kRedis, kMemory };
enum class DatabaseKind : unsigned char { kSqlite, kMariaDb };

struct Login {
  LoginStore store = LoginStore::kRedis;
  services::RedisOptions redis;
  std::string redis_prefix = "chat:session:";
};

// What auth_server has of its own; the rest of its network is the chat server's.
struct Auth {
  std::string bind = "127.0.0.1";
  std::uint32_t port = 7001;
  std::uint32_t metrics_port = 7091;
  std::uint32_t session_max = 2000;
  std::uint32_t connections_per_address = 100;
  std::chrono::seconds key_ttl{60};
  auth::AuthOptions desk;
  account::HashCost hash;
  account::GuessLimits guesses;  // known_for: of the doors, too
  bool create_accounts = false;
};

struct Database {
  DatabaseKind kind = DatabaseKind::kSqlite;
  db::SqliteOptions sqlite;
  db::MariaDbOptions mariadb;
  db::WriterOptions writer;
  std::chrono::milliseconds drain{10'000};
};

struct Monitor {
  bool metrics = true;
  std::string metrics_bind = "127.0.0.1";
  std::uint32_t metrics_port = 7090;
  bool report = true;
  std::string server_host = "127.0.0.1";
  std::uint32_t server_port = 7002;
  services::CollectorOptions collector;
  services::ReportLinkOptions link;
  std::string secret;
  std::string secret_file;
};

struct MonitorServer {
  std::string bind = "127.0.0.1";
  std::uint32_t port = 7002;
  std::string http_bind = "127.0.0.1";
  std::uint32_t http_port = 7080;
  std::uint32_t history_s = 3600;
  services::MonitorOptions core;  // its alarms are those below
  std::vector<std::string> alarms = {"chat_sessions > 18000 for 10",
                                     "chat_database_up < 1 for 5",
                                     "chat_redis_up < 1 for 5",
                                     "chat_countries_stale > 0 for 60",
                                     "chat_records_lost_per_second > 0 for 0",
                                     "chat_rows_rejected_per_second > 0 for 0",
                                     "chat_rows_parked > 0 for 0"};
};

struct Congestion {
  bool enabled = true;
  services::CongestionOptions judge;
};

struct Config {
  // Sets what these programs want otherwise than the parts do by themselves.
  Config();

  net::ServerOptions server;
  chat::WorldOptions world;
  job::UpdateOptions update;
  services::ConnectionLimits connections;  // of the chat port
  std::uint32_t reserved_percent = 10;     // of either port's slots
  std::chrono::milliseconds shutdown{10'000};
  Login login;
  Auth auth;
  Database database;
  journal::JournalOptions journal;
  Monitor monitor;
  MonitorServer monitor_server;
  services::CountryOptions country;
  Congestion congestion;
  services::LogOptions log;
};

}  // namespace config
