#include "services/db/event_store.h"

#include <string>
#include <vector>

#include "services/db/event.h"

namespace db {

namespace {

using journal::Record;

// Rows per statement: one round trip to the database for all of them.
constexpr std::size_t kRowsPerStatement = 16;

std::int64_t Signed(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

// "On a row that is there already do nothing." (MariaDB's INSERT IGNORE would ignore other mistakes
// as well.)
std::string_view Nothing(Dialect dialect) {
  return dialect == Dialect::kSqlite ? " ON CONFLICT DO NOTHING"
                                     : " ON DUPLICATE KEY UPDATE id = id";
}

// The newest state wins, whatever order the servers' journals are read in. at_ms is last: MariaDB
// assigns from left to right, and the conditions look at the old one.
std::string_view NewestState(Dialect dialect) {
  return dialect == Dialect::kSqlite
             ? " ON CONFLICT (account_no) DO UPDATE SET server_id = excluded.server_id, name = "
               "excluded.name,"
               " room_id = excluded.room_id, sector_x = excluded.sector_x, sector_y = "
               "excluded.sector_y,"
               " messages = excluded.messages, at_ms = excluded.at_ms WHERE excluded.at_ms >= "
               "player_state.at_ms"
             : " ON DUPLICATE KEY UPDATE"
               " server_id = IF(VALUES(at_ms) >= at_ms, VALUES(server_id), server_id),"
               " name = IF(VALUES(at_ms) >= at_ms, VALUES(name), name),"
               " room_id = IF(VALUES(at_ms) >= at_ms, VALUES(room_id), room_id),"
               " sector_x = IF(VALUES(at_ms) >= at_ms, VALUES(sector_x), sector_x),"
               " sector_y = IF(VALUES(at_ms) >= at_ms, VALUES(sector_y), sector_y),"
               " messages = IF(VALUES(at_ms) >= at_ms, VALUES(messages), messages),"
               " at_ms = GREATEST(at_ms, VALUES(at_ms))";
}

// Rows of one table on their way into it.
class Table {
 public:
  Table(std::string_view insert, std::size_t columns, std::string_view end)
      : insert_(insert), columns_(columns), end_(end) {}

  void Add(std::initializer_list<Value> row) { values_.insert(values_.end(), row); }

  Result Store(Connection& connection) {
    Result result;
    std::size_t left = values_.size() / columns_;
    for (std::span<const Value> rest = values_; result.ok() && left > 0;) {
      const std::size_t rows = left >= kRowsPerStatement ? kRowsPerStatement : 1;
      result = connection.Run(Statement(rows), rest.first(rows * columns_));
      rest = rest.subspan(rows * columns_);
      left -= rows;
    }
    values_.clear();
    return result;
  }

 private:
  const std::string& Statement(std::size_t rows) {
    std::string& sql = rows == 1 ? one_ : many_;
    if (!sql.empty()) return sql;
    std::string row = "(?";
    for (std::size_t i = 1; i < columns_; ++i) row += ",?";
    row += ")";
    sql = insert_;
    for (std::size_t i = 0; i < rows; ++i) {
      if (i > 0) sql += ",";
      sql += row;
    }
    sql += end_;
    return sql;
  }

  std::string_view insert_;
  std::size_t columns_;
  std::string_view end_;
  std::vector<Value> values_;
  std::string one_;
  std::string many_;
};

class Rows {
 public:
  explicit Rows(Dialect dialect)
      : login_(
            "INSERT INTO login_log (source, id, at_ms, server_id, account_no, session_id, what, "
            "name, address,"
            " reason) VALUES ",
            10, Nothing(dialect)),
        chat_(
            "INSERT INTO chat_log (source, id, at_ms, server_id, account_no, session_id, place, "
            "place_id, sequence,"
            " name, msg) VALUES ",
            11, Nothing(dialect)),
        state_(
            "INSERT INTO player_state (account_no, at_ms, server_id, name, room_id, sector_x, "
            "sector_y, messages)"
            " VALUES ",
            8, NewestState(dialect)),
        rejected_("INSERT INTO rejected_log (source, id, kind, reason, payload) VALUES ", 5,
                  Nothing(dialect)) {}

  // False: the payload cannot be read.
  bool Add(std::uint64_t source, const Record& record);
  void AddRejected(std::uint64_t source, const Record& record, std::string_view reason) {
    rejected_.Add(
        {Signed(source), Signed(record.id), std::int64_t{record.kind}, reason, record.payload});
  }

  Result Store(Connection& connection) {
    Result result;
    for (Table* table : {&login_, &chat_, &state_, &rejected_}) {
      Result one = table->Store(connection);
      if (result.ok()) result = std::move(one);
    }
    return result;
  }

 private:
  Table login_;
  Table chat_;
  Table state_;
  Table rejected_;
};

bool Rows::Add(std::uint64_t source, const Record& record) {
  const std::int64_t from = Signed(source);
  const std::int64_t id = Signed(record.id);
  switch (static_cast<EventKind>(record.kind)) {
    case EventKind::kChat: {
      ChatEvent e;
      if (!Decode(record.payload, e)) return false;
      chat_.Add({from, id, e.at_ms, std::int64_t{e.server_id}, Signed(e.account_no),
                 Signed(e.session_id), static_cast<std::int64_t>(e.place), Signed(e.place_id),
                 std::int64_t{e.sequence}, e.name, e.msg});
      return true;
    }
    case EventKind::kLogin: {
      LoginEvent e;
      if (!Decode(record.payload, e)) return false;
      login_.Add({from, id, e.at_ms, std::int64_t{e.server_id}, Signed(e.account_no),
                  Signed(e.session_id), static_cast<std::int64_t>(e.what), e.name, e.address,
                  e.reason});
      return true;
    }
    case EventKind::kPlayerState: {
      PlayerStateEvent e;
      if (!Decode(record.payload, e)) return false;
      state_.Add({Signed(e.account_no), e.at_ms, std::int64_t{e.server_id}, e.name,
                  Signed(e.room_id), std::int64_t{e.sector_x}, std::int64_t{e.sector_y},
                  Signed(e.messages)});
      return true;
    }
  }
  return false;
}

Result StoreTogether(Connection& connection, std::uint64_t source, std::span<const Record> records,
                     StoreReport& report) {
  Rows rows(connection.dialect());
  for (const Record& record : records) {
    if (rows.Add(source, record)) continue;
    rows.AddRejected(source, record, "the payload cannot be read");
    ++report.rejected;
  }
  return rows.Store(connection);
}

// One of the rows is not taken: find out which, by storing each alone. A statement that fails
// leaves the transaction as it was before it, in both databases.
Result StoreOneByOne(Connection& connection, std::uint64_t source, std::span<const Record> records,
                     StoreReport& report) {
  for (const Record& record : records) {
    Result result = StoreTogether(connection, source, {&record, 1}, report);
    if (result.code == Code::kRejected) {
      Rows rows(connection.dialect());
      rows.AddRejected(source, record, result.text);
      ++report.rejected;
      result = rows.Store(connection);
    }
    if (!result.ok()) return result;
  }
  return {};
}

Result WriteCheckpoint(Connection& connection, std::uint64_t source, std::uint64_t last_id) {
  const Value values[] = {Signed(source), Signed(last_id), NowMs()};
  return connection.Run(
      connection.dialect() == Dialect::kSqlite
          ? "INSERT INTO journal_checkpoint (source, last_id, updated_ms) VALUES (?,?,?) ON "
            "CONFLICT (source) DO"
            " UPDATE SET last_id = excluded.last_id, updated_ms = excluded.updated_ms"
          : "INSERT INTO journal_checkpoint (source, last_id, updated_ms) VALUES (?,?,?) ON "
            "DUPLICATE KEY UPDATE"
            " last_id = VALUES(last_id), updated_ms = VALUES(updated_ms)",
      values);
}

Result StoreAll(Connection& connection, std::uint64_t source, std::span<const Record> records,
                bool checkpoint, StoreReport& report) {
  if (records.empty()) return {};
  report = {};
  Result result = connection.Begin();
  if (!result.ok()) return result;
  result = StoreTogether(connection, source, records, report);
  if (result.code == Code::kRejected) {
    connection.Rollback();
    report = {};
    result = connection.Begin();
    if (result.ok()) result = StoreOneByOne(connection, source, records, report);
  }
  if (result.ok() && checkpoint) result = WriteCheckpoint(connection, source, records.back().id);
  if (result.ok()) result = connection.Commit();
  if (!result.ok()) connection.Rollback();
  return result;
}

}  // namespace

Result StoreRecords(Connection& connection, std::uint64_t source, std::span<const Record> records,
                    StoreReport& report) {
  return StoreAll(connection, source, records, true, report);
}

Result StoreLooseRecords(Connection& connection, std::uint64_t source,
                         std::span<const Record> records, StoreReport& report) {
  return StoreAll(connection, source, records, false, report);
}

Result ReadCheckpoint(Connection& connection, std::uint64_t source, std::uint64_t& last_id) {
  const Value values[] = {Signed(source)};
  std::vector<Row> rows;
  Result result =
      connection.Run("SELECT last_id FROM journal_checkpoint WHERE source = ?", values, &rows);
  last_id = rows.empty() ? 0 : static_cast<std::uint64_t>(IntegerOf(rows[0][0]));
  return result;
}

}  // namespace db
