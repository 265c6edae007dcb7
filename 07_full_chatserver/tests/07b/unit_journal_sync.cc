// Group commit: nobody waits for the disk, one sync for all that waits, and what a sync that failed
// leaves behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "services/journal/journal.h"
#include "tests/support/faulty_ops.h"
#include "tests/support/storage_support.h"
#include "tests/support/task_input.h"

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
  TASK_INPUT("07b.4", "4 threads, 100 turns each, a sync takes 100 ms");
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

// What is appended while a sync runs waits for that one and the next, and for no other: by count,
// on a disk that ends a sync when it is told to.
TEST_F(JournalSync, NobodyWaitsForMoreThanTheRunningSyncAndTheNext) {
  TASK_INPUT("07b.4", "syncs that end when they are told to");
  std::mutex lock;
  std::condition_variable change;
  int may_end = 0;  // guarded by lock
  const auto let = [&](int last) {
    const std::lock_guard guard(lock);
    may_end = last;
    change.notify_all();
  };
  ops_.on_sync = [&](int number) {
    std::unique_lock guard(lock);
    change.wait(guard, [&] { return may_end >= number; });
  };
  Open(0ms);
  std::atomic<std::uint64_t> told{0};
  journal_->WhenSafe([&](std::uint64_t safe) { told = safe; });
  const auto say = [&] { return Append(*journal_, "x").last_id; };
  struct AtTheEnd {
    std::function<void()> end;
    ~AtTheEnd() { end(); }
  } const finally{[&] {
    let(1'000'000);
    journal_.reset();
  }};
  std::uint64_t id = 0;
  say();
  for (int running = 1; running < 60; ++running) {
    ASSERT_TRUE(WaitUntil([&] { return ops_.syncs == running; }));
    EXPECT_GE(told, id) << "said during sync " << running - 2;
    id = say();
    say();
    let(running);
    ASSERT_TRUE(WaitUntil([&] { return ops_.syncs == running + 1; }));
    EXPECT_LT(told, id) << "it was not in sync " << running;
    say();  // while the next one runs: for the one after that
    let(++running);
  }
}

// 150 rooms that say something 13 times a second each, on a disk that needs 10 ms: how many syncs
// begin until it may be heard. (How long that takes is printed only: it depends on the machine.)
TEST_F(JournalSync, AtTheRoomsPaceAMessageWaitsForTwoSyncsAtMost) {
  Open(10ms);
  using Clock = std::chrono::steady_clock;
  constexpr std::size_t kMessages = 3000;
  std::vector<Clock::time_point> said(kMessages + 1);
  std::vector<Clock::time_point> heard(kMessages + 1);  // the sync thread's, up to `done`
  std::vector<int> begun_when_said(kMessages + 1);
  std::vector<int> begun_when_heard(kMessages + 1);  // the sync thread's, up to `done`
  std::atomic<std::uint64_t> done{0};
  journal_->WhenSafe([&](std::uint64_t safe) {
    for (std::uint64_t id = done + 1; id <= safe; ++id) {
      heard[id] = Clock::now();
      begun_when_heard[id] = ops_.syncs;
    }
    done = safe;
  });
  const auto begin = Clock::now();
  for (std::size_t i = 1; i <= kMessages; ++i) {
    std::this_thread::sleep_until(begin + static_cast<int>(i) * 500us);  // the pace of the rooms
    said[i] = Clock::now();
    begun_when_said[i] = ops_.syncs;
    ASSERT_EQ(Append(*journal_, std::string(100, 'x')).last_id, i);
  }
  ASSERT_TRUE(WaitUntil([&] { return done == kMessages; }));
  const auto sync = (Clock::now() - begin) / ops_.syncs.load();
  journal_->WhenSafe({});
  std::vector<Clock::duration> waits;
  for (std::size_t i = 1; i <= kMessages; ++i) {
    waits.push_back(heard[i] - said[i]);
    // One may begin between the look at the count and the write; the next one has the message.
    ASSERT_LE(begun_when_heard[i] - begun_when_said[i], 2) << "message " << i;
  }
  std::ranges::sort(waits);
  const auto ms = [](Clock::duration d) {
    return std::chrono::duration<double, std::milli>(d).count();
  };
  std::cout << "p50 " << ms(waits[kMessages / 2]) << " ms, p99 " << ms(waits[kMessages * 99 / 100])
            << " ms, " << ops_.syncs << " syncs of " << ms(sync) << " ms\n";
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
  EXPECT_EQ(ops_.closed_unsynced, 0) << "segments that were said to be safe and never synced";
  journal_.reset();
  EXPECT_EQ(Recovered(folder_.path()).size(), 200U);
}

// The disk works on the first segment while the journal goes on through several more: when all of
// it is called safe, none of those that were left behind may be missing.
TEST_F(JournalSync, ASegmentThatIsLeftIsSyncedToo) {
  TASK_INPUT("07b.6", "20 records of 100 bytes, segments of 1000, while the first sync runs");
  segment_bytes_ = 1000;
  std::atomic<bool> may_end{false};
  ops_.on_sync = [&](int) { WaitUntil([&] { return may_end.load(); }); };
  Open(0ms);
  ASSERT_EQ(Append(*journal_, "first").code, AppendCode::kOk);
  ASSERT_TRUE(WaitUntil([&] { return ops_.syncs == 1; }));
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(Append(*journal_, std::string(100, 's')).code, AppendCode::kOk);
  }
  EXPECT_GE(journal_->Stats().segments, 3U);
  may_end = true;
  ASSERT_TRUE(WaitUntil([&] { return journal_->safe_id() == 21; }));
  EXPECT_EQ(ops_.closed_unsynced, 0) << "segments that are called safe and were never synced";
}

// A sync fails: what is not safe is written once more, under its numbers, and nothing is appended
// before that has succeeded.
TEST_F(JournalSync, AfterASyncThatFailsItIsWrittenAgain) {
  TASK_INPUT("07b.4", "5 rounds: a sync fails, then works again");
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
