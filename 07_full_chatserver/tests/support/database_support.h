// Real databases for the tests: an SQLite file, and a MariaDB server of their own, started on a
// socket in a temporary folder. And a connection whose failures the test decides.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/db/connection.h"
#include "services/journal/journal.h"
#include "tests/support/storage_support.h"

namespace storage_test {

// One server for the whole test program. Not on Windows.
class MariaDbServer {
 public:
  // nullptr where MariaDB is not installed: `why` says so.
  static MariaDbServer* Shared(std::string& why);
  ~MariaDbServer();

  void Start();
  void Kill();  // SIGKILL
  // While it is killed: all its files, as they are; and back.
  void TakeSnapshot();
  void RestoreSnapshot();
  // A new, empty database.
  db::MariaDbOptions NewDatabase();

 private:
  MariaDbServer() = default;
  bool Install(std::string& why);
  std::string MakeTmp() const;

  TemporaryFolder folder_;
  int pid_ = 0;
  int databases_ = 0;
};

enum class Kind { kSqlite, kMariaDb };

// One empty database of either kind.
class TestDatabase {
 public:
  // False: that kind is not there; `why` says so.
  bool Open(Kind kind, std::string& why);
  std::unique_ptr<db::Connection> Connect() const;
  Kind kind() const { return kind_; }

  // One number, from one row.
  std::int64_t Number(const std::string& sql) const;
  std::vector<db::Row> Query(const std::string& sql) const;

 private:
  Kind kind_ = Kind::kSqlite;
  TemporaryFolder folder_;
  db::MariaDbOptions mariadb_;
};

// What the test tells a connection to do; shared with it, any thread.
struct Faults {
  std::atomic<bool> down{false};         // nothing works
  std::atomic<bool> full{false};         // inserts do not
  std::atomic<int> commits{0};           // that have taken place
  std::atomic<int> lose_commits{0};      // so many commits take place, but their answer is lost
  std::function<bool()> fail_at_random;  // before every call; set before the connection is used
};

std::unique_ptr<db::Connection> WithFaults(std::unique_ptr<db::Connection> real, Faults& faults);

// A batch of chat lines.
journal::Batch ChatBatch(const std::vector<std::string>& lines);

}  // namespace storage_test
