// The database that comes back is not the one that went: an older copy, a new file, none. What was
// stored goes into it again, from the journal, and what the journal has no more is counted.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "services/db/resume.h"
#include "tests/support/database_support.h"
#include "tests/support/writer_server.h"

namespace {

using db::StoreCode;
using db::WriterState;
using storage_test::Kind;
using storage_test::Lines;
using storage_test::Long;
using storage_test::MariaDbServer;
using storage_test::Server;
using storage_test::TemporaryFolder;
using storage_test::TestDatabase;
using storage_test::WaitUntil;
using namespace std::chrono_literals;

constexpr std::uint64_t kJournalMax = 1ULL << 30;
constexpr std::uint64_t kKeep = 256 * 1024 * 1024;

std::int64_t Number(db::Connection& connection, const std::string& sql) {
  std::vector<db::Row> rows;
  const db::Result result = connection.Run(sql, {}, &rows);
  EXPECT_TRUE(result.ok()) << sql << ": " << result.text;
  return rows.empty() ? -1 : db::IntegerOf(rows[0][0]);
}

// --- SQLite -----------------------------------------------------------------------------------------

class OlderFile : public ::testing::Test {
 protected:
  std::string Path() const { return folder_.File("chat.db"); }
  std::unique_ptr<Server> Start(std::uint64_t keep = kKeep) {
    return std::make_unique<Server>(folder_.File("journal"), db::MakeSqlite({.path = Path()}),
                                    db::WriterOptions{}, kJournalMax, keep);
  }
  std::int64_t Count(const char* what = "COUNT(*)") {
    const auto connection = db::MakeSqlite({.path = Path()});
    EXPECT_TRUE(connection->Open().ok());
    return Number(*connection, std::string("SELECT ") + what + " FROM chat_log");
  }
  // As a backup program does, while the server runs.
  void CopyTo(const std::string& copy) {
    const auto connection = db::MakeSqlite({.path = Path()});
    ASSERT_TRUE(connection->Open().ok());
    const db::Result result = connection->Run("VACUUM INTO '" + copy + "'");
    ASSERT_TRUE(result.ok()) << result.text;
  }
  void RemoveDatabase() {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(Path() + end);
  }

  TemporaryFolder folder_;
};

TEST_F(OlderFile, ACopyFromBeforeGetsWhatItLacks) {
  {
    const auto server = Start();
    ASSERT_EQ(server->Store(Lines("before ", 70)).code, StoreCode::kStored);
    ASSERT_TRUE(server->WaitForRows(70));
    CopyTo(folder_.File("copy.db"));
    ASSERT_EQ(server->Store(Lines("after ", 50)).code, StoreCode::kStored);
    ASSERT_TRUE(server->writer->Stop(30s).drained);
  }
  ASSERT_EQ(Count(), 120);
  RemoveDatabase();
  std::filesystem::copy(folder_.File("copy.db"), Path());
  const auto server = Start();
  ASSERT_EQ(server->Store({"on"}).code, StoreCode::kStored);
  EXPECT_TRUE(server->writer->Stop(30s).drained);
  EXPECT_EQ(Count(), 121);
  EXPECT_EQ(Count("COUNT(DISTINCT msg)"), 121);
  EXPECT_EQ(server->writer->Stats().lost, 0U);
}

// Segments that are not kept: what cannot be brought back is counted, once.
TEST_F(OlderFile, WhatTheJournalHasNoMoreIsCountedOnce) {
  constexpr std::uint64_t kTurns = 3000;
  {
    const auto server = Start(0);
    ASSERT_EQ(server->Store(Lines("before ", 70)).code, StoreCode::kStored);
    ASSERT_TRUE(server->WaitForRows(70));
    CopyTo(folder_.File("copy.db"));
    for (std::uint64_t turn = 0; turn < kTurns; ++turn) {
      ASSERT_EQ(server->Store({Long(turn, 200)}).code, StoreCode::kStored);
    }
    ASSERT_TRUE(server->writer->Stop(60s).drained);
    ASSERT_GT(server->journal.oldest_id(), 71U) << "segments were to go";
  }
  {  // a start in between, as a source of its own
    const auto server = Start(0);
    ASSERT_TRUE(server->writer->Stop(30s).drained);
    EXPECT_EQ(server->writer->Stats().lost, 0U);
  }
  RemoveDatabase();
  std::filesystem::copy(folder_.File("copy.db"), Path());
  for (const bool first : {true, false}) {
    const auto server = Start(0);
    EXPECT_TRUE(server->writer->Stop(60s).drained);
    const std::uint64_t lost = server->writer->Stats().lost;
    if (first) {
      EXPECT_GT(lost, 0U);
      EXPECT_EQ(static_cast<std::uint64_t>(Count()) + lost, 70 + kTurns);
    } else {
      EXPECT_EQ(lost, 0U) << "it was said the last time";
    }
  }
}

#ifndef _WIN32  // there a file that is open can be neither moved nor removed
// Moved away or removed while the server runs: noticed by the next commit, or soon when there is
// none, and nothing of what was stored before is missing from the file that has the name now.
TEST_F(OlderFile, AFileThatIsMovedOrRemovedIsNoticed) {
  const auto server = Start();
  std::uint64_t heard = 0;
  const auto say = [&](int lines) {
    ASSERT_EQ(server->Store(Lines(std::to_string(heard) + ":", lines)).code, StoreCode::kStored);
    heard += static_cast<std::uint64_t>(lines);
  };
  const auto all_there = [&] {
    return WaitUntil([&] {
      return std::filesystem::exists(Path()) && server->writer->Stats().queue_records == 0 &&
             server->writer->Stats().state == WriterState::kUp &&
             Count() == static_cast<std::int64_t>(heard);
    });
  };
  say(167);
  ASSERT_TRUE(server->WaitForRows(167));
  std::filesystem::rename(Path(), Path() + ".old");  // its -wal stays: the hardest case
  say(233);
  EXPECT_TRUE(all_there()) << "after it was moved";
  EXPECT_GE(server->writer->Stats().replayed, 167U);
  RemoveDatabase();
  say(1);
  EXPECT_TRUE(all_there()) << "after it was removed";
  RemoveDatabase();
  EXPECT_TRUE(all_there()) << "after it was removed and nobody said anything";
  say(1);
  RemoveDatabase();
  EXPECT_TRUE(server->writer->Stop(30s).drained);
  EXPECT_EQ(Count(), static_cast<std::int64_t>(heard)) << "removed just before the end";
  EXPECT_EQ(server->writer->Stats().lost, 0U);
}

// An older copy is put in its place while the server runs.
TEST_F(OlderFile, AFileThatIsReplacedIsNoticed) {
  const auto server = Start();
  ASSERT_EQ(server->Store(Lines("before ", 70)).code, StoreCode::kStored);
  ASSERT_TRUE(server->WaitForRows(70));
  CopyTo(folder_.File("copy.db"));
  ASSERT_EQ(server->Store(Lines("after ", 50)).code, StoreCode::kStored);
  ASSERT_TRUE(server->WaitForRows(120));
  RemoveDatabase();
  std::filesystem::rename(folder_.File("copy.db"), Path());
  ASSERT_EQ(server->Store({"on"}).code, StoreCode::kStored);
  EXPECT_TRUE(server->writer->Stop(30s).drained);
  EXPECT_EQ(Count(), 121);
  EXPECT_GE(server->writer->Stats().replayed, 50U);
}
#endif

// --- both -------------------------------------------------------------------------------------------

class OlderRows : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    std::string why;
    if (!database_.Open(GetParam(), why)) GTEST_SKIP() << why;
  }
  TemporaryFolder folder_;
  TestDatabase database_;
};

INSTANTIATE_TEST_SUITE_P(Databases, OlderRows, ::testing::Values(Kind::kSqlite, Kind::kMariaDb),
                         [](const auto& kind) {
                           return kind.param == Kind::kSqlite ? "Sqlite" : "MariaDb";
                         });

// Somebody restores tables under a connection that stays: the next transaction sees it.
TEST_P(OlderRows, ADatabaseThatGoesBackUnderTheConnectionIsNoticed) {
  Server server(folder_.path(), database_.Connect(), {}, kJournalMax, kKeep);
  ASSERT_EQ(server.Store(Lines("before ", 70)).code, StoreCode::kStored);
  ASSERT_TRUE(server.WaitForRows(70));
  const auto other = database_.Connect();
  ASSERT_TRUE(other->Open().ok());
  const std::int64_t mark = Number(*other, "SELECT last_id FROM journal_checkpoint");
  ASSERT_EQ(server.Store(Lines("after ", 50)).code, StoreCode::kStored);
  ASSERT_TRUE(server.WaitForRows(120));
  ASSERT_TRUE(other->Begin().ok());
  ASSERT_TRUE(other->Run("DELETE FROM chat_log WHERE msg LIKE 'after %'").ok());
  const db::Value values[] = {mark};
  ASSERT_TRUE(other->Run("UPDATE journal_checkpoint SET last_id = ?", values).ok());
  ASSERT_TRUE(other->Commit().ok());
  ASSERT_EQ(server.Store({"on"}).code, StoreCode::kStored);
  EXPECT_TRUE(server.writer->Stop(30s).drained);
  EXPECT_EQ(database_.Number("SELECT COUNT(*) FROM chat_log"), 121);
  EXPECT_EQ(database_.Number("SELECT COUNT(DISTINCT msg) FROM chat_log"), 121);
  EXPECT_EQ(server.writer->Stats().replayed, 50U);
  EXPECT_EQ(server.writer->Stats().lost, 0U);
}

// MariaDB's whole data folder, as a machine that is restored from a snapshot.
TEST(OlderMariaDb, ASnapshotGetsWhatItLacks) {
  std::string why;
  MariaDbServer* const mariadb = MariaDbServer::Shared(why);
  if (mariadb == nullptr) GTEST_SKIP() << why;
  TestDatabase database;
  ASSERT_TRUE(database.Open(Kind::kMariaDb, why));
  TemporaryFolder folder;
  Server server(folder.path(), database.Connect(), {}, kJournalMax, kKeep);
  ASSERT_EQ(server.Store(Lines("before ", 70)).code, StoreCode::kStored);
  ASSERT_TRUE(server.WaitForRows(70));
  mariadb->Kill();
  mariadb->TakeSnapshot();
  mariadb->Start();
  ASSERT_EQ(server.Store(Lines("after ", 50)).code, StoreCode::kStored);
  ASSERT_TRUE(server.WaitForRows(120));
  mariadb->Kill();
  mariadb->RestoreSnapshot();
  mariadb->Start();
  EXPECT_TRUE(WaitUntil(
      [&] { return database.Number("SELECT COUNT(DISTINCT msg) FROM chat_log") == 120; }, 60s));
  EXPECT_TRUE(server.writer->Stop(30s).drained);
  EXPECT_EQ(server.writer->Stats().replayed, 50U);
  EXPECT_EQ(server.writer->Stats().lost, 0U);
}

}  // namespace
