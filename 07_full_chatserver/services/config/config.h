// Everything that the programs of this stage can be told: one struct, filled from one TOML file and
// from
// --set. The defaults are here and nowhere else; names, ranges and explanations are in the option
// table (options.h), from which the parser, --print-config and conf/chat_server.toml are made.
//
// Units are in the names (_ms, _s, _bytes). Threading: filled before any thread starts, only read
// after.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace config {

enum class Accept : unsigned char { kThread, kAcceptEx };
enum class LoginStore : unsigned char { kRedis, kMemory };
enum class DatabaseKind : unsigned char { kSqlite, kMariaDb };
enum class OnFull : unsigned char { kRefuse, kContinue };
enum class JournalSync : unsigned char { kNone, kTurn };
enum class LogLevel : unsigned char { kTrace, kDebug, kInfo, kWarn, kError, kOff };

struct Server {
  std::uint32_t id = 1;
  std::string bind = "127.0.0.1";
  std::uint32_t port = 7000;
  Accept accept = Accept::kThread;
  std::uint32_t accepts_outstanding = 16;
  std::uint32_t backlog = 1024;
  std::uint32_t workers = 0;
  std::uint32_t running = 0;
  std::uint32_t completion_batch = 32;
  bool skip_on_success = true;
  std::uint32_t session_max = 20000;
  std::uint32_t fixed_key = 0xA9;
  bool check_sequence = true;
  std::uint32_t packet_max_bytes = 4096;
  std::uint32_t receive_buffer_bytes = 8192;
  std::uint32_t receive_memory_bytes = 1024 * 1024;
  std::uint32_t receive_packets_per_second = 1000;
  std::uint32_t receive_bytes_per_second = 1024 * 1024;
  std::uint32_t receive_overspeed_ms = 10'000;
  std::uint32_t send_memory_bytes = 1024 * 1024;
  std::uint32_t send_packet_max = 256;
  std::uint32_t send_copy_bytes = 512;
  bool nagle = false;
  std::uint32_t send_buffer_bytes = 0;
  std::uint32_t flush_interval_ms = 0;
  std::uint32_t linger_ms = 5000;
};

struct Limits {
  std::uint32_t message_bytes = 1024;
  std::uint32_t name_bytes = 64;
  std::uint32_t rooms = 1000;
  std::uint32_t players_per_room = 1000;
  std::uint32_t messages_per_second = 20;
  std::uint32_t message_burst = 40;
  std::uint32_t refused_messages = 200;
  std::uint32_t fan_out_bytes_per_second = 64'000'000;
  std::uint32_t connections_per_address = 1000;
  std::uint32_t connection_rate = 100;
  std::uint32_t connection_burst = 500;
  std::uint32_t reserved_percent = 10;
  std::uint32_t known_address_s = 86'400;
  std::uint32_t wrong_keys_per_minute = 30;
};

struct Update {
  std::uint32_t threads = 5;
  std::uint32_t slice_jobs = 256;
  std::uint32_t slice_us = 2000;
};

struct Timeouts {
  std::uint32_t first_packet_ms = 5000;
  std::uint32_t login_ms = 30'000;
  std::uint32_t heartbeat_ms = 60'000;
  std::uint32_t idle_ms = 300'000;
  std::uint32_t check_ms = 1000;
  std::uint32_t shutdown_ms = 10'000;
};

struct Login {
  LoginStore store = LoginStore::kRedis;
  std::string redis_host = "127.0.0.1";
  std::uint32_t redis_port = 6379;
  std::string redis_socket;
  std::string redis_password;
  std::uint32_t redis_database = 0;
  std::string redis_prefix = "chat:session:";
  std::uint32_t redis_connect_ms = 1000;
  std::uint32_t redis_request_ms = 1000;
  std::uint32_t redis_queue_max = 10'000;
  std::uint32_t redis_backoff_min_ms = 50;
  std::uint32_t redis_backoff_max_ms = 2000;
};

struct Auth {
  std::string bind = "127.0.0.1";
  std::uint32_t port = 7001;
  std::uint32_t metrics_port = 7091;
  std::uint32_t session_max = 2000;
  std::uint32_t connections_per_address = 100;
  std::uint32_t key_ttl_s = 60;
  std::uint32_t hash_threads = 1;
  std::uint32_t hash_queue_max = 1000;
  std::uint32_t hash_queue_per_address = 64;
  std::uint32_t hash_ops = 2;
  std::uint32_t hash_memory_bytes = 64 * 1024 * 1024;
  std::uint32_t guesses_per_account = 5;
  std::uint32_t guesses_per_address = 50;
  std::uint32_t guess_window_s = 300;
  std::uint32_t guess_delay_max_ms = 4000;
  std::uint32_t guess_entries_max = 100'000;
  bool create_accounts = false;
};

struct Database {
  DatabaseKind kind = DatabaseKind::kSqlite;
  std::string path = "var/chat.db";
  std::string host = "127.0.0.1";
  std::uint32_t port = 3306;
  std::string socket;
  std::string user = "chat";
  std::string password;
  std::string name = "chat";
  OnFull on_full = OnFull::kRefuse;
  std::uint32_t queue_memory_bytes = 16 * 1024 * 1024;
  std::uint32_t batch_rows = 500;
  std::uint32_t connect_ms = 3000;
  std::uint32_t request_ms = 10'000;
  std::uint32_t backoff_min_ms = 100;
  std::uint32_t backoff_max_ms = 5000;
  std::uint32_t drain_ms = 10'000;
};

struct Journal {
  std::string folder = "var/journal";
  JournalSync sync = JournalSync::kNone;
  std::uint32_t segment_bytes = 16 * 1024 * 1024;
  std::uint64_t max_bytes = 4ULL * 1024 * 1024 * 1024;
  std::uint64_t keep_bytes = 256ULL * 1024 * 1024;
};

struct Monitor {
  bool metrics = true;
  std::string metrics_bind = "127.0.0.1";
  std::uint32_t metrics_port = 7090;
  bool report = true;
  std::string server_host = "127.0.0.1";
  std::uint32_t server_port = 7002;
  std::uint32_t interval_ms = 1000;
  std::uint32_t reconnect_min_ms = 200;
  std::uint32_t reconnect_max_ms = 5000;
  std::string secret;
  std::string secret_file;
};

struct MonitorServer {
  std::string bind = "127.0.0.1";
  std::uint32_t port = 7002;
  std::string http_bind = "127.0.0.1";
  std::uint32_t http_port = 7080;
  std::uint32_t history_s = 3600;
  std::uint32_t servers_max = 64;
  std::uint32_t server_gone_ms = 5000;
  std::vector<std::string> alarms = {"chat_sessions > 18000 for 10",
                                     "chat_database_up < 1 for 5",
                                     "chat_redis_up < 1 for 5",
                                     "chat_countries_stale > 0 for 60",
                                     "chat_records_lost_per_second > 0 for 0",
                                     "chat_rows_parked > 0 for 0"};
};

struct Country {
  std::string database;
  std::vector<std::string> allowed = {"KR"};
  bool allow_loopback = true;
  bool allow_private = false;
  bool allow_unknown = false;
};

struct Congestion {
  bool enabled = true;
  std::uint32_t sample_ms = 500;
  std::uint32_t segments_min = 10'000;
  double retransmit_ratio = 0.1;
  std::uint32_t recheck_ms = 100;
  std::uint32_t clean_checks = 10;
};

struct Log {
  LogLevel level = LogLevel::kInfo;
  bool console = true;
  std::string file = "var/log/{program}.log";
  std::uint32_t rotate_bytes = 16 * 1024 * 1024;
  std::uint32_t rotate_files = 5;
  std::uint32_t flush_ms = 1000;
};

struct Sector {
  std::uint32_t width = 50;
  std::uint32_t height = 50;
  std::uint32_t start_x = 25;
  std::uint32_t start_y = 25;
};

struct Config {
  Server server;
  Limits limits;
  Update update;
  Timeouts timeouts;
  Login login;
  Auth auth;
  Database database;
  Journal journal;
  Monitor monitor;
  MonitorServer monitor_server;
  Country country;
  Congestion congestion;
  Log log;
  Sector sector;
};

}  // namespace config
