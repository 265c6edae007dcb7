#include "server/from_config.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace server {

namespace {

// A tenth before the log-in, but never so little that a ring and a few answers do not fit.
std::uint32_t UntrustedMemory(const net::ServerOptions& options) {
  return std::min(options.send_memory_max,
                  std::max(options.send_memory_max / 10, 2 * options.receive_buffer + 32 * 1024));
}

}  // namespace

net::ServerOptions ChatNetOptions(const config::Config& config) {
  net::ServerOptions to = config.server;
  to.send_memory_untrusted = UntrustedMemory(to);
  return to;
}

net::ServerOptions AuthNetOptions(const config::Config& config) {
  net::ServerOptions to = ChatNetOptions(config);
  to.host = config.auth.bind;
  to.port = config.auth.port;
  to.session_max = config.auth.session_max;
  to.worker_threads = 1;
  return to;
}

net::ServerOptions MonitorNetOptions(const config::Config& config) {
  net::ServerOptions to = config.server;
  to.host = config.monitor_server.bind;
  to.port = config.monitor_server.port;
  // One that comes again may be counted twice.
  to.session_max = static_cast<std::uint32_t>(config.monitor_server.core.servers_max * 2);
  to.worker_threads = 1;
  to.first_packet_timeout_ms = 3000;  // a server proves itself at once; others make room
  to.packet_max = 16 * 1024;          // a report has more to say than a player
  to.receive_buffer = 32 * 1024;
  to.receive_memory_max = std::max(to.receive_memory_max, 4 * to.receive_buffer + 128);
  return to;
}

namespace {

DoorOptions Door(const config::Config& config, std::uint32_t session_max,
                 std::uint32_t per_address) {
  DoorOptions to;
  to.limits = config.connections;
  to.limits.per_address = per_address;
  to.session_max = session_max;
  to.reserved =
      static_cast<std::uint32_t>(std::uint64_t{session_max} * config.reserved_percent / 100);
  to.known_for = config.auth.guesses.known_for;
  return to;
}

}  // namespace

DoorOptions ChatDoorOptions(const config::Config& config) {
  return Door(config, config.server.session_max, config.connections.per_address);
}

DoorOptions AuthDoorOptions(const config::Config& config) {
  DoorOptions to = Door(config, config.auth.session_max, config.auth.connections_per_address);
  to.port = "auth";
  to.limits.wrong_keys = 0;  // nobody shows one there
  return to;
}

services::LogOptions LogOptions(const config::Config& config, std::string_view program) {
  services::LogOptions to = config.log;
  constexpr std::string_view kProgram = "{program}";
  if (const std::size_t at = to.file.find(kProgram); at != std::string::npos) {
    to.file.replace(at, kProgram.size(), program);
  }
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
  services::MonitorOptions to = config.monitor_server.core;
  // At which a server reports.
  const auto every = static_cast<std::uint64_t>(config.monitor.collector.interval.count());
  to.history_points =
      static_cast<std::size_t>((config.monitor_server.history_s * 1000ULL + every - 1) / every);
  for (const std::string& line : config.monitor_server.alarms) {
    std::string error;
    const auto rule = services::ParseAlarmRule(line, error);
    if (!rule) throw std::invalid_argument("\"" + line + "\": " + error);
    to.alarms.push_back(*rule);
  }
  return to;
}

journal::JournalOptions JournalOptions(const config::Config& config) {
  journal::JournalOptions to = config.journal;
  to.hold_when_sync_fails = config.database.writer.on_full != db::OnFull::kContinue;
  return to;
}

std::unique_ptr<db::Connection> MakeConnection(const config::Config& config) {
  const config::Database& from = config.database;
  if (from.kind == config::DatabaseKind::kMariaDb) return db::MakeMariaDb(from.mariadb);
  db::SqliteOptions to = from.sqlite;
  to.survive_power_cut = config.journal.sync;
  to.lock_ms = from.mariadb.request_ms;  // one key for both
  return db::MakeSqlite(to);
}

}  // namespace server
