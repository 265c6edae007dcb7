// MariaDB through its C API.
#include <mysql.h>

#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>

#include "services/db/connection.h"

namespace db {

namespace {

Code CodeOf(unsigned native) {
  switch (native) {
    case 0:
      return Code::kOk;
    case 1040:  // too many connections
    case 1053:  // shutting down
    case 1205:  // lock wait time-out
    case 1213:  // deadlock: the transaction was rolled back
    case 1290:  // read-only for now
    case 1317:  // interrupted
    case 1836:  // read-only for now
    case 1927:  // the connection was killed
      return Code::kUnavailable;
    case 1021:  // disk full
    case 1114:  // table full
      return Code::kFull;
    case 1044:  // access denied
    case 1045:
    case 1049:  // no such database
    case 1142:  // command denied
    case 1227:
    case 1698:
      return Code::kRefused;
    case 1048:  // NULL
    case 1062:  // duplicate
    case 1153:  // larger than max_allowed_packet
    case 1264:  // out of range
    case 1265:  // truncated
    case 1292:  // wrong value
    case 1366:  // wrong string, such as bytes that are not UTF-8
    case 1406:  // too long
      return Code::kRejected;
    default:
      // The client library's own errors are about the connection.
      return native >= 2000 && native < 3000 ? Code::kUnavailable : Code::kFailed;
  }
}

struct CloseStatement {
  void operator()(MYSQL_STMT* statement) const { mysql_stmt_close(statement); }
};
using PreparedStatement = std::unique_ptr<MYSQL_STMT, CloseStatement>;
struct FreeResult {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};
using Metadata = std::unique_ptr<MYSQL_RES, FreeResult>;

bool IsInteger(const MYSQL_FIELD& field) {
  switch (field.type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
      return true;
    default:
      return false;
  }
}

unsigned SecondsOf(std::uint32_t ms) {
  return (ms + 999) / 1000;
}

class MariaDbConnection final : public Connection {
 public:
  explicit MariaDbConnection(MariaDbOptions options) : options_(std::move(options)) {
    static std::once_flag once;
    std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
  }
  ~MariaDbConnection() override { Close(); }

  Dialect dialect() const override { return Dialect::kMariaDb; }
  bool is_open() const override { return handle_ != nullptr; }
  Result Open() override;
  void Close() override;
  Result Run(std::string_view sql, std::span<const Value> values, std::vector<Row>* rows) override;
  Result Begin() override { return Simple("START TRANSACTION"); }
  Result Commit() override { return Simple("COMMIT"); }
  void Rollback() override {
    if (handle_ != nullptr) (void)Simple("ROLLBACK");
  }
  Result Check() override;
  std::size_t statement_bytes_max() const override { return statement_bytes_max_; }

 private:
  Result Failed(unsigned native, const char* text);
  Result Simple(const char* sql);
  Result Prepare(std::string_view sql, MYSQL_STMT*& statement);
  Result Fetch(MYSQL_STMT* statement, std::vector<Row>* rows);

  MariaDbOptions options_;
  MYSQL* handle_ = nullptr;
  std::size_t statement_bytes_max_ = 0;
  std::map<std::string, PreparedStatement, std::less<>> statements_;
};

// A lost connection is closed here: the server has rolled back, and its prepared statements are
// gone with it.
Result MariaDbConnection::Failed(unsigned native, const char* text) {
  Result result{CodeOf(native), static_cast<int>(native), text};
  if (native >= 2000 || native == 1053 || native == 1927) Close();
  return result;
}

Result MariaDbConnection::Open() {
  Close();
  handle_ = mysql_init(nullptr);
  if (handle_ == nullptr) return {Code::kUnavailable, 0, "out of memory"};
  const unsigned connect = SecondsOf(options_.connect_ms);
  const unsigned request = SecondsOf(options_.request_ms);
  mysql_options(handle_, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
  mysql_options(handle_, MYSQL_OPT_READ_TIMEOUT, &request);
  mysql_options(handle_, MYSQL_OPT_WRITE_TIMEOUT, &request);
  mysql_options(handle_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  // Strict: a value that does not fit is an error, never silently another value.
  mysql_options(handle_, MYSQL_INIT_COMMAND,
                "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'");
  const bool by_socket = !options_.socket.empty();
  // Otherwise the library takes "localhost" for "the socket of this machine", whatever the port.
  const unsigned protocol = by_socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
  mysql_options(handle_, MYSQL_OPT_PROTOCOL, &protocol);
  if (mysql_real_connect(handle_, by_socket ? nullptr : options_.host.c_str(),
                         options_.user.c_str(), options_.password.c_str(), options_.name.c_str(),
                         by_socket ? 0 : options_.port,
                         by_socket ? options_.socket.c_str() : nullptr, 0) == nullptr) {
    Result result{CodeOf(mysql_errno(handle_)), static_cast<int>(mysql_errno(handle_)),
                  mysql_error(handle_)};
    Close();
    return result;
  }
  std::vector<Row> rows;
  Result result = Run("SELECT @@max_allowed_packet", {}, &rows);
  if (result.ok() && !rows.empty())
    statement_bytes_max_ = static_cast<std::size_t>(IntegerOf(rows[0][0]));
  return result;
}

void MariaDbConnection::Close() {
  statements_.clear();  // before the connection: closing one tells the server
  if (handle_ != nullptr) mysql_close(handle_);
  handle_ = nullptr;
}

Result MariaDbConnection::Simple(const char* sql) {
  if (handle_ == nullptr) return {Code::kUnavailable, 2006, "not open"};
  if (mysql_query(handle_, sql) == 0) return {};
  const std::string text = mysql_error(handle_);
  return Failed(mysql_errno(handle_), text.c_str());
}

Result MariaDbConnection::Check() {
  if (handle_ == nullptr) return {Code::kUnavailable, 2006, "not open"};
  if (mysql_ping(handle_) == 0) return {};
  const std::string text = mysql_error(handle_);
  return Failed(mysql_errno(handle_), text.c_str());
}

Result MariaDbConnection::Prepare(std::string_view sql, MYSQL_STMT*& statement) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) {
    statement = known->second.get();
    return {};
  }
  PreparedStatement made(mysql_stmt_init(handle_));
  if (made == nullptr) return {Code::kUnavailable, 0, "out of memory"};
  if (mysql_stmt_prepare(made.get(), sql.data(), sql.size()) != 0) {
    const std::string text = mysql_stmt_error(made.get());
    const unsigned native = mysql_stmt_errno(made.get());
    made.reset();
    return Failed(native, text.c_str());
  }
  const my_bool lengths = 1;  // so that the result's buffers can be made in the right size
  mysql_stmt_attr_set(made.get(), STMT_ATTR_UPDATE_MAX_LENGTH, &lengths);
  statement = made.get();
  statements_.emplace(sql, std::move(made));
  return {};
}

Result MariaDbConnection::Run(std::string_view sql, std::span<const Value> values,
                              std::vector<Row>* rows) {
  if (handle_ == nullptr) return {Code::kUnavailable, 2006, "not open"};
  MYSQL_STMT* statement = nullptr;
  Result result = Prepare(sql, statement);
  if (!result.ok()) return result;
  std::vector<MYSQL_BIND> binds(values.size());
  std::vector<std::int64_t> numbers(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::memset(&binds[i], 0, sizeof binds[i]);
    if (const auto* const number = std::get_if<std::int64_t>(&values[i])) {
      numbers[i] = *number;
      binds[i].buffer_type = MYSQL_TYPE_LONGLONG;
      binds[i].buffer = &numbers[i];
    } else {
      const std::string_view text = std::get<std::string_view>(values[i]);
      binds[i].buffer_type = MYSQL_TYPE_STRING;
      binds[i].buffer = const_cast<char*>(text.data());  // only read
      binds[i].buffer_length = static_cast<unsigned long>(text.size());
    }
  }
  const bool failed = (!binds.empty() && mysql_stmt_bind_param(statement, binds.data()) != 0) ||
                      mysql_stmt_execute(statement) != 0;
  if (failed) {
    const std::string text = mysql_stmt_error(statement);
    return Failed(mysql_stmt_errno(statement), text.c_str());
  }
  return Fetch(statement, rows);
}

Result MariaDbConnection::Fetch(MYSQL_STMT* statement, std::vector<Row>* rows) {
  if (mysql_stmt_field_count(statement) == 0) return {};
  int more = mysql_stmt_store_result(statement);
  const Metadata metadata(mysql_stmt_result_metadata(statement));
  const unsigned columns = metadata != nullptr ? mysql_num_fields(metadata.get()) : 0;
  std::vector<MYSQL_BIND> binds(columns);
  std::vector<std::int64_t> numbers(columns);
  std::vector<std::string> texts(columns);
  std::vector<unsigned long> lengths(columns);
  std::vector<my_bool> nulls(columns);
  for (unsigned i = 0; i < columns; ++i) {
    const MYSQL_FIELD* const field = mysql_fetch_field_direct(metadata.get(), i);
    std::memset(&binds[i], 0, sizeof binds[i]);
    binds[i].is_null = &nulls[i];
    binds[i].length = &lengths[i];
    if (IsInteger(*field)) {
      binds[i].buffer_type = MYSQL_TYPE_LONGLONG;
      binds[i].buffer = &numbers[i];
    } else {
      texts[i].resize(field->max_length + 1);
      binds[i].buffer_type = MYSQL_TYPE_STRING;
      binds[i].buffer = texts[i].data();
      binds[i].buffer_length = field->max_length;
    }
  }
  if (more == 0 && columns > 0 && mysql_stmt_bind_result(statement, binds.data()) != 0) more = 1;
  while (more == 0 && (more = mysql_stmt_fetch(statement)) == 0) {
    if (rows == nullptr) continue;
    Row row(columns);
    for (unsigned i = 0; i < columns; ++i) {
      if (nulls[i] != 0) continue;
      if (binds[i].buffer_type == MYSQL_TYPE_LONGLONG) {
        row[i] = numbers[i];
      } else {
        row[i] = texts[i].substr(0, lengths[i]);
      }
    }
    rows->push_back(std::move(row));
  }
  const bool failed = more != MYSQL_NO_DATA;
  const std::string text = mysql_stmt_error(statement);
  const unsigned native = mysql_stmt_errno(statement);
  mysql_stmt_free_result(statement);
  return failed ? Failed(native, text.c_str()) : Result{};
}

}  // namespace

std::unique_ptr<Connection> MakeMariaDb(const MariaDbOptions& options) {
  if (const auto wrong = options.Validate()) throw std::invalid_argument(*wrong);
  return std::make_unique<MariaDbConnection>(options);
}

}  // namespace db
