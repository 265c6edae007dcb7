#include "services/db/connection.h"

namespace db {

std::string_view ToString(Code code) {
  switch (code) {
    case Code::kOk:
      return "ok";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kFull:
      return "full";
    case Code::kRejected:
      return "rejected";
    case Code::kRefused:
      return "refused";
    case Code::kMoved:
      return "moved";
    case Code::kFailed:
      return "failed";
  }
  return "";
}

std::int64_t IntegerOf(const Cell& cell) {
  const auto* const value = std::get_if<std::int64_t>(&cell);
  return value != nullptr ? *value : 0;
}

const std::string& TextOf(const Cell& cell) {
  static const std::string empty;
  const auto* const value = std::get_if<std::string>(&cell);
  return value != nullptr ? *value : empty;
}

std::optional<std::string> SqliteOptions::Validate() const {
  if (path.empty()) return "database: a path is needed";
  return std::nullopt;
}

std::optional<std::string> MariaDbOptions::Validate() const {
  if (socket.empty() && (host.empty() || port == 0 || port > 65535)) {
    return "database: a host and a port 1..65535, or a socket, are needed";
  }
  if (name.empty()) return "database: the name of a database is needed";
  if (connect_ms == 0 || request_ms == 0) return "database: time-outs must be above 0 ms";
  return std::nullopt;
}

#ifndef COURSE_WITH_MARIADB
std::unique_ptr<Connection> MakeMariaDb(const MariaDbOptions&) {
  return nullptr;
}
#endif

}  // namespace db
