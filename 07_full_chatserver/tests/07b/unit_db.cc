// Connections, schema and storing, on real databases: SQLite everywhere, MariaDB where it is
// installed.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "services/db/event.h"
#include "services/db/event_store.h"
#include "services/db/schema.h"
#include "tests/support/database_support.h"

namespace {

using db::Code;
using db::Result;
using db::Row;
using db::Value;
using journal::Batch;
using journal::Record;
using storage_test::ChatBatch;
using storage_test::Kind;
using storage_test::TestDatabase;

std::vector<Record> RecordsOf(Batch& batch, std::uint64_t first_id) {
  batch.Seal(first_id);
  std::vector<Record> records;
  Record record;
  std::string_view bytes = batch.bytes();
  while (ParseRecord(bytes, record) == journal::Parse::kRecord) records.push_back(record);
  return records;
}

class DbTest : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    std::string why;
    if (!database_.Open(GetParam(), why)) GTEST_SKIP() << why;
    connection_ = database_.Connect();
    const Result result = connection_->Open();
    ASSERT_TRUE(result.ok()) << result.text;
  }
  void MigrateIt() {
    const Result result = db::Migrate(*connection_);
    ASSERT_TRUE(result.ok()) << result.text;
  }
  void Store(std::uint64_t source, const std::vector<Record>& records) {
    db::StoreReport report;
    std::uint64_t mark = 0;
    ASSERT_TRUE(db::ReadCheckpoint(*connection_, source, mark).ok());
    const Result result = db::StoreRecords(*connection_, source, mark, records, parked_, report);
    ASSERT_TRUE(result.ok()) << result.text;
    rejected_ += report.rejected;
  }
  std::int64_t Number(const std::string& sql) { return database_.Number(sql); }

  storage_test::TemporaryFolder folder_;
  TestDatabase database_;
  std::unique_ptr<db::Connection> connection_;
  db::ParkedRows parked_{journal::SystemFileOps(), folder_.File("PARKED")};
  std::uint64_t rejected_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Databases, DbTest, ::testing::Values(Kind::kSqlite, Kind::kMariaDb),
                         [](const auto& kind) {
                           return kind.param == Kind::kSqlite ? "Sqlite" : "MariaDb";
                         });

TEST_P(DbTest, ValuesComeBackAsTheyWent) {
  const bool sqlite = GetParam() == Kind::kSqlite;
  ASSERT_TRUE(connection_
                  ->Run(sqlite ? "CREATE TABLE t (k INTEGER PRIMARY KEY, n INTEGER, s TEXT, b BLOB)"
                               : "CREATE TABLE t (k BIGINT PRIMARY KEY, n BIGINT, s TEXT, b BLOB)")
                  .ok());
  const std::string bytes("\0\1\xff\xfe'\"\\", 7);
  const std::int64_t numbers[] = {0, -1, std::numeric_limits<std::int64_t>::min(),
                                  std::numeric_limits<std::int64_t>::max()};
  const std::string texts[] = {"", "plain", "한국어 😀", std::string(100'000 / 2, 'x')};
  for (std::int64_t i = 0; i < 4; ++i) {
    const Value values[] = {i, numbers[i], std::string_view(texts[i]), std::string_view(bytes)};
    const Result result = connection_->Run("INSERT INTO t (k, n, s, b) VALUES (?,?,?,?)", values);
    ASSERT_TRUE(result.ok()) << result.text;
  }
  std::vector<Row> rows;
  ASSERT_TRUE(connection_->Run("SELECT n, s, b, NULL FROM t ORDER BY k", {}, &rows).ok());
  ASSERT_EQ(rows.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(db::IntegerOf(rows[i][0]), numbers[i]);
    EXPECT_EQ(db::TextOf(rows[i][1]), texts[i]);
    EXPECT_EQ(db::TextOf(rows[i][2]), bytes);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(rows[i][3]));
  }
}

TEST_P(DbTest, ErrorsAreSortedByWhatCanBeDone) {
  MigrateIt();
  const Value values[] = {std::string_view("name"), std::string_view("hash"), std::int64_t{1}};
  const char* const insert =
      "INSERT INTO accounts (name, password_hash, created_ms) VALUES (?,?,?)";
  EXPECT_TRUE(connection_->Run(insert, values).ok());
  EXPECT_EQ(connection_->Run(insert, values).code, Code::kRejected);
  EXPECT_EQ(connection_->Run("SELECT * FROM no_such_table").code, Code::kFailed);
  EXPECT_TRUE(connection_->is_open()) << "that is no reason to lose the connection";
  connection_->Close();
  EXPECT_EQ(connection_->Run(insert, values).code, Code::kUnavailable);
}

TEST_P(DbTest, RollbackTakesEverythingBack) {
  MigrateIt();
  ASSERT_TRUE(connection_->Begin().ok());
  const Value values[] = {std::int64_t{5}, std::int64_t{6}, std::int64_t{7}};
  ASSERT_TRUE(
      connection_
          ->Run("INSERT INTO journal_checkpoint (source, last_id, updated_ms) VALUES (?,?,?)",
                values)
          .ok());
  connection_->Rollback();
  EXPECT_EQ(Number("SELECT COUNT(*) FROM journal_checkpoint"), 0);
}

TEST_P(DbTest, MigrationIsDoneOnceAndStepByStep) {
  ASSERT_TRUE(db::Migrate(*connection_, 1).ok());
  EXPECT_EQ(Number("SELECT MAX(version) FROM schema_version"), 1);
  Batch batch = ChatBatch({"from the old days"});
  Store(9, RecordsOf(batch, 1));
  for (const char* sql :
       {"INSERT INTO login_log (source, id, at_ms, server_id, account_no, session_id, what, name, "
        "address, reason) VALUES (9, 2, 1000, 1, 42, 77, 1, '', '', '')",
        "INSERT INTO player_state (account_no, at_ms, server_id, name, room_id, sector_x, "
        "sector_y, "
        "messages) VALUES (42, 5000, 1, '', 3, 4, 5, 0)"}) {
    const Result result = connection_->Run(sql);
    ASSERT_TRUE(result.ok()) << result.text;
  }
  MigrateIt();
  MigrateIt();
  EXPECT_EQ(Number("SELECT session_id FROM login_log"), 77);
  EXPECT_FALSE(connection_->Run("SELECT 1 FROM player_state").ok()) << "it was to go";
  EXPECT_EQ(Number("SELECT MAX(version) FROM schema_version"), db::kSchemaVersion);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM schema_version"), db::kSchemaVersion);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM chat_log"), 1);
}

TEST_P(DbTest, SeveralProgramsMigrateAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto connection = database_.Connect();
      Result result = connection->Open();
      if (result.ok()) result = db::Migrate(*connection);
      EXPECT_TRUE(result.ok()) << result.text;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Number("SELECT COUNT(*) FROM schema_version"), db::kSchemaVersion);
}

TEST_P(DbTest, ANewerDatabaseIsRefused) {
  MigrateIt();
  ASSERT_TRUE(connection_->Run("INSERT INTO schema_version (version) VALUES (99)").ok());
  const Result result = db::Migrate(*connection_);
  EXPECT_EQ(result.code, Code::kRefused);
  EXPECT_NE(result.text.find("99"), std::string::npos) << result.text;
}

TEST_P(DbTest, AllKindsOfEventsBecomeRows) {
  MigrateIt();
  Batch batch = ChatBatch({"안녕하세요"});
  db::LoginEvent login;
  login.at_ms = 1000;
  login.server_id = 2;
  login.account_no = 42;
  login.session_id = 77;
  login.what = db::LoginWhat::kLogout;
  login.address = "10.1.2.3";
  login.reason = "철수 has gone";
  db::Add(batch, login);
  batch.Add(static_cast<std::uint32_t>(db::EventKind::kPast), "of an older program's journal");
  Store(9, RecordsOf(batch, 100));
  const std::vector<Row> chat = database_.Query(
      "SELECT source, id, server_id, account_no, session_id, place, place_id, sequence, name, msg "
      "FROM chat_log");
  ASSERT_EQ(chat.size(), 1U);
  EXPECT_EQ(chat[0], (Row{std::int64_t{9}, std::int64_t{100}, std::int64_t{1}, std::int64_t{42},
                          static_cast<std::int64_t>(0xFFFF'FFFF'0000'0001ULL), std::int64_t{1},
                          std::int64_t{3}, std::int64_t{9}, std::string("철수"),
                          std::string("안녕하세요")}));
  const std::vector<Row> logins = database_.Query(
      "SELECT id, at_ms, account_no, session_id, what, address, reason FROM login_log");
  ASSERT_EQ(logins.size(), 1U);
  EXPECT_EQ(logins[0],
            (Row{std::int64_t{101}, std::int64_t{1000}, std::int64_t{42}, std::int64_t{77},
                 std::int64_t{2}, std::string("10.1.2.3"), std::string("철수 has gone")}));
  EXPECT_EQ(rejected_, 0U);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM rejected_log"), 0) << "what is past is passed over";
  EXPECT_EQ(Number("SELECT last_id FROM journal_checkpoint"), 102);
}

TEST_P(DbTest, StoringTwiceChangesNothing) {
  MigrateIt();
  std::vector<std::string> lines;
  for (int i = 0; i < 1003; ++i) lines.push_back("line " + std::to_string(i));
  Batch batch = ChatBatch(lines);
  const std::vector<Record> records = RecordsOf(batch, 1);
  Store(9, records);
  Store(9, records);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM chat_log"), 1003);
  EXPECT_EQ(Number("SELECT COUNT(DISTINCT msg) FROM chat_log"), 1003);
  std::uint64_t checkpoint = 0;
  ASSERT_TRUE(db::ReadCheckpoint(*connection_, 9, checkpoint).ok());
  EXPECT_EQ(checkpoint, 1003U);
  ASSERT_TRUE(db::ReadCheckpoint(*connection_, 10, checkpoint).ok());
  EXPECT_EQ(checkpoint, 0U) << "another source has its own numbers";
  Store(10, records);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM chat_log"), 2006);
}

TEST_P(DbTest, ARecordThatIsNotTakenHoldsUpNobody) {
  MigrateIt();
  if (GetParam() ==
      Kind::kSqlite) {  // SQLite takes any bytes: make it as strict as MariaDB about this one
    ASSERT_TRUE(connection_
                    ->Run("CREATE TRIGGER strict BEFORE INSERT ON chat_log WHEN NEW.msg LIKE 'bad%'"
                          " BEGIN SELECT RAISE(ABORT, 'not taken'); END")
                    .ok());
  }
  std::vector<std::string> lines;
  for (int i = 0; i < 40; ++i) lines.push_back("line " + std::to_string(i));
  lines[17] = "bad \xff\xfe bytes";
  Batch batch = ChatBatch(lines);
  batch.Add(12345, "a kind that nobody knows");
  Store(9, RecordsOf(batch, 1));
  EXPECT_EQ(rejected_, 2U);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM chat_log"), 39);
  const std::vector<Row> rejected =
      database_.Query("SELECT id, kind, reason, payload FROM rejected_log ORDER BY id");
  ASSERT_EQ(rejected.size(), 2U);
  EXPECT_EQ(db::IntegerOf(rejected[0][0]), 18);
  EXPECT_NE(db::TextOf(rejected[0][3]).find("bad \xff\xfe bytes"), std::string::npos)
      << "kept as it was";
  EXPECT_FALSE(db::TextOf(rejected[0][2]).empty());
  EXPECT_EQ(db::TextOf(rejected[1][3]), "a kind that nobody knows");
}

TEST(Db, EventsThatAreCutOffAreNotRead) {
  Batch batch = ChatBatch({"hello"});
  std::string_view bytes = batch.bytes();
  batch.Seal(1);
  Record record;
  bytes = batch.bytes();
  ASSERT_EQ(ParseRecord(bytes, record), journal::Parse::kRecord);
  db::ChatEvent event;
  EXPECT_TRUE(db::Decode(record.payload, event));
  EXPECT_EQ(event.msg, "hello");
  for (std::size_t size = 0; size < record.payload.size(); ++size) {
    EXPECT_FALSE(db::Decode(record.payload.substr(0, size), event)) << size;
  }
  EXPECT_FALSE(db::Decode(std::string(record.payload) + "x", event));
}

TEST(Db, AFileThatIsNoDatabaseIsRefused) {
  const storage_test::TemporaryFolder folder;
  {
    std::FILE* file = std::fopen(folder.File("x.db").c_str(), "wb");
    ASSERT_NE(file, nullptr);
    std::fputs(std::string(5000, 'x').c_str(), file);
    std::fclose(file);
  }
  const auto connection = db::MakeSqlite({.path = folder.File("x.db")});
  const Result result = connection->Open();
  EXPECT_EQ(result.code, Code::kRefused) << result.text;
  EXPECT_NE(result.text.find("x.db"), std::string::npos) << result.text;
}

TEST(Db, AnSqliteLockOfAnotherProcessIsWaitedForThenUnavailable) {
  const storage_test::TemporaryFolder folder;
  const auto one = db::MakeSqlite({.path = folder.File("x.db"), .lock_ms = 50});
  const auto other = db::MakeSqlite({.path = folder.File("x.db"), .lock_ms = 50});
  ASSERT_TRUE(one->Open().ok());
  ASSERT_TRUE(other->Open().ok());
  ASSERT_TRUE(one->Begin().ok());
  EXPECT_EQ(other->Begin().code, Code::kUnavailable);
  ASSERT_TRUE(one->Commit().ok());
  EXPECT_TRUE(other->Begin().ok());
}

}  // namespace
