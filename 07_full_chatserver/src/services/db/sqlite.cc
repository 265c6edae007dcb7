// SQLite through its C API. (SOCI would put one face on both databases. But every failure is an
// exception there, at each call, while "full", "busy" and "this row cannot be" are the writer's
// daily bread; what is asked below of the raw handle would be asked of it all the same; and there
// is no mingw build of it.)
#include <sqlite3.h>

#include <filesystem>
#include <map>
#include <stdexcept>

#include "services/db/connection.h"

namespace db {

namespace {

Code CodeOf(int native) {
  switch (native & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return Code::kOk;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
      return Code::kUnavailable;
    case SQLITE_FULL:
      return Code::kFull;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return Code::kRejected;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return Code::kRefused;
    default:
      return Code::kFailed;
  }
}

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

Cell ReadCell(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
      return {};
    case SQLITE_INTEGER:
      return static_cast<std::int64_t>(sqlite3_column_int64(statement, column));
    default: {
      const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
      const int size = sqlite3_column_bytes(statement, column);
      return bytes == nullptr ? std::string() : std::string(bytes, static_cast<std::size_t>(size));
    }
  }
}

class SqliteConnection final : public Connection {
 public:
  explicit SqliteConnection(SqliteOptions options) : options_(std::move(options)) {}
  ~SqliteConnection() override { Close(); }

  Dialect dialect() const override { return Dialect::kSqlite; }
  bool is_open() const override { return handle_ != nullptr; }
  Result Open() override;
  void Close() override;
  Result Run(std::string_view sql, std::span<const Value> values, std::vector<Row>* rows) override;
  // IMMEDIATE: the write lock at once, while waiting for it is still possible. A transaction that
  // begins by reading and is overtaken by another writer could only fail.
  Result Begin() override { return Run("BEGIN IMMEDIATE", {}, nullptr); }
  Result Commit() override { return Run("COMMIT", {}, nullptr); }
  void Rollback() override {
    if (handle_ != nullptr && sqlite3_get_autocommit(handle_) == 0)
      (void)Run("ROLLBACK", {}, nullptr);
  }
  Result Check() override;

 private:
  Result Failed(int native) const {
    return {CodeOf(native), native,
            handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(native)};
  }
  Result Prepare(std::string_view sql, sqlite3_stmt*& statement);

  SqliteOptions options_;
  sqlite3* handle_ = nullptr;
  std::map<std::string, Statement, std::less<>> statements_;
};

Result SqliteConnection::Open() {
  Close();
  const std::filesystem::path folder =
      std::filesystem::path(std::u8string(options_.path.begin(), options_.path.end()))
          .parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return {Code::kUnavailable, error.value(), options_.path + ": " + error.message()};
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int native = sqlite3_open_v2(options_.path.c_str(), &handle_, flags, nullptr);
  if (native != SQLITE_OK) {
    Result result = Failed(native);
    result.text = options_.path + ": " + result.text;
    Close();
    return result;
  }
  sqlite3_busy_timeout(handle_, static_cast<int>(options_.lock_ms));
  // WAL: readers and the writer do not wait for each other, and a killed process leaves a database
  // that is whole.
  Result result = Run("PRAGMA journal_mode = WAL", {}, nullptr);
  if (result.ok()) {
    result = Run(
        options_.survive_power_cut ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
        {}, nullptr);
  }
  if (!result.ok()) {
    result.text = options_.path + ": " + result.text;
    Close();
  }
  return result;
}

// Whoever moves or removes the file leaves us writing into one that nobody finds any more. The name
// still leads somewhere when a copy was put in its place: the system compares what it is, not what
// it is called. (On Windows an open file cannot be moved, and SQLite does not know the question.)
Result SqliteConnection::Check() {
  if (handle_ == nullptr) return {Code::kUnavailable, SQLITE_MISUSE, "not open"};
  int moved = 0;
  const int native = sqlite3_file_control(handle_, nullptr, SQLITE_FCNTL_HAS_MOVED, &moved);
  if (native != SQLITE_OK || moved == 0) return {};
  Close();
  return {Code::kMoved, 0, options_.path + ": the file was moved, removed or replaced"};
}

void SqliteConnection::Close() {
  statements_.clear();
  if (handle_ != nullptr) sqlite3_close(handle_);
  handle_ = nullptr;
}

Result SqliteConnection::Prepare(std::string_view sql, sqlite3_stmt*& statement) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) {
    statement = known->second.get();
    return {};
  }
  const int native = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (native != SQLITE_OK) return Failed(native);
  statements_.emplace(sql, statement);
  return {};
}

Result SqliteConnection::Run(std::string_view sql, std::span<const Value> values,
                             std::vector<Row>* rows) {
  if (handle_ == nullptr) return {Code::kUnavailable, SQLITE_MISUSE, "not open"};
  sqlite3_stmt* statement = nullptr;
  Result result = Prepare(sql, statement);
  if (!result.ok()) return result;
  int native = SQLITE_OK;
  for (std::size_t i = 0; i < values.size() && native == SQLITE_OK; ++i) {
    const int at = static_cast<int>(i) + 1;
    if (const auto* const number = std::get_if<std::int64_t>(&values[i])) {
      native = sqlite3_bind_int64(statement, at, *number);
    } else {
      const std::string_view text = std::get<std::string_view>(values[i]);
      // The values outlive the call: no copy. Never a null pointer, which would be NULL.
      native = sqlite3_bind_text64(statement, at, text.data() != nullptr ? text.data() : "",
                                   text.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
  }
  while (native == SQLITE_OK || native == SQLITE_ROW) {
    native = sqlite3_step(statement);
    if (native != SQLITE_ROW || rows == nullptr) continue;
    Row row;
    for (int column = 0; column < sqlite3_column_count(statement); ++column)
      row.push_back(ReadCell(statement, column));
    rows->push_back(std::move(row));
  }
  if (native != SQLITE_DONE) result = Failed(native);
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  // A commit (each statement outside of a transaction is one) counts when its file is still there.
  if (result.ok() && rows == nullptr && sqlite3_get_autocommit(handle_) != 0) result = Check();
  return result;
}

}  // namespace

std::unique_ptr<Connection> MakeSqlite(const SqliteOptions& options) {
  if (const auto wrong = options.Validate()) throw std::invalid_argument(*wrong);
  return std::make_unique<SqliteConnection>(options);
}

}  // namespace db
