// Group commit: nobody waits for the disk, one sync for all that waits, and what a sync that failed
// leaves behind.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "services/journal/journal.h"
#include "tests/faulty_ops.h"
#include "tests/storage_support.h"

namespace {

using journal::AppendCode;
using journal::AppendResult;
using journal::Batch;
using journal::Journal;
using journal::JournalOptions;
using storage_test::FaultyOps;
using storage_test::TemporaryFolder;
using storage_test::WaitUntil;
using namespace std::chrono_literals;

AppendResult Append(Journal& journal, const std::string& payload) {
  Batch batch;
  batch.Add(7, payload);
  return journal.Append(batch);
}

// All payloads, as a start after a power cut would find them.
std::vector<std::string> Recovered(const std::string& folder) {
  Journal journal;
  const net::Status status = journal.Open({.folder = folder});
  EXPECT_TRUE(status.ok()) << status.error();
  std::vector<std::string> payloads;
  for (std::uint64_t next = journal.oldest_id(); next <= journal.last_id();) {
    const journal::ReadResult read = journal.Read(next, journal.last_id(), 100'000);
    EXPECT_FALSE(read.error);
    EXPECT_EQ(read.lost, 0U);
    std::string_view rest = read.bytes;
    journal::Record record;
    while (ParseRecord(rest, record) == journal::Parse::kRecord)
      payloads.emplace_back(record.payload);
    next = read.last_id + 1;
  }
  return payloads;
}

class JournalSync : public ::testing::Test {
 protected:
  void Open(std::chrono::milliseconds sync_takes) {
    ops_.sync_takes = sync_takes;
    JournalOptions options;
    options.folder = folder_.path();
    options.sync = true;
    options.segment_bytes = segment_bytes_;
    options.ops = &ops_;
    journal_ = std::make_unique<Journal>();
    const net::Status status = journal_->Open(options);
    ASSERT_TRUE(status.ok()) << status.error();
  }

  TemporaryFolder folder_;
  FaultyOps ops_;
  std::uint64_t segment_bytes_ = 16 * 1024 * 1024;
  std::unique_ptr<Journal> journal_;
};

TEST_F(JournalSync, OneSyncForAllThatWaits) {
  Open(100ms);
  std::vector<std::uint64_t> told;
  std::mutex lock;
  journal_->WhenSafe([&](std::uint64_t safe) {
    const std::lock_guard guard(lock);
    told.push_back(safe);
  });
  constexpr int kThreads = 4;
  constexpr std::uint64_t kEach = 100;
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (std::uint64_t turn = 0; turn < kEach; ++turn)
        ASSERT_EQ(Append(*journal_, "x").code, AppendCode::kOk);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto appended = std::chrono::steady_clock::now() - begin;
  const std::uint64_t all = kThreads * kEach;
  ASSERT_TRUE(WaitUntil([&] { return journal_->safe_id() == all; }));
  // Each would be 100 ms alone: 40 s.
  EXPECT_LT(appended, 10s) << "somebody who appends has waited for the disk";
  EXPECT_LE(ops_.syncs, 2 + static_cast<int>(appended / 100ms)) << "one at a time, for all";
  journal_->WhenSafe({});
  EXPECT_TRUE(std::ranges::is_sorted(told));
  EXPECT_EQ(told.back(), all);
}

// What was begun before a sync began is safe after it, what comes later is not: also when segments
// change meanwhile.
TEST_F(JournalSync, SafeMeansSyncedInAllSegments) {
  segment_bytes_ = 1000;
  Open(1ms);
  for (std::uint64_t id = 1; id <= 200; ++id) {
    ASSERT_EQ(Append(*journal_, std::string(100, 's')).last_id, id);
    ASSERT_EQ(journal_->written_id(), id);
    ASSERT_LE(journal_->safe_id(), id);
  }
  EXPECT_GT(journal_->Stats().segments, 10U);
  EXPECT_TRUE(WaitUntil([&] { return journal_->safe_id() == 200; }));
  journal_.reset();
  EXPECT_EQ(Recovered(folder_.path()).size(), 200U);
}

// A sync fails: what is not safe is written once more, under its numbers, and nothing is appended
// before that has succeeded.
TEST_F(JournalSync, AfterASyncThatFailsItIsWrittenAgain) {
  Open(0ms);
  std::vector<std::string> expected;
  for (int round = 0; round < 5; ++round) {
    const std::string text = std::to_string(round);
    ASSERT_EQ(Append(*journal_, "safe " + text).code, AppendCode::kOk);
    expected.push_back("safe " + text);
    ASSERT_TRUE(WaitUntil([&] { return journal_->safe_id() == journal_->written_id(); }));
    const std::uint64_t safe = journal_->safe_id();
    ops_.sync_fails = true;
    ASSERT_EQ(Append(*journal_, "held " + text).code, AppendCode::kOk);
    expected.push_back("held " + text);
    AppendResult refused;
    ASSERT_TRUE(WaitUntil([&] {
      refused = Append(*journal_, "held too " + text);
      if (refused.code == AppendCode::kOk) expected.push_back("held too " + text);
      return refused.code != AppendCode::kOk;
    }));
    EXPECT_EQ(refused.code, AppendCode::kFailed);
    EXPECT_EQ(refused.error, std::errc::timed_out);
    EXPECT_EQ(journal_->safe_id(), safe) << "said to be safe, and is not";
    ops_.sync_fails = false;
    ASSERT_TRUE(WaitUntil([&] { return journal_->safe_id() == journal_->written_id(); }));
    ASSERT_EQ(Append(*journal_, "after " + text).code, AppendCode::kOk);
    expected.push_back("after " + text);
  }
  journal_.reset();
  EXPECT_EQ(Recovered(folder_.path()), expected);
}

// The disk hangs: what waits has a bound in time, and so in memory.
TEST_F(JournalSync, ADiskThatHangsRefuses) {
  Open(4s);
  ASSERT_EQ(Append(*journal_, "first").code, AppendCode::kOk);
  EXPECT_TRUE(WaitUntil([&] { return Append(*journal_, "more").code != AppendCode::kOk; }));
  EXPECT_TRUE(WaitUntil([&] { return Append(*journal_, "again").code == AppendCode::kOk; }));
}

}  // namespace
