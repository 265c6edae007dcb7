#include "server/check_config.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/connect_attempt.h"
#include "server/from_config.h"
#include "server/session_keys.h"
#include "services/country/mmdb_file.h"
#include "services/monitor/metrics_endpoint.h"

namespace server {

namespace {

namespace fs = std::filesystem;
using Findings = std::vector<config::Finding>;

void Add(Findings& to, const char* key, const std::optional<std::string>& wrong) {
  if (wrong && !wrong->empty()) to.push_back({key, *wrong});
}

std::optional<std::string> WrongOf(const net::ServerOptions& options) {
  const net::Status status = options.Validate();
  return status.ok() ? std::nullopt : std::optional<std::string>(status.error());
}

template <class Make>
std::optional<std::string> WhatThrows(Make make, const config::Config& config) {
  try {
    (void)make(config);
    return std::nullopt;
  } catch (const std::exception& error) {
    return error.what();
  }
}

fs::path PathOf(const std::string& text) {
  return std::u8string(text.begin(), text.end());
}

// Nothing but trying says whether a file can be made: rights, a system that is read-only, a disk
// without room for names.
std::string WhyNotWritable(fs::path folder) {
  std::error_code error;
  while (!folder.empty() && !fs::is_directory(folder, error)) folder = folder.parent_path();
  if (folder.empty()) folder = ".";
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  const fs::path probe = folder / (".check-config-" + std::to_string(now));
  const bool made = std::ofstream(probe).put('x').flush().good();
  fs::remove(probe, error);
  return made ? "" : "nothing can be written in the folder " + folder.string();
}

std::string WhyNotOpened(const fs::path& file) {
  std::error_code error;
  if (!fs::exists(file, error)) return WhyNotWritable(file.parent_path());
  const bool opened = std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).is_open();
  return opened ? "" : file.string() + " cannot be opened for writing";
}

std::string WhyNoSqlite(const fs::path& file) {
  if (std::string why = WhyNotOpened(file); !why.empty()) return why;
  std::string begin(16, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(begin.data(), 16);
  const bool database = in.gcount() == 0 || begin == std::string("SQLite format 3\0", 16);
  return database ? "" : file.string() + " is not an SQLite database";
}

std::string WhyNoCountries(const std::string& file) {
  std::string error;
  if (file.empty() || services::MmdbFile::Open(file, error) != nullptr) return "";
  return file + ": " + error;
}

std::string ReachMonitor(const config::Config& config) {
  const auto ip = net::ParseIpv4(config.monitor.server_host);
  if (!ip) return "not an IPv4 address";
  const net::WinsockScope winsock;
  net::ConnectAttempt attempt;
  net::UniqueSocket socket;
  const net::Status status =
      attempt.Run({*ip, static_cast<std::uint16_t>(config.monitor.server_port)},
                  config.monitor.link.connect_timeout, socket);
  return status.ok() ? "" : status.error();
}

std::string HostOf(const std::string& socket, const std::string& host, std::uint32_t port) {
  return socket.empty() ? host + ":" + std::to_string(port) : socket;
}

}  // namespace

Findings CheckOptions(const config::Config& config) {
  Findings found;
  Add(found, "server", WrongOf(ChatNetOptions(config)));
  Add(found, "auth", WrongOf(AuthNetOptions(config)));
  Add(found, "monitor_server", WrongOf(MonitorNetOptions(config)));
  Add(found, "auth", config.auth.desk.Validate());
  Add(found, "auth", config.auth.hash.Validate());
  Add(found, "auth", config.auth.guesses.Validate());
  Add(found, "limits", config.connections.Validate());
  Add(found, "country", config.country.Validate());
  Add(found, "monitor_server", config.monitor_server.core.Validate());
  const auto interval = config.monitor.collector.Validate();
  Add(found, "monitor", interval);
  if (!interval) Add(found, "monitor_server.alarms", WhatThrows(MonitorOptions, config));
  Add(found, "monitor.secret", WhatThrows(MonitorSecret, config));
  Add(found, "sector", config.world.Validate());
  Add(found, "update", config.update.Validate());
  Add(found, "journal", config.journal.Validate());
  Add(found, "database", config.database.writer.Validate());
  Add(found, "monitor", config.monitor.link.Validate());
  Add(found, "login", ValidateKeys(config.login));
  Add(found, "congestion", config.congestion.judge.Validate());
  Add(found, "log", config.log.Validate());
  const config::Database& database = config.database;
  const bool is_mariadb = database.kind == config::DatabaseKind::kMariaDb;
  const auto wrong = is_mariadb ? database.mariadb.Validate() : database.sqlite.Validate();
  Add(found, "database", wrong);
  if (!wrong && MakeConnection(config) == nullptr) {
    Add(found, "database.kind", "this program was built without that database");
  }
  return found;
}

Findings CheckMetrics(const config::Config& config) {
  Findings found;
  if (config.monitor.metrics && !services::MetricsEndpoint::IsBuiltIn()) {
    Add(found, "monitor.metrics",
        "this program was built without prometheus-cpp; monitor.metrics = false works");
  }
  return found;
}

Findings CheckFiles(const config::Config& config, std::string_view program) {
  Findings found;
  Add(found, "journal.folder", WhyNotWritable(PathOf(config.journal.folder)));
  if (config.database.kind == config::DatabaseKind::kSqlite) {
    Add(found, "database.path", WhyNoSqlite(PathOf(config.database.sqlite.path)));
  }
  if (const std::string file = LogOptions(config, program).file; !file.empty()) {
    Add(found, "log.file", WhyNotOpened(PathOf(file)));
  }
  Add(found, "country.database", WhyNoCountries(config.country.database));
  return found;
}

std::vector<config::Reached> Reach(const config::Config& config) {
  spdlog::set_level(spdlog::level::off);  // what is found is one line each, and the program ends
  std::vector<config::Reached> reached;
  const config::Login& login = config.login;
  if (login.store == config::LoginStore::kRedis) {
    reached.push_back(
        {"redis " + HostOf(login.redis.unix_socket, login.redis.host, login.redis.port),
         ReachKeys(login)});
  }
  if (const config::Database& database = config.database;
      database.kind == config::DatabaseKind::kMariaDb) {
    const db::Result opened = MakeConnection(config)->Open();
    reached.push_back({"database " + HostOf(database.mariadb.socket, database.mariadb.host,
                                            database.mariadb.port),
                       opened.ok() ? "" : opened.text});
  }
  if (config.monitor.report) {
    reached.push_back(
        {"monitor " + HostOf("", config.monitor.server_host, config.monitor.server_port),
         ReachMonitor(config)});
  }
  return reached;
}

config::Probes ConfigProbes(const std::string& program) {
  const auto files = [program](const config::Config& config) {
    return CheckFiles(config, program);
  };
  config::Probes probes{{CheckOptions}, {files}, Reach};
  // monitor_server has no /metrics: nothing of it must keep that from starting.
  if (program != "monitor_server") probes.options.push_back(CheckMetrics);
  return probes;
}

}  // namespace server
