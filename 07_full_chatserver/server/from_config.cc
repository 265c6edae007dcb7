#include "server/from_config.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace server {

namespace {

using std::chrono::milliseconds;

net::ServerOptions Common(const config::Config& config) {
  const config::Server& from = config.server;
  net::ServerOptions to;
  to.worker_threads = from.workers;
  to.running_threads = from.running;
  to.backlog = from.backlog;
  to.accept_mode = from.accept == config::Accept::kAcceptEx ? net::AcceptMode::kAcceptEx
                                                            : net::AcceptMode::kAcceptThread;
  to.accepts_outstanding = from.accepts_outstanding;
  to.fixed_key = static_cast<std::uint8_t>(from.fixed_key);
  to.check_sequence = from.check_sequence;
  to.packet_max = from.packet_max_bytes;
  to.receive_buffer = from.receive_buffer_bytes;
  to.receive_memory_max = from.receive_memory_bytes;
  to.receive_packets_per_second = from.receive_packets_per_second;
  to.receive_bytes_per_second = from.receive_bytes_per_second;
  to.receive_overspeed_ms = from.receive_overspeed_ms;
  to.first_packet_timeout_ms = config.timeouts.first_packet_ms;
  to.idle_timeout_ms = config.timeouts.idle_ms;
  to.send_packet_max = from.send_packet_max;
  to.send_copy_max = from.send_copy_bytes;
  to.send_memory_max = from.send_memory_bytes;
  // A tenth before the log-in, but never so little that a ring and a few answers do not fit.
  to.send_memory_untrusted =
      std::min(from.send_memory_bytes,
               std::max(from.send_memory_bytes / 10, 2 * from.receive_buffer_bytes + 32 * 1024));
  to.socket_options.nagle = from.nagle;
  to.socket_options.send_buffer = from.send_buffer_bytes;
  to.linger_ms = from.linger_ms;
  to.completion_batch = from.completion_batch;
  to.skip_on_success = from.skip_on_success;
  return to;
}

}  // namespace

net::ServerOptions ChatNetOptions(const config::Config& config) {
  net::ServerOptions to = Common(config);
  to.host = config.server.bind;
  to.port = config.server.port;
  to.session_max = config.server.session_max;
  return to;
}

net::ServerOptions AuthNetOptions(const config::Config& config) {
  net::ServerOptions to = Common(config);
  to.host = config.auth.bind;
  to.port = config.auth.port;
  to.session_max = config.auth.session_max;
  to.worker_threads = 1;
  return to;
}

net::ServerOptions MonitorNetOptions(const config::Config& config) {
  net::ServerOptions to = Common(config);
  to.host = config.monitor_server.bind;
  to.port = config.monitor_server.port;
  to.session_max =
      config.monitor_server.servers_max * 2;  // one that comes again may be counted twice
  to.worker_threads = 1;
  to.send_memory_untrusted = 0;       // nobody logs in here
  to.first_packet_timeout_ms = 3000;  // a server proves itself at once; others make room
  to.packet_max = 16 * 1024;          // a report has more to say than a player
  to.receive_buffer = 32 * 1024;
  to.receive_memory_max = std::max(to.receive_memory_max, 4 * to.receive_buffer + 128);
  return to;
}

chat::WorldOptions WorldOptions(const config::Config& config) {
  chat::WorldOptions to;
  to.rooms = config.limits.rooms;
  to.room_members_max = config.limits.players_per_room;
  to.limits.requests = {static_cast<double>(config.limits.messages_per_second),
                        static_cast<double>(config.limits.message_burst)};
  to.limits.refused = config.limits.refused_messages;
  to.fan_out_bytes_per_second = config.limits.fan_out_bytes_per_second;
  to.max_message_bytes = config.limits.message_bytes;
  to.flush_interval = milliseconds(config.server.flush_interval_ms);
  to.sector.columns = config.sector.width;
  to.sector.rows = config.sector.height;
  to.start = {config.sector.start_x, config.sector.start_y};
  to.lobby.login_timeout = milliseconds(config.timeouts.login_ms);
  to.lobby.heartbeat_timeout = milliseconds(config.timeouts.heartbeat_ms);
  to.lobby.check_interval = milliseconds(config.timeouts.check_ms);
  return to;
}

job::UpdateOptions UpdateOptions(const config::Config& config) {
  job::UpdateOptions to;
  to.threads = config.update.threads;
  to.slice_jobs = config.update.slice_jobs;
  to.slice_time = std::chrono::microseconds(config.update.slice_us);
  return to;
}

auth::AuthOptions AuthOptions(const config::Config& config) {
  auth::AuthOptions to;
  to.threads = config.auth.hash_threads;
  to.queue_max = config.auth.hash_queue_max;
  to.address_queue_max = config.auth.hash_queue_per_address;
  to.name_bytes = config.limits.name_bytes;
  return to;
}

account::GuessLimits GuessLimits(const config::Config& config) {
  account::GuessLimits to;
  to.per_account = config.auth.guesses_per_account;
  to.per_address = config.auth.guesses_per_address;
  to.window = std::chrono::seconds(config.auth.guess_window_s);
  to.delay_max = milliseconds(config.auth.guess_delay_max_ms);
  to.known_for = std::chrono::seconds(config.limits.known_address_s);
  to.entries_max = config.auth.guess_entries_max;
  return to;
}

account::HashCost HashCost(const config::Config& config) {
  return {config.auth.hash_ops, config.auth.hash_memory_bytes};
}

namespace {

DoorOptions Door(const config::Config& config, std::uint32_t session_max,
                 std::uint32_t per_address) {
  DoorOptions to;
  to.limits.per_address = per_address;
  to.limits.rate = config.limits.connection_rate;
  to.limits.burst = config.limits.connection_burst;
  to.session_max = session_max;
  to.reserved =
      static_cast<std::uint32_t>(std::uint64_t{session_max} * config.limits.reserved_percent / 100);
  to.known_for = std::chrono::seconds(config.limits.known_address_s);
  return to;
}

}  // namespace

DoorOptions ChatDoorOptions(const config::Config& config) {
  DoorOptions to = Door(config, config.server.session_max, config.limits.connections_per_address);
  to.limits.wrong_keys = config.limits.wrong_keys_per_minute;
  return to;
}

DoorOptions AuthDoorOptions(const config::Config& config) {
  DoorOptions to = Door(config, config.auth.session_max, config.auth.connections_per_address);
  to.port = "auth";
  return to;
}

services::CongestionOptions CongestionOptions(const config::Config& config) {
  services::CongestionOptions to;
  to.sample = milliseconds(config.congestion.sample_ms);
  to.recheck = milliseconds(config.congestion.recheck_ms);
  to.segments_min = config.congestion.segments_min;
  to.retransmit_ratio = config.congestion.retransmit_ratio;
  to.clean_checks = config.congestion.clean_checks;
  return to;
}

services::CountryOptions CountryOptions(const config::Config& config) {
  services::CountryOptions to;
  to.database = config.country.database;
  to.allowed = config.country.allowed;
  to.allow_loopback = config.country.allow_loopback;
  to.allow_private = config.country.allow_private;
  to.allow_unknown = config.country.allow_unknown;
  return to;
}

services::LogOptions LogOptions(const config::Config& config, std::string_view program) {
  static constexpr const char* kLevels[] = {"trace", "debug", "info", "warn", "error", "off"};
  services::LogOptions to;
  to.level = kLevels[static_cast<std::size_t>(config.log.level)];
  to.console = config.log.console;
  to.file = config.log.file;
  constexpr std::string_view kProgram = "{program}";
  if (const std::size_t at = to.file.find(kProgram); at != std::string::npos) {
    to.file.replace(at, kProgram.size(), program);
  }
  to.rotate_bytes = config.log.rotate_bytes;
  to.rotate_files = config.log.rotate_files;
  to.flush = milliseconds(config.log.flush_ms);
  return to;
}

services::ReportLinkOptions ReportLinkOptions(const config::Config& config) {
  services::ReportLinkOptions to;
  to.reconnect_min = milliseconds(config.monitor.reconnect_min_ms);
  to.reconnect_max = milliseconds(config.monitor.reconnect_max_ms);
  return to;
}

std::string MonitorSecret(const config::Config& config) {
  std::string secret = config.monitor.secret;
  if (const std::string& file = config.monitor.secret_file; secret.empty() && !file.empty()) {
    std::ifstream in{std::filesystem::path(std::u8string(file.begin(), file.end()))};
    if (!std::getline(in, secret)) throw std::invalid_argument(file + ": no secret in it");
    while (secret.ends_with('\r')) secret.pop_back();
  }
  if (const char* given = std::getenv("CHAT_MONITOR_SECRET"); secret.empty() && given != nullptr) {
    secret = given;
  }
  if (secret.empty() && !config.monitor_server.bind.starts_with("127.")) {
    throw std::invalid_argument("needed: monitor_server.bind lets other machines report");
  }
  return secret;
}

services::MonitorOptions MonitorOptions(const config::Config& config) {
  services::MonitorOptions to;
  const std::uint64_t every = config.monitor.interval_ms;  // at which a server reports
  to.history_points =
      static_cast<std::size_t>((config.monitor_server.history_s * 1000ULL + every - 1) / every);
  to.servers_max = config.monitor_server.servers_max;
  to.server_gone_ms = config.monitor_server.server_gone_ms;
  for (const std::string& line : config.monitor_server.alarms) {
    std::string error;
    const auto rule = services::ParseAlarmRule(line, error);
    if (!rule) throw std::invalid_argument("\"" + line + "\": " + error);
    to.alarms.push_back(*rule);
  }
  return to;
}

journal::JournalOptions JournalOptions(const config::Config& config) {
  journal::JournalOptions to;
  to.folder = config.journal.folder;
  to.sync = config.journal.sync == config::JournalSync::kTurn;
  to.hold_when_sync_fails = config.database.on_full != config::OnFull::kContinue;
  to.keep_bytes = config.journal.keep_bytes;
  to.segment_bytes = config.journal.segment_bytes;
  to.max_bytes = config.journal.max_bytes;
  return to;
}

db::WriterOptions WriterOptions(const config::Config& config) {
  db::WriterOptions to;
  to.on_full = config.database.on_full == config::OnFull::kContinue ? db::OnFull::kContinue
                                                                    : db::OnFull::kRefuse;
  to.queue_memory_bytes = config.database.queue_memory_bytes;
  to.batch_rows = config.database.batch_rows;
  to.backoff_min = milliseconds(config.database.backoff_min_ms);
  to.backoff_max = milliseconds(config.database.backoff_max_ms);
  return to;
}

std::unique_ptr<db::Connection> MakeConnection(const config::Config& config) {
  const config::Database& from = config.database;
  if (from.kind == config::DatabaseKind::kSqlite) {
    db::SqliteOptions to;
    to.path = from.path;
    to.survive_power_cut = config.journal.sync == config::JournalSync::kTurn;
    to.lock_ms = from.request_ms;
    return db::MakeSqlite(to);
  }
  db::MariaDbOptions to;
  to.host = from.host;
  to.port = from.port;
  to.socket = from.socket;
  to.user = from.user;
  to.password = from.password;
  to.name = from.name;
  to.connect_ms = from.connect_ms;
  to.request_ms = from.request_ms;
  return db::MakeMariaDb(to);
}

}  // namespace server
