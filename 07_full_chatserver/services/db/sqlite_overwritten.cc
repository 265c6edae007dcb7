#include "services/db/sqlite_overwritten.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <span>

namespace db {

namespace {

constexpr sqlite3_int64 kVersionsAt = 40;  // of the header: the schema's version; the user's 20 on
constexpr std::size_t kUserAt = 20;

sqlite3_file* FileOf(sqlite3* database) {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  return file;
}

std::uint32_t BigEndian(std::span<const unsigned char, 4> bytes) {
  std::uint32_t number = 0;
  for (const unsigned char byte : bytes) number = (number << 8) | byte;
  return number;
}

// As the file itself has them; zeros when it is shorter than a header.
FileVersions VersionsInFile(sqlite3* database) {
  std::array<unsigned char, kUserAt + 4> header{};
  sqlite3_file* const file = FileOf(database);
  if (file == nullptr || file->pMethods->xRead(file, header.data(), static_cast<int>(header.size()),
                                               kVersionsAt) != SQLITE_OK) {
    return {};
  }
  const std::span<const unsigned char> bytes(header);
  return {BigEndian(bytes.first<4>()), BigEndian(bytes.subspan<kUserAt, 4>())};
}

bool IsNotBefore(const FileVersions& a, const FileVersions& b) {
  return a.schema >= b.schema && a.user >= b.user;
}

// Nothing: an error; SQLite says it again to whoever uses the database.
std::optional<std::uint32_t> NumberOf(sqlite3* database, const char* sql) {
  std::optional<std::uint32_t> number;
  const auto take = [](void* to, int, char** columns, char**) {
    if (columns[0] != nullptr) {
      *static_cast<std::optional<std::uint32_t>*>(to) =
          static_cast<std::uint32_t>(std::strtoul(columns[0], nullptr, 10));
    }
    return 0;
  };
  sqlite3_exec(database, sql, take, &number, nullptr);
  return number;
}

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};

// Through SQLite's own handle: to open and close the file once more would end all locks that this
// process has on it.
bool CopyFileOf(sqlite3* database, const std::filesystem::path& to) {
  sqlite3_file* const file = FileOf(database);
  sqlite3_int64 size = 0;
  if (file == nullptr || file->pMethods->xFileSize(file, &size) != SQLITE_OK) return false;
  if (size == 0) return false;  // to SQLite that would be a database without tables
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  std::string piece(1 << 20, '\0');
  for (sqlite3_int64 at = 0; at < size && out; at += static_cast<sqlite3_int64>(piece.size())) {
    if (size - at < static_cast<sqlite3_int64>(piece.size())) {
      piece.resize(static_cast<std::size_t>(size - at));
    }
    const int native =
        file->pMethods->xRead(file, piece.data(), static_cast<int>(piece.size()), at);
    if (native != SQLITE_OK) return false;
    out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
  }
  return out.flush().good();
}

bool IsWhole(sqlite3* database) {
  std::string said;
  const auto take = [](void* to, int, char** columns, char**) {
    *static_cast<std::string*>(to) += columns[0] == nullptr ? "" : columns[0];
    return 0;
  };
  const int native = sqlite3_exec(database, "PRAGMA quick_check", take, &said, nullptr);
  return native == SQLITE_OK && said == "ok";
}

std::string Restore(sqlite3* database, const std::string& copy) {
  sqlite3* opened = nullptr;
  const int native = sqlite3_open_v2(copy.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
  const std::unique_ptr<sqlite3, CloseDatabase> from(opened);
  if (native != SQLITE_OK || !IsWhole(opened)) return "no whole database yet";
  sqlite3_backup* const backup = sqlite3_backup_init(database, "main", opened, "main");
  if (backup == nullptr) return sqlite3_errmsg(database);
  sqlite3_backup_step(backup, -1);
  return sqlite3_backup_finish(backup) == SQLITE_OK ? "" : sqlite3_errmsg(database);
}

}  // namespace

int CountTransaction(sqlite3* database) {
  const std::uint32_t last = NumberOf(database, "PRAGMA user_version").value_or(0);
  const std::uint32_t next = (last + 1) & 0x7FFF'FFFF;
  const std::string sql = "PRAGMA user_version = " + std::to_string(next);
  return sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
}

bool IsSameFile(sqlite3* database, SeenVersions& seen) {
  // In this order: another process may commit and write into the file in between.
  const FileVersions file = VersionsInFile(database);
  const auto schema = NumberOf(database, "PRAGMA schema_version");
  const auto user = NumberOf(database, "PRAGMA user_version");
  if (!IsNotBefore(file, seen.file)) return false;
  if (!schema || !user) return true;  // it cannot be read now: that is said elsewhere
  const FileVersions now{*schema, *user};
  if (!IsNotBefore(now, seen.database) || !IsNotBefore(now, file)) return false;
  seen = {file, now};
  return true;
}

std::string TakeFileAsItIs(sqlite3* database, const std::string& path) {
  const std::string copy = path + ".found";
  const std::filesystem::path name = std::u8string(copy.begin(), copy.end());
  std::string error = CopyFileOf(database, name) ? Restore(database, copy) : "it cannot be read";
  std::error_code ignored;
  for (const char* end : {"", "-wal", "-shm"}) {
    std::filesystem::remove(std::filesystem::path(name).concat(end), ignored);
  }
  return error;
}

}  // namespace db
