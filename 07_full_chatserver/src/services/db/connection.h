// A connection to a database, as little of it as this server needs: prepared statements with
// values, transactions, and errors sorted by what can be done about them.
//
// Threading: a connection belongs to one thread at a time. Nothing throws. Calls block: for the
// database's time-outs at the longest; never call from a chat loop.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace db {

enum class Code : unsigned char {
  kOk,
  kUnavailable,  // not reachable, busy, restarting: try again later
  kFull,         // no room for more rows: try again when somebody has made some
  kRejected,     // this row cannot be stored, now or later
  kRefused,      // wrong password, no such database, not a database: somebody must change something
  kMoved,        // another database than before: look where it stands, then go on from there
  kFailed,       // anything else: try again later
};
std::string_view ToString(Code code);

struct [[nodiscard]] Result {
  Code code = Code::kOk;
  int native = 0;  // the database's own number
  std::string text;

  bool ok() const { return code == Code::kOk; }
};

// Strings are UTF-8, or bytes for a blob column.
using Value = std::variant<std::int64_t, std::string_view>;
using Cell = std::variant<std::monostate, std::int64_t, std::string>;
using Row = std::vector<Cell>;

std::int64_t IntegerOf(const Cell& cell);     // 0 for NULL
const std::string& TextOf(const Cell& cell);  // "" for NULL

enum class Dialect : unsigned char { kSqlite, kMariaDb };

class Connection {
 public:
  virtual ~Connection() = default;

  virtual Dialect dialect() const = 0;
  // Closes first when it is open.
  virtual Result Open() = 0;
  virtual void Close() = 0;
  virtual bool is_open() const = 0;

  // The statement is prepared once per text and connection. After kUnavailable the connection may
  // be gone: then is_open() is false.
  virtual Result Run(std::string_view sql, std::span<const Value> values = {},
                     std::vector<Row>* rows = nullptr) = 0;

  virtual Result Begin() = 0;
  // When the connection is lost meanwhile nobody knows whether it took place: rows must be
  // idempotent.
  virtual Result Commit() = 0;
  virtual void Rollback() = 0;

  // Longest statement with its values that the database takes.
  virtual std::size_t statement_bytes_max() const {
    return std::numeric_limits<std::size_t>::max();
  }
  // Is the database still there? kMoved: what has been stored is not to be found any more under the
  // name that it was stored under. The connection is closed then.
  virtual Result Check() = 0;
};

struct SqliteOptions {
  std::string path;                // its folder is made
  bool survive_power_cut = false;  // synchronous = FULL instead of NORMAL
  std::uint32_t lock_ms = 5000;    // wait for other processes' locks

  // Nothing, or what is wrong. The file is not looked at.
  [[nodiscard]] std::optional<std::string> Validate() const;
};
// Both throw std::invalid_argument with Validate()'s line.
std::unique_ptr<Connection> MakeSqlite(const SqliteOptions& options);

struct MariaDbOptions {
  std::string host = "127.0.0.1";  // always by TCP, "localhost" too
  std::uint32_t port = 3306;
  std::string socket;  // instead of host and port when it is not empty
  std::string user;
  std::string password;
  std::string name;
  std::uint32_t connect_ms = 3000;   // whole seconds are used, rounded up
  std::uint32_t request_ms = 10000;  // as above

  // Nothing, or what is wrong. Nobody is called.
  [[nodiscard]] std::optional<std::string> Validate() const;
};
// nullptr: this program was built without MariaDB's client library.
std::unique_ptr<Connection> MakeMariaDb(const MariaDbOptions& options);

}  // namespace db
