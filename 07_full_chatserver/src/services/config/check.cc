#include "services/config/check.h"

#include <algorithm>
#include <set>

#include "net/peer_address.h"

namespace config {

namespace {

// As everybody writes it: no leading zeros, which other programs read as octal.
bool IsIpv4(std::string_view text) {
  const auto ip = net::ParseIpv4(text);
  return ip && net::ToString({*ip, 0}) == std::string(text) + ":0";
}

class Checker {
 public:
  Checker(std::string_view file, const Places& places, std::vector<std::string>& problems)
      : file_(file), places_(places), problems_(problems) {}

  // `key` is what is wrong, `other` what it is wrong with: the one that was given is pointed at.
  void Require(bool fine, std::string_view key, std::string_view other, const std::string& what) {
    if (fine) return;
    auto place = places_.find(key);
    if (place == places_.end()) place = places_.find(other);
    const std::string where = place != places_.end() ? place->second : std::string(file_) + ": ";
    problems_.push_back(where + std::string(key) + ": " + what);
    sections_.insert(SectionOf(key));
  }
  // Those in which something is wrong.
  const std::set<std::string>& sections() const { return sections_; }
  static std::string SectionOf(std::string_view key) {
    return std::string(key.substr(0, key.find('.')));
  }

 private:
  std::string_view file_;
  const Places& places_;
  std::vector<std::string>& problems_;
  std::set<std::string> sections_;
};

void CheckServer(const Config& config, Checker& check) {
  const net::ServerOptions& server = config.server;
  const std::uint64_t ring = server.packet_max + 5ULL;
  check.Require(
      server.receive_buffer >= ring, "server.receive_buffer_bytes", "server.packet_max_bytes",
      std::to_string(server.receive_buffer) + " is less than server.packet_max_bytes + 5 = " +
          std::to_string(ring) + ": a packet could never become whole");
  const std::uint64_t memory = 4ULL * server.receive_buffer + 128;
  check.Require(
      server.receive_memory_max >= memory, "server.receive_memory_bytes",
      "server.receive_buffer_bytes",
      std::to_string(server.receive_memory_max) +
          " is less than 4 * server.receive_buffer_bytes + 128 = " + std::to_string(memory));
  // Header, field tags and lengths of a chat packet around its text.
  const std::uint64_t packet = config.world.max_message_bytes + 32ULL;
  check.Require(server.packet_max >= packet, "limits.message_bytes", "server.packet_max_bytes",
                std::to_string(config.world.max_message_bytes) +
                    " does not fit into a packet: server.packet_max_bytes is " +
                    std::to_string(server.packet_max) + " and needs 32 bytes around the text");
}

void CheckServices(const Config& config, Checker& check) {
  using std::chrono::milliseconds;
  const auto order = [&](milliseconds least, milliseconds most, std::string_view key,
                         std::string_view other) {
    check.Require(least <= most, key, other,
                  std::to_string(least.count()) + " is more than " + std::string(other) + " = " +
                      std::to_string(most.count()));
  };
  order(config.login.redis.backoff_first, config.login.redis.backoff_max,
        "login.redis_backoff_min_ms", "login.redis_backoff_max_ms");
  order(config.database.writer.backoff_min, config.database.writer.backoff_max,
        "database.backoff_min_ms", "database.backoff_max_ms");
  order(config.monitor.link.reconnect_min, config.monitor.link.reconnect_max,
        "monitor.reconnect_min_ms", "monitor.reconnect_max_ms");
  order(config.congestion.judge.recheck, config.congestion.judge.sample, "congestion.recheck_ms",
        "congestion.sample_ms");
  const bool redis_named =
      !config.login.redis.host.empty() || !config.login.redis.unix_socket.empty();
  check.Require(config.login.store != LoginStore::kRedis || redis_named, "login.redis_host",
                "login.redis_socket", "empty, and login.redis_socket too: where is Redis?");
  const bool database_named =
      !config.database.mariadb.host.empty() || !config.database.mariadb.socket.empty();
  check.Require(config.database.kind != DatabaseKind::kMariaDb || database_named, "database.host",
                "database.socket", "empty, and database.socket too: where is MariaDB?");
  check.Require(config.journal.max_bytes >= 2ULL * config.journal.segment_bytes,
                "journal.max_bytes", "journal.segment_bytes",
                "must hold two files of journal.segment_bytes = " +
                    std::to_string(config.journal.segment_bytes));
}

void CheckGame(const Config& config, Checker& check) {
  check.Require(config.world.start.x < config.world.sector.columns, "sector.start_x",
                "sector.width",
                std::to_string(config.world.start.x) + " is outside: sector.width is " +
                    std::to_string(config.world.sector.columns));
  check.Require(config.world.start.y < config.world.sector.rows, "sector.start_y", "sector.height",
                std::to_string(config.world.start.y) + " is outside: sector.height is " +
                    std::to_string(config.world.sector.rows));
}

}  // namespace

bool TextIsAllowed(std::string_view value, Text rule) {
  // A NUL would end the text early wherever it meets a C interface.
  if (value.find('\0') != std::string_view::npos) return false;
  switch (rule) {
    case Text::kAny:
      return true;
    case Text::kNotEmpty:
      return !value.empty();
    case Text::kIpv4:
      return IsIpv4(value);
    case Text::kCountry:
      return value.size() == 2 &&
             std::ranges::all_of(value, [](char c) { return c >= 'A' && c <= 'Z'; });
  }
  return false;
}

void CheckTogether(const Config& config, std::string_view file, const Places& places,
                   const Checks& more, std::vector<std::string>& problems) {
  Checker check(file, places, problems);
  CheckServer(config, check);
  CheckServices(config, check);
  CheckGame(config, check);
  for (const Finding& finding : CheckPaths(config)) {
    check.Require(false, finding.key, finding.key, finding.what);
  }
  // The parts say the same of their own options, in their own words: once is enough.
  const std::set<std::string> known = check.sections();
  for (const Check& part : more) {
    for (const Finding& finding : part(config)) {
      if (!known.contains(Checker::SectionOf(finding.key))) {
        check.Require(false, finding.key, finding.key, finding.what);
      }
    }
  }
}

}  // namespace config
