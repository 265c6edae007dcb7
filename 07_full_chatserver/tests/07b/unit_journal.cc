// The journal on real files, with faults put in by a table of file operations.
#include "services/journal/journal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/faulty_ops.h"
#include "tests/support/storage_support.h"
#include "tests/support/task_input.h"

namespace {

using journal::AppendCode;
using journal::AppendResult;
using journal::Batch;
using journal::FileHandle;
using journal::IoResult;
using journal::Journal;
using journal::JournalOptions;
using journal::Parse;
using journal::Record;
using storage_test::FaultyOps;
using storage_test::TemporaryFolder;

struct Kept {
  std::uint64_t source = 0;
  std::uint64_t id = 0;
  std::uint32_t kind = 0;
  std::string payload;
};

AppendResult Append(Journal& journal, const std::vector<std::string>& payloads) {
  Batch batch;
  for (const std::string& payload : payloads) batch.Add(7, payload);
  return journal.Append(batch);
}

// Everything that is kept, in several reads.
std::vector<Kept> ReadAllOf(Journal& journal, std::size_t bytes_max = 100) {
  std::vector<Kept> all;
  for (std::uint64_t next = journal.oldest_id(); next <= journal.last_id();) {
    journal::ReadResult read = journal.Read(next, journal.last_id(), bytes_max);
    EXPECT_FALSE(read.error) << read.error.message();
    EXPECT_EQ(read.lost, 0U);
    EXPECT_GE(read.last_id, next) << "a read without progress";
    if (read.error || read.last_id < next) return all;
    std::string_view bytes = read.bytes;
    Record record;
    while (ParseRecord(bytes, record) == Parse::kRecord) {
      all.push_back({read.source, record.id, record.kind, std::string(record.payload)});
    }
    EXPECT_TRUE(bytes.empty());
    EXPECT_EQ(all.back().id, read.last_id);
    next = read.last_id + 1;
  }
  return all;
}

std::vector<std::string> PayloadsOf(const std::vector<Kept>& all) {
  std::vector<std::string> payloads;
  for (const Kept& kept : all) payloads.push_back(kept.payload);
  return payloads;
}

std::vector<std::string> SegmentsIn(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".journal") files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  return files;
}

class JournalTest : public ::testing::Test {
 protected:
  JournalOptions Options() {
    JournalOptions options;
    options.folder = folder_.path();
    options.keep_bytes = 0;
    return options;
  }
  TemporaryFolder folder_;
};

TEST(Crc32c, KnownValues) {
  EXPECT_EQ(journal::Crc32c("123456789"), 0xE3069283U);  // RFC 3720, B.4
  EXPECT_EQ(journal::Crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(journal::Crc32c("6789", journal::Crc32c("12345")), 0xE3069283U);
}

TEST_F(JournalTest, WhatIsAppendedIsReadInOrder) {
  TASK_INPUT("07b.3", "a turn of 3 records, a turn of one");
  Journal journal;
  ASSERT_TRUE(journal.Open(Options()).ok());
  EXPECT_EQ(Append(journal, {"a", "", "ccc"}).last_id, 3U);
  const AppendResult second = Append(journal, {std::string(5000, 'x')});
  EXPECT_EQ(second.code, AppendCode::kOk);
  EXPECT_EQ(second.first_id, 4U);
  const std::vector<Kept> all = ReadAllOf(journal);
  EXPECT_EQ(PayloadsOf(all), (std::vector<std::string>{"a", "", "ccc", std::string(5000, 'x')}));
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].id, i + 1);
    EXPECT_EQ(all[i].kind, 7U);
    EXPECT_EQ(all[i].source, journal.source());
  }
}

TEST_F(JournalTest, ARestartGoesOnWithTheNumbersAndANewSource) {
  TASK_INPUT("07b.2", "two records, a restart, a third");
  std::uint64_t first_source = 0;
  {
    Journal journal;
    ASSERT_TRUE(journal.Open(Options()).ok());
    first_source = journal.source();
    Append(journal, {"one", "two"});
  }
  Journal journal;
  ASSERT_TRUE(journal.Open(Options()).ok());
  EXPECT_NE(journal.source(), first_source);
  EXPECT_EQ(Append(journal, {"three"}).first_id, 3U);
  const std::vector<Kept> all = ReadAllOf(journal);
  ASSERT_EQ(PayloadsOf(all), (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_EQ(all[1].source, first_source);
  EXPECT_EQ(all[2].source, journal.source());
}

TEST_F(JournalTest, OnlyOneAtATimeMayHaveTheFolder) {
  Journal journal;
  ASSERT_TRUE(journal.Open(Options()).ok());
  JournalOptions options = Options();
  options.lock_wait = std::chrono::milliseconds(50);
  const auto before = std::chrono::steady_clock::now();
  Journal other;
  const net::Status status = other.Open(options);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().find("in use"), std::string::npos) << status.error();
  EXPECT_GE(std::chrono::steady_clock::now() - before, options.lock_wait);
}

// The successor of a killed server is often there before the system has let go of the folder.
TEST_F(JournalTest, AFolderThatIsLetGoMeanwhileIsTaken) {
  auto journal = std::make_unique<Journal>();
  ASSERT_TRUE(journal->Open(Options()).ok());
  JournalOptions options = Options();
  options.lock_wait = std::chrono::seconds(60);  // only a failure takes that long
  std::atomic<bool> answered{false};
  Journal successor;
  net::Status status = net::Status::Error("not answered");
  std::thread opening([&] {
    status = successor.Open(options);
    answered.store(true);
  });
  // As long as the folder is held there is no answer, however often it is asked for.
  EXPECT_FALSE(
      storage_test::WaitUntil([&] { return answered.load(); }, std::chrono::milliseconds(50)));
  journal.reset();
  opening.join();
  EXPECT_TRUE(status.ok()) << status.error();
}

TEST_F(JournalTest, SegmentsAreBegunAndGoWhenTheyAreConfirmed) {
  TASK_INPUT("07b.3", "50 turns of 100 bytes, segment_bytes 1000");
  JournalOptions options = Options();
  options.segment_bytes = 1000;
  Journal journal;
  ASSERT_TRUE(journal.Open(options).ok());
  for (int i = 0; i < 50; ++i) Append(journal, {std::string(100, static_cast<char>('a' + i % 26))});
  const std::size_t segments = SegmentsIn(folder_.path()).size();
  EXPECT_GE(segments, 5U);
  EXPECT_EQ(journal.Stats().segments, segments);
  EXPECT_EQ(ReadAllOf(journal).size(), 50U);
  journal.RemoveConfirmed(20);
  EXPECT_LT(SegmentsIn(folder_.path()).size(), segments);
  EXPECT_LE(journal.oldest_id(), 21U) << "a record that is not confirmed has gone";
  EXPECT_GT(journal.oldest_id(), 1U);
  journal.RemoveConfirmed(50);
  EXPECT_EQ(SegmentsIn(folder_.path()).size(), 1U);
  EXPECT_EQ(Append(journal, {"on"}).first_id, 51U);
}

// What the database has is kept as long as there is room for it, goes when others need it, and is
// remembered by its numbers.
TEST_F(JournalTest, ConfirmedSegmentsAreKeptWhileThereIsRoom) {
  JournalOptions options = Options();
  options.segment_bytes = 1000;
  options.max_bytes = 10'000;
  options.keep_bytes = 4000;
  std::uint64_t source = 0;
  {
    Journal journal;
    ASSERT_TRUE(journal.Open(options).ok());
    source = journal.source();
    for (int i = 0; i < 50; ++i) Append(journal, {std::string(100, 'k')});
    journal.RemoveConfirmed(50);
    EXPECT_LE(journal.Stats().bytes, 4000U);
    EXPECT_GT(journal.Stats().bytes, 2500U);
    EXPECT_EQ(journal.Stats().waiting_bytes, 0U);
    EXPECT_GT(journal.oldest_id(), 1U);
    const std::uint64_t kept = journal.oldest_id();
    (void)journal.Hold();
    journal.RemoveConfirmed(0);  // the database has gone back: nothing may go
    int more = 0;
    while (Append(journal, {std::string(100, 'n')}).code == AppendCode::kOk) ++more;
    EXPECT_EQ(journal.oldest_id(), kept);
    journal.RemoveConfirmed(50);
    EXPECT_EQ(Append(journal, {std::string(100, 'n')}).code, AppendCode::kOk)
        << "what is kept only makes room";
    EXPECT_GT(more, 30);
  }
  Journal journal;
  ASSERT_TRUE(journal.Open(options).ok());
  const journal::Holdings holdings = journal.Hold();
  ASSERT_EQ(holdings.removed.size(), 1U);
  EXPECT_EQ(holdings.removed[0].source, source);
  EXPECT_EQ(holdings.removed[0].first_id, 1U);
  EXPECT_EQ(holdings.removed[0].last_id + 1, journal.oldest_id());
  ASSERT_EQ(holdings.kept.size(), 1U);
  EXPECT_EQ(holdings.kept[0].last_id, journal.last_id());
}

TEST_F(JournalTest, NumbersGoOnWhenEverythingWasConfirmed) {
  JournalOptions options = Options();
  options.segment_bytes = 1000;
  for (std::uint64_t start = 0; start < 5; ++start) {
    Journal journal;
    ASSERT_TRUE(journal.Open(options).ok());
    EXPECT_EQ(journal.last_id(), start * 20);
    for (int i = 0; i < 20; ++i) Append(journal, {std::string(100, 'q')});
    journal.RemoveConfirmed(journal.last_id());
  }
}

// The file cut at every length: exactly the records that are whole come back, and writing goes on.
TEST_F(JournalTest, ATailTornAnywhereIsCut) {
  TASK_INPUT("07b.2", "four records, the file cut at every length");
  std::vector<std::uint64_t> ends;  // of the records
  std::string whole;
  {
    Journal journal;
    ASSERT_TRUE(journal.Open(Options()).ok());
    ends.push_back(journal::kSegmentHeader);
    for (const char* text : {"first", "second record", "", "the fourth"}) {
      Append(journal, {text});
      ends.push_back(journal.Stats().bytes);
    }
    std::ifstream in(SegmentsIn(folder_.path())[0], std::ios::binary);
    whole.assign(std::istreambuf_iterator<char>(in), {});
    ASSERT_EQ(whole.size(), ends.back());
  }
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    TemporaryFolder folder;
    std::ofstream(journal::SegmentPath(folder.path(), 1), std::ios::binary)
        << whole.substr(0, length);
    JournalOptions options = Options();
    options.folder = folder.path();
    Journal journal;
    const net::Status status = journal.Open(options);
    ASSERT_TRUE(status.ok()) << length << ": " << status.error();
    const auto records = static_cast<std::uint64_t>(
        std::ranges::count_if(ends, [&](std::uint64_t end) { return end <= length; }));
    EXPECT_EQ(journal.last_id(), records == 0 ? 0 : records - 1) << length;
    EXPECT_EQ(Append(journal, {"new"}).code, AppendCode::kOk);
    const std::vector<Kept> all = ReadAllOf(journal);
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all.back().payload, "new");
    EXPECT_EQ(all.size(), records == 0 ? 1 : records);
  }
}

TEST_F(JournalTest, EveryFlippedBitIsFound) {
  TASK_INPUT("07b.2", "two records, a bit flipped at every byte");
  {
    Journal journal;
    ASSERT_TRUE(journal.Open(Options()).ok());
    Append(journal, {"first", "second"});
  }
  const std::string path = SegmentsIn(folder_.path())[0];
  std::ifstream in(path, std::ios::binary);
  const std::string whole(std::istreambuf_iterator<char>(in), {});
  in.close();
  for (std::size_t at = journal::kSegmentHeader; at < whole.size(); ++at) {
    TemporaryFolder folder;
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    std::ofstream(journal::SegmentPath(folder.path(), 1), std::ios::binary) << damaged;
    JournalOptions options = Options();
    options.folder = folder.path();
    Journal journal;
    ASSERT_TRUE(journal.Open(options).ok());
    const bool in_first = at < journal::kSegmentHeader + journal::kRecordHeader + 5;
    EXPECT_EQ(journal.last_id(), in_first ? 0U : 1U) << at;
    EXPECT_GT(journal.Stats().cut_bytes, 0U);
    // A whole record behind the damage is not thrown away with it. (A length that is too large
    // looks like a torn tail.)
    const bool in_length = at < journal::kSegmentHeader + 4;
    if (in_first && !in_length) {
      std::ifstream cut(journal::SegmentPath(folder.path(), 1) + ".cut", std::ios::binary);
      const std::string kept(std::istreambuf_iterator<char>(cut), {});
      EXPECT_EQ(kept, damaged.substr(journal::kSegmentHeader)) << at;
    }
  }
}

TEST_F(JournalTest, AMissingSegmentIsNotPassedOver) {
  {
    JournalOptions options = Options();
    options.segment_bytes = 500;
    Journal journal;
    ASSERT_TRUE(journal.Open(options).ok());
    for (int i = 0; i < 20; ++i) Append(journal, {std::string(100, 'm')});
  }
  const std::vector<std::string> files = SegmentsIn(folder_.path());
  ASSERT_GE(files.size(), 4U);
  std::filesystem::remove(files[1]);
  Journal journal;
  const net::Status status = journal.Open(Options());
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().find("are missing or damaged"), std::string::npos) << status.error();
}

TEST_F(JournalTest, ARenamedSegmentIsNotTakenForAnother) {
  {
    Journal journal;
    ASSERT_TRUE(journal.Open(Options()).ok());
    Append(journal, {"one", "two"});
  }
  const std::string renamed = journal::SegmentPath(folder_.path(), 9);
  std::filesystem::rename(SegmentsIn(folder_.path())[0], renamed);
  Journal journal;
  const net::Status status = journal.Open(Options());
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().find(renamed), std::string::npos) << status.error();
}

TEST_F(JournalTest, DamageBetweenSegmentsIsSaidAndNothingIsCut) {
  {
    JournalOptions options = Options();
    options.segment_bytes = 500;
    Journal journal;
    ASSERT_TRUE(journal.Open(options).ok());
    for (int i = 0; i < 10; ++i) Append(journal, {std::string(100, 'm')});
  }
  const std::string path = SegmentsIn(folder_.path())[0];
  const auto size = std::filesystem::file_size(path);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(journal::kSegmentHeader + journal::kRecordHeader + 10);
    file.put('!');
  }
  Journal journal;
  const net::Status status = journal.Open(Options());
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().find("records 1 to "), std::string::npos) << status.error();
  EXPECT_EQ(std::filesystem::file_size(path), size);
}

TEST_F(JournalTest, MaxBytesIsLikeAFullDisk) {
  TASK_INPUT("07b.3", "turns of 100 bytes, max_bytes 3000");
  JournalOptions options = Options();
  options.segment_bytes = 1000;
  options.max_bytes = 3000;
  Journal journal;
  ASSERT_TRUE(journal.Open(options).ok());
  AppendResult result;
  int appended = 0;
  while ((result = Append(journal, {std::string(100, 'f')})).code == AppendCode::kOk) ++appended;
  EXPECT_EQ(result.code, AppendCode::kFull);
  EXPECT_LE(journal.Stats().bytes, 3000U);
  EXPECT_GT(appended, 15);
  journal.RemoveConfirmed(journal.last_id());
  EXPECT_EQ(Append(journal, {"room again"}).code, AppendCode::kOk);
}

// --- faults ----------------------------------------------------------------------------------------

const std::error_code kNoSpace = make_error_code(std::errc::no_space_on_device);

class JournalFaultTest : public JournalTest {
 protected:
  JournalOptions Faulty() {
    JournalOptions options = Options();
    options.ops = &ops_;
    return options;
  }
  FaultyOps ops_;
};

TEST_F(JournalFaultTest, ShortAndInterruptedWritesAreFinished) {
  TASK_INPUT("07b.3", "each write takes 3 bytes, each third is interrupted");
  int call = 0;
  ops_.on_write = [&](FileHandle file, std::uint64_t offset, std::string_view data) -> IoResult {
    if (++call % 3 == 0) return {0, make_error_code(std::errc::interrupted)};
    return ops_.real().WriteSome(file, offset, data.substr(0, 3));
  };
  Journal journal;
  ASSERT_TRUE(journal.Open(Faulty()).ok());
  EXPECT_EQ(Append(journal, {"in many", "little pieces"}).code, AppendCode::kOk);
  EXPECT_EQ(PayloadsOf(ReadAllOf(journal)), (std::vector<std::string>{"in many", "little pieces"}));
}

// The disk fills up after `room` bytes of the batch, for every `room`: nothing of it comes back,
// neither in this run nor in the next, and what follows has its numbers.
TEST_F(JournalFaultTest, AFullDiskLeavesNothingBehind) {
  TASK_INPUT("07b.3",
             "the disk fills up after 0..59 bytes of a batch; also when the file cannot be cut");
  for (const bool cannot_cut : {false, true}) {
    for (std::size_t room = 0; room < 60; ++room) {
      TemporaryFolder folder;
      JournalOptions options = Faulty();
      options.folder = folder.path();
      {
        Journal journal;
        ASSERT_TRUE(journal.Open(options).ok());
        Append(journal, {"kept"});
        std::size_t left = room;
        ops_.on_write = [&](FileHandle file, std::uint64_t offset,
                            std::string_view data) -> IoResult {
          if (left == 0) return {0, kNoSpace};
          const IoResult done = ops_.real().WriteSome(file, offset, data.substr(0, left));
          left -= done.bytes;
          return done;
        };
        if (cannot_cut) ops_.truncate_error = make_error_code(std::errc::io_error);
        const AppendResult refused = Append(journal, {"refused", "refused too, and it is longer"});
        EXPECT_EQ(refused.code, AppendCode::kFull);
        EXPECT_EQ(refused.error, kNoSpace);
        EXPECT_EQ(journal.last_id(), 1U);
        ops_.on_write = nullptr;
        ops_.truncate_error.clear();
        EXPECT_EQ(Append(journal, {"after"}).first_id, 2U);
        EXPECT_EQ(PayloadsOf(ReadAllOf(journal)), (std::vector<std::string>{"kept", "after"}))
            << room;
      }
      Journal again;
      const net::Status status = again.Open(options);
      ASSERT_TRUE(status.ok()) << status.error();
      EXPECT_EQ(PayloadsOf(ReadAllOf(again)), (std::vector<std::string>{"kept", "after"})) << room;
    }
  }
}

TEST_F(JournalFaultTest, OtherErrorsAreFailuresAndPass) {
  TASK_INPUT("07b.3", "an I/O error, then a write that does nothing");
  Journal journal;
  ASSERT_TRUE(journal.Open(Faulty()).ok());
  ops_.on_write = [](FileHandle, std::uint64_t, std::string_view) -> IoResult {
    return {0, make_error_code(std::errc::io_error)};
  };
  EXPECT_EQ(Append(journal, {"x"}).code, AppendCode::kFailed);
  ops_.on_write = [](FileHandle, std::uint64_t, std::string_view) -> IoResult { return {}; };
  EXPECT_EQ(Append(journal, {"x"}).code, AppendCode::kFailed)
      << "a write that does nothing must not loop";
  ops_.on_write = nullptr;
  EXPECT_EQ(Append(journal, {"y"}).first_id, 1U);
}

TEST_F(JournalTest, DamageThatComesLaterIsCountedNotHidden) {
  JournalOptions options = Options();
  options.segment_bytes = 500;
  Journal journal;
  ASSERT_TRUE(journal.Open(options).ok());
  for (int i = 0; i < 10; ++i) Append(journal, {std::string(100, 'd')});
  const std::string path = SegmentsIn(folder_.path())[0];
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(journal::kSegmentHeader + journal::kRecordHeader + 10);
  file.put('!');
  file.close();
  const journal::ReadResult read = journal.Read(1, 10, 10'000);
  EXPECT_GT(read.lost, 0U);
  EXPECT_EQ(read.lost, read.last_id);
  EXPECT_TRUE(read.bytes.empty());
  EXPECT_EQ(journal.Read(read.last_id + 1, 10, 10'000).lost, 0U);
}

// Several threads append while one reads and confirms: each record exactly once, in order.
TEST_F(JournalTest, AppendersAndOneReader) {
  JournalOptions options = Options();
  options.segment_bytes = 4000;
  Journal journal;
  ASSERT_TRUE(journal.Open(options).ok());
  constexpr int kThreads = 3;
  const int turns = 300 * storage_test::StressScale();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int turn = 0; turn < turns; ++turn) {
        const std::string text = std::to_string(thread) + ":" + std::to_string(turn);
        ASSERT_EQ(Append(journal, {text + "a", text + "b"}).code, AppendCode::kOk);
      }
    });
  }
  std::vector<std::string> seen;
  const std::size_t total =
      static_cast<std::size_t>(kThreads) * static_cast<std::size_t>(turns) * 2;
  std::uint64_t next = 1;
  while (seen.size() < total) {
    const std::uint64_t last = journal.last_id();
    if (last < next) {
      std::this_thread::yield();
      continue;
    }
    const journal::ReadResult read = journal.Read(next, last, 3000);
    ASSERT_FALSE(read.error);
    ASSERT_EQ(read.lost, 0U);
    std::string_view bytes = read.bytes;
    Record record;
    while (ParseRecord(bytes, record) == Parse::kRecord) seen.emplace_back(record.payload);
    next = read.last_id + 1;
    journal.RemoveConfirmed(read.last_id);
  }
  for (std::thread& thread : threads) thread.join();
  std::map<std::string, std::string> last_of;
  for (std::size_t i = 0; i + 1 < seen.size(); i += 2) {
    EXPECT_EQ(seen[i].substr(0, seen[i].size() - 1), seen[i + 1].substr(0, seen[i + 1].size() - 1))
        << "a turn was torn apart";
  }
  std::ranges::sort(seen);
  EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
  EXPECT_LE(SegmentsIn(folder_.path()).size(), 2U);
}

}  // namespace
