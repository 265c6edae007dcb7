// The writer: what Store has answered is in the database exactly once, whatever the database does.
#include "services/db/db_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/database_support.h"
#include "tests/support/task_input.h"
#include "tests/support/writer_server.h"

#ifdef __linux__
#include <sys/mount.h>
#endif

namespace {

using db::DbWriter;
using db::DrainResult;
using db::StoreCode;
using db::WriterOptions;
using db::WriterState;
using journal::Journal;
using storage_test::Faults;
using storage_test::Kind;
using storage_test::Lines;
using storage_test::Long;
using storage_test::MariaDbServer;
using storage_test::Server;
using storage_test::TemporaryFolder;
using storage_test::TestDatabase;
using storage_test::WaitUntil;
using namespace std::chrono_literals;

class WriterTest : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    std::string why;
    if (!database_.Open(GetParam(), why)) GTEST_SKIP() << why;
  }
  std::unique_ptr<Server> Make(WriterOptions options = {}, std::uint64_t journal_max = 1ULL << 30) {
    return std::make_unique<Server>(folder_.path(), WithFaults(database_.Connect(), faults_),
                                    options, journal_max);
  }
  std::int64_t Rows() { return database_.Number("SELECT COUNT(*) FROM chat_log"); }
  std::int64_t Different() { return database_.Number("SELECT COUNT(DISTINCT msg) FROM chat_log"); }

  TemporaryFolder folder_;
  TestDatabase database_;
  Faults faults_;
};

INSTANTIATE_TEST_SUITE_P(Databases, WriterTest, ::testing::Values(Kind::kSqlite, Kind::kMariaDb),
                         [](const auto& kind) {
                           return kind.param == Kind::kSqlite ? "Sqlite" : "MariaDb";
                         });

TEST_P(WriterTest, WhatIsStoredArrivesInOrder) {
  TASK_INPUT("07b.5", "100 turns of 7 rows");
  const auto server = Make();
  for (int turn = 0; turn < 100; ++turn) {
    ASSERT_EQ(server->Store(Lines(std::to_string(turn) + ":", 7)).code, StoreCode::kStored);
  }
  const DrainResult drained = server->writer->Stop(30s);
  EXPECT_TRUE(drained.drained);
  EXPECT_EQ(Rows(), 700);
  const auto rows = database_.Query("SELECT msg FROM chat_log ORDER BY id");
  ASSERT_EQ(rows.size(), 700U);
  EXPECT_EQ(db::TextOf(rows[8][0]), "1:1");
  EXPECT_EQ(db::TextOf(rows[699][0]), "99:6");
  EXPECT_EQ(server->writer->Stats().state, WriterState::kStopped);
}

TEST_P(WriterTest, ARestartWritesWhatTheFirstRunCouldNot) {
  {
    const auto server = Make();
    ASSERT_EQ(server->Store(Lines("a", 10)).code, StoreCode::kStored);
    ASSERT_TRUE(server->WaitForRows(10));
    faults_.down = true;
    ASSERT_EQ(server->Store(Lines("b", 20)).code, StoreCode::kStored);
    const DrainResult result = server->writer->Stop(0ms);
    EXPECT_FALSE(result.drained);
    EXPECT_EQ(result.left, 20U);
    EXPECT_EQ(server->Store({"late"}).code, StoreCode::kRefused);
  }
  faults_.down = false;
  const auto server = Make();
  ASSERT_EQ(server->Store({"c"}).code, StoreCode::kStored);
  EXPECT_TRUE(server->writer->Stop(30s).drained);
  EXPECT_EQ(Rows(), 31);
  EXPECT_EQ(Different(), 31);
}

TEST_P(WriterTest, StartingWhileTheDatabaseIsAway) {
  faults_.down = true;
  const auto server = Make();
  EXPECT_EQ(server->writer->Stats().state, WriterState::kDown);
  EXPECT_FALSE(server->writer->Stats().reason.empty());
  ASSERT_EQ(server->Store(Lines("x", 5)).code, StoreCode::kStored);
  faults_.down = false;
  EXPECT_TRUE(server->WaitForRows(5));
  EXPECT_EQ(server->writer->Stats().state, WriterState::kUp);
  EXPECT_GT(server->writer->Stats().retries, 0U);
}

// The database is away while far more comes than memory may hold.
TEST_P(WriterTest, AnOutageCostsNoMemory) {
  WriterOptions options;
  options.queue_memory_bytes = 8 * 1024;
  const auto server = Make(options);
  ASSERT_EQ(server->Store({"first"}).code, StoreCode::kStored);
  ASSERT_TRUE(server->WaitForRows(1));
  faults_.down = true;
  for (int turn = 0; turn < 500; ++turn) {
    ASSERT_EQ(server->Store(Lines(std::to_string(turn) + ":", 5)).code, StoreCode::kStored);
    ASSERT_LE(server->writer->Stats().queue_bytes, options.queue_memory_bytes);
  }
  EXPECT_GT(server->writer->Stats().in_journal_only, 2000U);
  EXPECT_GT(server->journal.Stats().segments, 2U);
  faults_.down = false;
  for (int turn = 500; turn < 600; ++turn) {  // while it catches up
    ASSERT_EQ(server->Store(Lines(std::to_string(turn) + ":", 5)).code, StoreCode::kStored);
  }
  EXPECT_TRUE(server->writer->Stop(60s).drained);
  EXPECT_EQ(Rows(), 3001);
  EXPECT_EQ(Different(), 3001);
  EXPECT_EQ(server->journal.Stats().segments, 1U) << "what is confirmed has gone";
}

// Whoever waits until nothing waits any more (an operator, a test) must not be told so too early.
TEST_P(WriterTest, NothingWaitsOnlyWhenAllIsStored) {
  faults_.down = true;
  constexpr std::uint64_t kRecords = 20'000;
  {
    const auto server = Make();
    for (std::uint64_t i = 0; i < kRecords / 1000; ++i) {
      ASSERT_EQ(server->Store(Lines(std::to_string(i) + ":", 1000)).code, StoreCode::kStored);
    }
    (void)server->writer->Stop(0ms);
  }
  faults_.down = false;
  const auto server = Make();
  ASSERT_TRUE(WaitUntil([&] { return server->writer->Stats().queue_records == 0; }, 120s));
  EXPECT_EQ(server->writer->Stats().written_rows, kRecords);
  EXPECT_EQ(Rows(), static_cast<std::int64_t>(kRecords));
}

TEST_P(WriterTest, ACommitWhoseAnswerIsLostIsNotWrittenTwice) {
  TASK_INPUT("07b.5", "20 turns of 3 rows, the answers of 3 commits are lost");
  const auto server = Make();
  faults_.lose_commits = 3;
  for (int turn = 0; turn < 20; ++turn) {
    ASSERT_EQ(server->Store(Lines(std::to_string(turn) + ":", 3)).code, StoreCode::kStored);
  }
  EXPECT_TRUE(server->writer->Stop(30s).drained);
  EXPECT_EQ(Rows(), 60);
  EXPECT_EQ(Different(), 60);
}

TEST_P(WriterTest, AFullDatabaseIsWaitedFor) {
  const auto server = Make();
  faults_.full = true;
  ASSERT_EQ(server->Store(Lines("x", 5)).code, StoreCode::kStored);
  EXPECT_TRUE(WaitUntil([&] { return server->writer->Stats().state == WriterState::kFull; }));
  faults_.full = false;
  EXPECT_TRUE(server->WaitForRows(5));
  EXPECT_EQ(Rows(), 5);
}

TEST_P(WriterTest, RefuseWhenTheJournalIsFull) {
  WriterOptions options;
  options.queue_memory_bytes = 4096;
  const auto server = Make(options, 200 * 1024);
  faults_.down = true;
  std::set<std::string> stored;
  int refused = 0;
  for (std::uint64_t turn = 0; refused < 10; ++turn) {
    const std::string line = Long(turn, 1000);
    const db::StoreResult result = server->Store({line});
    if (result.code == StoreCode::kStored) {
      stored.insert(line);
    } else {
      ASSERT_EQ(result.code, StoreCode::kRefused);
      EXPECT_NE(result.reason.find("journal.max_bytes"), std::string::npos) << result.reason;
      ++refused;
    }
  }
  EXPECT_EQ(server->writer->Stats().refused, 10U);
  faults_.down = false;
  // Room again: both directions work.
  EXPECT_TRUE(WaitUntil([&] { return server->Store({"after"}).code == StoreCode::kStored; }));
  EXPECT_TRUE(server->writer->Stop(30s).drained);
  const auto rows = database_.Query("SELECT msg FROM chat_log WHERE msg <> 'after'");
  std::set<std::string> found;
  for (const db::Row& row : rows) found.insert(db::TextOf(row[0]));
  EXPECT_EQ(found, stored) << "all that was stored and nothing that was refused";
}

TEST_P(WriterTest, ContinueWhenTheJournalIsFull) {
  TASK_INPUT("07b.5", "on_full = continue, the journal full, the database away");
  WriterOptions options;
  options.on_full = db::OnFull::kContinue;
  options.queue_memory_bytes = 16 * 1024;
  const auto server = Make(options, 200 * 1024);
  faults_.down = true;
  std::uint64_t stored = 0;
  std::uint64_t memory_only = 0;
  while (server->writer->Stats().lost < 5) {
    const db::StoreResult result = server->Store({Long(stored + memory_only, 1000)});
    ASSERT_NE(result.code, StoreCode::kRefused);
    (result.code == StoreCode::kStored ? stored : memory_only) += 1;
  }
  db::WriterStats stats = server->writer->Stats();
  EXPECT_EQ(memory_only, stats.unjournaled + stats.lost);
  EXPECT_GT(stats.unjournaled, 0U);
  EXPECT_LE(stats.queue_bytes, 2 * options.queue_memory_bytes);
  faults_.down = false;
  EXPECT_TRUE(server->writer->Stop(30s).drained);
  EXPECT_EQ(Rows(), static_cast<std::int64_t>(stored + stats.unjournaled));
  EXPECT_EQ(Different(), Rows());
}

// Several update threads, and a database that fails at every step now and then.
TEST_P(WriterTest, ExactlyOnceUnderRandomFailures) {
  const std::uint64_t seed = storage_test::Seed();
  TASK_INPUT("07b.5", "3 threads, each call fails one time in 60, seed " << seed);
  std::mt19937_64 random(seed);
  faults_.fail_at_random = [&] { return random() % 60 == 0; };  // the writer's thread only
  WriterOptions options;
  options.queue_memory_bytes = 4096;
  options.batch_rows = 20;
  const int turns = 150 * storage_test::StressScale();
  // SQLite opens in no time; a failing connection to MariaDB costs milliseconds.
  const int threads_count = 3;
  {
    const auto server = Make(options);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < threads_count; ++thread) {
      threads.emplace_back([&, thread] {
        for (int turn = 0; turn < turns; ++turn) {
          const std::string prefix = std::to_string(thread) + "/" + std::to_string(turn) + ":";
          ASSERT_EQ(server->Store(Lines(prefix, 1 + turn % 5)).code, StoreCode::kStored);
          if (turn % 50 == 0) faults_.lose_commits = 1;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(server->writer->Stop(120s).drained);
  }
  EXPECT_EQ(Rows(), threads_count * turns * 3);
  EXPECT_EQ(Different(), threads_count * turns * 3);
}

// A hundred small turns wait while the database is away: they go into it 100 rows at a time, not
// turn by turn, and a turn that is longer than that is cut.
TEST(Writer, TurnsThatWaitShareATransaction) {
  TASK_INPUT("07b.5", "100 turns of 3 rows and one of 250 wait; batch_rows is 100");
  TemporaryFolder folder;
  Faults faults;
  WriterOptions options;
  options.batch_rows = 100;
  Server server(folder.File("journal"),
                WithFaults(db::MakeSqlite({.path = folder.File("x.db")}), faults), options);
  faults.down = true;
  for (int turn = 0; turn < 100; ++turn) {
    ASSERT_EQ(server.Store(Lines(std::to_string(turn) + ":", 3)).code, StoreCode::kStored);
  }
  ASSERT_EQ(server.Store(Lines("long:", 250)).code, StoreCode::kStored);
  EXPECT_TRUE(WaitUntil([&] { return server.writer->Stats().state == WriterState::kDown; }));
  const int before = faults.commits;
  faults.down = false;
  EXPECT_TRUE(server.WaitForRows(550));
  EXPECT_TRUE(server.writer->Stop(30s).drained);
  EXPECT_LE(faults.commits - before, 14) << "550 rows, 100 in a transaction";
  EXPECT_GE(faults.commits - before, 6);
}

// A hundred turns of one row come while the writer waits for company: one transaction. At the end
// nobody waits any more.
TEST(Writer, RowsThatComeWithinTheGatherTimeShareATransaction) {
  TemporaryFolder folder;
  Faults faults;
  WriterOptions options;
  options.batch_rows = 100;
  options.gather = 1h;
  Server server(folder.File("journal"),
                WithFaults(db::MakeSqlite({.path = folder.File("x.db")}), faults), options);
  const int before = faults.commits;
  for (const std::string& line : Lines("row ", 100)) {
    ASSERT_EQ(server.Store({line}).code, StoreCode::kStored);
  }
  EXPECT_TRUE(server.WaitForRows(100));
  EXPECT_EQ(faults.commits - before, 1);
  for (const std::string& line : Lines("late ", 3)) {
    ASSERT_EQ(server.Store({line}).code, StoreCode::kStored);
  }
  EXPECT_TRUE(server.writer->Stop(30s).drained) << "it does not wait for an hour";
  EXPECT_EQ(server.writer->Stats().written_rows, 103U);
}

TEST(Writer, AWrongPasswordIsSaidAtStart) {
  TemporaryFolder folder;
  std::FILE* file = std::fopen(folder.File("x.db").c_str(), "wb");
  ASSERT_NE(file, nullptr);
  std::fputs(std::string(5000, 'x').c_str(), file);
  std::fclose(file);
  Journal journal;
  ASSERT_TRUE(journal.Open({.folder = folder.File("journal")}).ok());
  DbWriter writer({}, db::MakeSqlite({.path = folder.File("x.db")}), journal);
  const net::Status status = writer.Start();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().find("not a database"), std::string::npos) << status.error();
}

TEST(Writer, StopIsBoundedWhileTheDatabaseIsLocked) {
  TemporaryFolder folder;
  const auto blocker = db::MakeSqlite({.path = folder.File("x.db")});
  Server server(folder.File("journal"),
                db::MakeSqlite({.path = folder.File("x.db"), .lock_ms = 20}));
  ASSERT_TRUE(blocker->Open().ok());
  ASSERT_TRUE(blocker->Begin().ok());
  ASSERT_EQ(server.Store({"held up"}).code, StoreCode::kStored);
  EXPECT_TRUE(WaitUntil([&] { return server.writer->Stats().state == WriterState::kDown; }));
  const DrainResult result = server.writer->Stop(50ms);
  EXPECT_FALSE(result.drained);
  EXPECT_EQ(result.left, 1U);
  ASSERT_TRUE(blocker->Commit().ok());
}

// MariaDB itself is killed and comes back, again and again, under load.
TEST(Writer, MariaDbIsKilledUnderLoad) {
  std::string why;
  MariaDbServer* const mariadb = MariaDbServer::Shared(why);
  if (mariadb == nullptr) GTEST_SKIP() << why;
  TestDatabase database;
  ASSERT_TRUE(database.Open(Kind::kMariaDb, why));
  TemporaryFolder folder;
  WriterOptions options;
  options.queue_memory_bytes = 16 * 1024;
  Server server(folder.path(), database.Connect(), options);
  std::atomic<bool> stop{false};
  std::atomic<int> stored{0};
  std::thread load([&] {
    while (!stop) {
      const int turn = stored;
      ASSERT_EQ(server.Store({Long(static_cast<std::uint64_t>(turn), 30)}).code, StoreCode::kStored)
          << "chat goes on";
      stored = turn + 1;
      if (turn % 20 == 0) std::this_thread::sleep_for(1ms);  // a load, not a flood
    }
  });
  for (int round = 0; round < 2 * storage_test::StressScale(); ++round) {
    const std::uint64_t rows = server.writer->Stats().written_rows;
    EXPECT_TRUE(server.WaitForRows(rows + 200));
    mariadb->Kill();
    EXPECT_TRUE(WaitUntil([&] { return server.writer->Stats().state == WriterState::kDown; }));
    const int before = stored;
    EXPECT_TRUE(WaitUntil([&] { return stored > before + 200; }))
        << "chat stopped with the database";
    mariadb->Start();
    EXPECT_TRUE(WaitUntil([&] { return server.writer->Stats().state == WriterState::kUp; }));
  }
  stop = true;
  load.join();
  EXPECT_TRUE(server.writer->Stop(120s).drained);
  EXPECT_EQ(database.Number("SELECT COUNT(*) FROM chat_log"), stored.load());
  EXPECT_EQ(database.Number("SELECT COUNT(DISTINCT msg) FROM chat_log"), stored.load());
}

#ifdef __linux__
// A real disk of 1 MiB that fills up, with the journal and the database on it, and grows later.
TEST(Writer, ADiskFillsUpAndGrows) {
  TemporaryFolder folder;
  if (::mount("course-test", folder.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "mounting a small disk is not permitted here";
  }
  struct Unmount {
    std::string path;
    ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
  } const unmount{folder.path()};
  std::set<std::string> stored;
  {
    Server server(folder.File("journal"), db::MakeSqlite({.path = folder.File("chat.db")}));
    int refused = 0;
    for (std::uint64_t turn = 0; refused < 20 && turn < 100'000; ++turn) {
      const std::string line = Long(turn, 700);
      const db::StoreResult result = server.Store({line});
      if (result.code == StoreCode::kStored) {
        stored.insert(line);
      } else {
        EXPECT_NE(result.reason.find("No space left"), std::string::npos) << result.reason;
        ++refused;
      }
    }
    EXPECT_EQ(refused, 20);
    ASSERT_EQ(::mount("course-test", folder.path().c_str(), "tmpfs", MS_REMOUNT, "size=32m"), 0);
    EXPECT_TRUE(WaitUntil([&] { return server.Store({"after"}).code == StoreCode::kStored; }));
    EXPECT_TRUE(server.writer->Stop(60s).drained);
    const auto connection = db::MakeSqlite({.path = folder.File("chat.db")});
    ASSERT_TRUE(connection->Open().ok());
    std::vector<db::Row> rows;
    ASSERT_TRUE(connection->Run("SELECT msg FROM chat_log WHERE msg <> 'after'", {}, &rows).ok());
    std::set<std::string> found;
    for (const db::Row& row : rows) found.insert(db::TextOf(row[0]));
    EXPECT_EQ(rows.size(), stored.size());
    EXPECT_EQ(found, stored);
  }
}
#endif

}  // namespace
