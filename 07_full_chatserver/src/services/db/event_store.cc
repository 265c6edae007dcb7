#include "services/db/event_store.h"

#include <string>
#include <utility>
#include <vector>

#include "services/db/event.h"
#include "services/db/row_table.h"

namespace db {

namespace {

using journal::Record;

constexpr std::uint64_t kNoMark = ~0ULL;  // records without a checkpoint

std::int64_t Signed(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

struct Columns {
  std::vector<std::string_view> names;
  void operator()(std::string_view name, const auto&) { names.push_back(name); }
  void Unused() {}
};

// The columns of an event's table, from the list of its fields.
template <class Event>
std::vector<std::string_view> ColumnsOf() {
  Columns columns;
  const Event event;
  Event::Fields(event, columns);
  return columns.names;
}

struct RowValues {
  std::vector<Value> values;
  void operator()(std::string_view, std::string_view text) { values.emplace_back(text); }
  template <class Number>
  void operator()(std::string_view, Number number) {
    values.emplace_back(static_cast<std::int64_t>(number));
  }
  void Unused() {}
};

// "On a row that is there already do nothing." (MariaDB's INSERT IGNORE would ignore other mistakes
// as well.)
std::string Nothing(Dialect dialect) {
  return dialect == Dialect::kSqlite ? " ON CONFLICT DO NOTHING"
                                     : " ON DUPLICATE KEY UPDATE id = id";
}

template <class Event>
std::vector<std::string_view> LogColumns() {
  std::vector<std::string_view> columns = ColumnsOf<Event>();
  columns.insert(columns.begin(), {"source", "id"});
  return columns;
}

enum class Added : unsigned char { kYes, kTooLong, kUnreadable };

class Rows {
 public:
  explicit Rows(Connection& connection)
      : Rows(connection.dialect(), connection.statement_bytes_max()) {}

  Added Add(std::uint64_t source, const Record& record) {
    switch (static_cast<EventKind>(record.kind)) {
      case EventKind::kChat:
        return AddEvent<ChatEvent>(chat_, source, record);
      case EventKind::kLogin:
        return AddEvent<LoginEvent>(login_, source, record);
      case EventKind::kPast:
        return Added::kYes;
    }
    return Added::kUnreadable;
  }
  bool AddRejected(std::uint64_t source, const Record& record, std::string_view reason) {
    const Value row[] = {Signed(source), Signed(record.id), std::int64_t{record.kind}, reason,
                         record.payload};
    return rejected_.Add(row);
  }

  Result Store(Connection& connection) {
    Result result;
    for (RowTable* table : {&login_, &chat_, &rejected_}) {
      Result one = table->Store(connection);
      if (result.ok()) result = std::move(one);
    }
    return result;
  }

 private:
  Rows(Dialect dialect, std::size_t max)
      : login_(LoginEvent::kTable, LogColumns<LoginEvent>(), Nothing(dialect), max),
        chat_(ChatEvent::kTable, LogColumns<ChatEvent>(), Nothing(dialect), max),
        rejected_("rejected_log", {"source", "id", "kind", "reason", "payload"}, Nothing(dialect),
                  max) {}

  template <class Event>
  Added AddEvent(RowTable& table, std::uint64_t source, const Record& record) {
    Event event;
    if (!Decode(record.payload, event)) return Added::kUnreadable;
    row_.values = {Signed(source), Signed(record.id)};
    Event::Fields(event, row_);
    return table.Add(row_.values) ? Added::kYes : Added::kTooLong;
  }

  RowTable login_;
  RowTable chat_;
  RowTable rejected_;
  RowValues row_;  // kept for its memory
};

// One transaction's records on their way.
struct Storing {
  Connection& connection;
  std::uint64_t source;
  ParkedRows& parked;
  StoreReport& report;

  Result Park(const Record& record) {
    ++report.parked;
    const std::error_code error = parked.Park(source, record);
    if (!error) return {};
    return {journal::IsFull(error) ? Code::kFull : Code::kFailed, error.value(),
            "a row that is too long for the database cannot be put aside: " + error.message()};
  }

  Result StoreTogether(std::span<const Record> records) {
    Rows rows(connection);
    Result result;
    for (const Record& record : records) {
      Added added = rows.Add(source, record);
      if (added == Added::kUnreadable &&
          rows.AddRejected(source, record, "the payload cannot be read")) {
        ++report.rejected;
      } else if (added != Added::kYes) {
        result = Park(record);
      }
      if (!result.ok()) return result;
    }
    return rows.Store(connection);
  }

  // One of the rows is not taken: find out which, by storing each alone. A statement that fails
  // leaves the transaction as it was before it, in both databases.
  Result StoreOneByOne(std::span<const Record> records) {
    for (const Record& record : records) {
      Result result = StoreTogether({&record, 1});
      if (result.code == Code::kRejected) {
        Rows rows(connection);
        const bool fits = rows.AddRejected(source, record, result.text);
        if (fits) result = rows.Store(connection);
        ++report.rejected;
        if (result.code == Code::kRejected) {
          --report.rejected;
          result = Park(record);
        }
      }
      if (!result.ok()) return result;
    }
    return {};
  }
};

// A transaction in a database that has `source` up to `mark`.
Result BeginAt(Connection& connection, std::uint64_t source, std::uint64_t mark) {
  Result result = connection.Begin();
  if (!result.ok() || mark == kNoMark) return result;
  std::uint64_t found = 0;
  result = ReadCheckpoint(connection, source, found);
  if (result.ok() && found != mark) {
    result = {Code::kMoved, 0,
              "the database has the journal up to record " + std::to_string(found) + ", not " +
                  std::to_string(mark) + ": it is another one than before, or an older copy"};
  }
  return result;
}

Result StoreAll(Connection& connection, std::uint64_t source, std::uint64_t mark,
                std::span<const Record> records, ParkedRows& parked, StoreReport& report) {
  if (records.empty()) return {};
  Storing storing{connection, source, parked, report};
  report = {};
  Result result = BeginAt(connection, source, mark);
  if (result.ok()) result = storing.StoreTogether(records);
  if (result.code == Code::kRejected) {
    connection.Rollback();
    report = {};
    result = BeginAt(connection, source, mark);
    if (result.ok()) result = storing.StoreOneByOne(records);
  }
  if (result.ok() && mark != kNoMark)
    result = WriteCheckpoint(connection, source, records.back().id);
  if (result.ok()) result = connection.Commit();
  if (!result.ok()) connection.Rollback();
  return result;
}

}  // namespace

Result StoreRecords(Connection& connection, std::uint64_t source, std::uint64_t mark,
                    std::span<const Record> records, ParkedRows& parked, StoreReport& report) {
  return StoreAll(connection, source, mark, records, parked, report);
}

Result StoreLooseRecords(Connection& connection, std::uint64_t source,
                         std::span<const Record> records, ParkedRows& parked, StoreReport& report) {
  return StoreAll(connection, source, kNoMark, records, parked, report);
}

Result ReadCheckpoint(Connection& connection, std::uint64_t source, std::uint64_t& last_id) {
  const Value values[] = {Signed(source)};
  std::vector<Row> rows;
  Result result =
      connection.Run("SELECT last_id FROM journal_checkpoint WHERE source = ?", values, &rows);
  last_id = rows.empty() ? 0 : static_cast<std::uint64_t>(IntegerOf(rows[0][0]));
  return result;
}

Result WriteCheckpoint(Connection& connection, std::uint64_t source, std::uint64_t last_id) {
  const Value values[] = {Signed(source), Signed(last_id), NowMs()};
  return connection.Run(
      "REPLACE INTO journal_checkpoint (source, last_id, updated_ms) VALUES (?,?,?)", values);
}

}  // namespace db
