// Settings that name a file or a folder, against what is on the disk: a folder where a file is
// wanted would let the server start and fail later, at its first write.
#include <exception>
#include <filesystem>

#include "services/config/check.h"

namespace config {

namespace {

namespace fs = std::filesystem;

fs::path PathOf(const std::string& text) {
  return std::u8string(text.begin(), text.end());
}

std::string Shown(const fs::path& path) {
  const std::u8string text = path.u8string();
  return {text.begin(), text.end()};
}

// What stands in the way of a folder of that name; empty: nothing, it is there or can be made. The
// nearest that exists, itself or above it, must be a folder.
std::string WhyNoFolder(fs::path path) {
  for (; !path.empty(); path = path.parent_path()) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_directory(status)) return "";
    if (fs::exists(status)) return Shown(path) + " is not a folder";
    if (path == path.parent_path()) break;  // the root
  }
  return "";
}

// What stands in the way of a file of that name; empty: nothing.
std::string WhyNoFile(const fs::path& path) {
  std::error_code error;
  if (!path.has_filename() || fs::is_directory(path, error)) return Shown(path) + " is a folder";
  return WhyNoFolder(path.parent_path());
}

std::string WhyNotReadable(const fs::path& path) {
  std::error_code error;
  if (fs::exists(path, error)) return WhyNoFile(path);
  return Shown(path) + " does not exist";
}

// Nobody may listen there yet: the server starts without Redis and without MariaDB.
std::string WhyNoSocket(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) return Shown(path) + " is a folder";
  if (fs::is_regular_file(status)) return Shown(path) + " is a file";
  return "";
}

template <class Why>
std::string Ask(const Why& why, const std::string& text) {
  if (text.empty()) return "";  // not used; where that is not allowed, another rule says so
  try {
    return why(PathOf(text));
  } catch (const std::exception&) {  // characters that are none in this system's names
    return "\"" + text + "\" is not a path";
  }
}

}  // namespace

std::vector<Finding> CheckPaths(const Config& config) {
  std::vector<Finding> problems;
  const auto add = [&](std::string_view key, const std::string& what, const char* allowed) {
    if (!what.empty()) problems.push_back({std::string(key), what + "; allowed: " + allowed});
  };
  constexpr const char* kNewFile = "a file, or the name of one that is to be made";
  constexpr const char* kSocket = "a socket, or empty";
  if (config.database.kind == DatabaseKind::kSqlite) {
    add("database.path", Ask(WhyNoFile, config.database.sqlite.path), kNewFile);
  } else {
    add("database.socket", Ask(WhyNoSocket, config.database.mariadb.socket), kSocket);
  }
  if (config.login.store == LoginStore::kRedis) {
    add("login.redis_socket", Ask(WhyNoSocket, config.login.redis.unix_socket), kSocket);
  }
  add("journal.folder", Ask(WhyNoFolder, config.journal.folder),
      "a folder, or the name of one that is to be made");
  add("log.file", Ask(WhyNoFile, config.log.file), kNewFile);
  add("country.database", Ask(WhyNotReadable, config.country.database), "an MMDB file, or empty");
  return problems;
}

}  // namespace config
