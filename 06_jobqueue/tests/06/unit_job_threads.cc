// The update threads: options, fairness, sleeping when idle, counters. (Stopping:
// unit_job_stop.cc.)
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#ifdef _WIN32
#include <windows.h>
#else
#include <sys/resource.h>
#endif

#include "job/job_queue.h"
#include "job/update_threads.h"
#include "tests/support/job_test_support.h"
#include "tests/support/task_input.h"

namespace {

using job::Shuffle;
using job::StopPolicy;
using job_test::Gate;
using job_test::PlainQueue;
using std::chrono::milliseconds;

job::UpdateOptions Options(std::uint32_t threads) {
  job::UpdateOptions options;
  options.threads = threads;
  return options;
}

// User and system time of this process.
std::chrono::nanoseconds ProcessCpuTime() {
#ifdef _WIN32
  FILETIME created, ended, kernel, user;
  GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user);
  const auto ticks = [](const FILETIME& t) {
    return static_cast<std::int64_t>((std::uint64_t{t.dwHighDateTime} << 32) | t.dwLowDateTime);
  };
  return std::chrono::nanoseconds((ticks(kernel) + ticks(user)) * 100);
#else
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto time = [](const timeval& t) {
    return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  };
  return time(usage.ru_utime) + time(usage.ru_stime);
#endif
}

TEST(UpdateThreads, OptionsAreChecked) {
  job::UpdateOptions options;
  EXPECT_EQ(options.Validate(), std::nullopt);
  options.threads = 257;
  EXPECT_NE(options.Validate(), std::nullopt);
  EXPECT_THROW(job::UpdateThreads threads(options), std::invalid_argument);
  options.threads = 0;
  EXPECT_EQ(job::UpdateThreads(options).Threads(),
            std::max(1U, std::thread::hardware_concurrency()));
  options = {};
  options.slice_jobs = 0;
  EXPECT_NE(options.Validate(), std::nullopt);
  options = {};
  options.slice_time = job::Duration::zero();
  EXPECT_NE(options.Validate(), std::nullopt);
  options = {};
  options.max_queues = 0;
  EXPECT_NE(options.Validate(), std::nullopt);
}

// One thread, one flooded room that never runs empty, one quiet room with a single job. In numbers
// of jobs, not in time: the quiet job must run before the flood has had more than two slices.
TEST(UpdateThreads, FloodedQueueDoesNotStarveOthers) {
  job::UpdateOptions options = Options(1);
  options.slice_jobs = 50;
  options.slice_time = std::chrono::hours(1);
  options.shuffle = Shuffle::kOff;
  job::UpdateThreads threads(options);
  auto flooded = std::make_shared<PlainQueue>(threads.Ready());
  auto quiet = std::make_shared<PlainQueue>(threads.Ready());
  Gate gate;
  struct Flood {  // one update thread runs the jobs of both queues
    PlainQueue *self, *quiet;
    Gate* gate;
    std::uint64_t ran = 0;
    std::uint64_t posted_at = 0;
    std::uint64_t quiet_ran_at = 0;
    bool stop = false;
    void Step() {
      ++ran;
      if (stop || ran > 1'000'000) return;  // the bound only ends a run that has failed
      self->Post([this] { Step(); });       // never empty
      if (ran == 1234) {
        posted_at = ran;
        quiet->Post([this] {
          quiet_ran_at = ran;
          stop = true;
          gate->Arrive();
        });
      }
    }
  } flood{flooded.get(), quiet.get(), &gate};
  for (int i = 0; i < 500; ++i) flooded->Post([&flood] { flood.Step(); });
  threads.Start();
  ASSERT_TRUE(gate.WaitFor(1)) << "the quiet room starved";
  EXPECT_TRUE(threads.Stop(StopPolicy::kDrain).drained);
  EXPECT_GE(flood.quiet_ran_at, flood.posted_at);
  EXPECT_LE(flood.quiet_ran_at - flood.posted_at, 2 * options.slice_jobs);
}

// Many flooded rooms on one thread: all advance at the same pace, one slice per turn.
TEST(UpdateThreads, FloodedQueuesShareTheThread) {
  constexpr std::size_t kRooms = 8;
  job::UpdateOptions options = Options(1);
  options.slice_jobs = 20;
  options.slice_time = std::chrono::hours(1);
  options.shuffle = Shuffle::kOff;
  job::UpdateThreads threads(options);
  std::vector<std::shared_ptr<PlainQueue>> rooms;
  std::vector<std::uint64_t> ran(kRooms, 0);  // one update thread; read after Stop
  std::uint64_t widest = 0;                   // the same
  for (std::size_t r = 0; r < kRooms; ++r) {
    rooms.push_back(std::make_shared<PlainQueue>(threads.Ready()));
    for (int i = 0; i < 1000; ++i) {
      rooms[r]->Post([&, r] {
        ++ran[r];
        const auto [low, high] = std::minmax_element(ran.begin(), ran.end());
        widest = std::max(widest, *high - *low);
      });
    }
  }
  threads.Start();
  EXPECT_TRUE(threads.Stop(StopPolicy::kDrain).drained);
  EXPECT_LE(widest, options.slice_jobs);
  for (const std::uint64_t count : ran) EXPECT_EQ(count, 1000U);
}

TEST(UpdateThreads, ShuffleIsRepeatableFromItsSeed) {
  const auto order_with = [](std::uint64_t seed) {
    job::UpdateOptions options = Options(1);
    options.shuffle = Shuffle::kOn;
    options.seed = seed;
    job::UpdateThreads threads(options);
    EXPECT_EQ(threads.ShuffleSeed(), seed);
    std::vector<std::shared_ptr<PlainQueue>> queues;
    std::vector<int> order;  // one update thread; read after Stop
    for (int i = 0; i < 20; ++i) {
      queues.push_back(std::make_shared<PlainQueue>(threads.Ready()));
      queues.back()->Post([&order, i] { order.push_back(i); });
    }
    threads.Start();
    EXPECT_TRUE(threads.Stop(StopPolicy::kDrain).drained);
    return order;
  };
  std::vector<int> plain;
  for (int i = 0; i < 20; ++i) plain.push_back(i);
  const std::vector<int> first = order_with(7);
  EXPECT_EQ(first, order_with(7));
  EXPECT_NE(first, order_with(8));
  EXPECT_NE(first, plain);
  EXPECT_TRUE(std::is_permutation(first.begin(), first.end(), plain.begin(), plain.end()));
}

TEST(UpdateThreads, IdleThreadsSleep) {
  TASK_INPUT("06.3", "five threads and nothing to do for 500 ms");
  job::UpdateThreads threads(Options(5));
  threads.Start();
  auto queue = std::make_shared<PlainQueue>(threads.Ready());
  Gate gate;
  queue->Post([&] { gate.Arrive(); });
  ASSERT_TRUE(gate.WaitFor(1));
  const job::TimerId later = threads.Timer().Reserve(std::chrono::hours(1), *queue, [] {});

  // An interval to measure over, not a wait for something.
  const std::uint64_t wakeups = threads.Stats().wakeups;
  const auto cpu = ProcessCpuTime();
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_LT(ProcessCpuTime() - cpu, milliseconds(150)) << "a spinning thread would use 500";
  EXPECT_LE(threads.Stats().wakeups - wakeups, 6U) << "somebody polls";
  EXPECT_TRUE(threads.Timer().Cancel(later));
}

// All threads sleep, then one queue, or several at once, get a job: somebody must wake up for each
// of them.
TEST(UpdateThreads, SleepingThreadsAreWoken) {
  TASK_INPUT("06.3", "three threads asleep; 1 to 4 queues get a job, 200 rounds");
  static constexpr std::uint32_t kThreads = 3;
  Gate gate;
  job::UpdateThreads threads(Options(kThreads));
  threads.Start();
  std::vector<std::shared_ptr<PlainQueue>> queues;
  for (int i = 0; i < 4; ++i) queues.push_back(std::make_shared<PlainQueue>(threads.Ready()));
  std::uint64_t posted = 0;
  for (std::size_t round = 0; round < 200; ++round) {
    const auto deadline = std::chrono::steady_clock::now() + job_test::kDeadline;
    while (threads.Ready().Sleepers() < kThreads) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "they do not fall asleep";
      std::this_thread::yield();
    }
    for (std::size_t q = 0; q <= round % 4; ++q, ++posted) {
      queues[q]->Post([&gate] { gate.Arrive(); });
    }
    ASSERT_TRUE(gate.WaitFor(posted)) << "a wake-up was lost in round " << round;
  }
}

// Posts that come at once wake one thread, and that one has to wake the next: otherwise the second
// queue waits behind the first one's long job although there are threads that sleep.
TEST(UpdateThreads, ABurstReachesAllThreads) {
  TASK_INPUT("06.3", "three threads asleep; three posters at once, 300 rounds");
  static constexpr std::uint32_t kThreads = 3;
  Gate at_once;
  Gate back;   // a poster is about to begin the next round
  Gate ready;  // ... and has seen all threads asleep
  job::UpdateThreads threads(Options(kThreads));
  threads.Start();
  std::atomic<bool> failed{false};
  const auto await_all_asleep = [&] {
    const auto deadline = std::chrono::steady_clock::now() + job_test::kDeadline;
    while (threads.Ready().Sleepers() < kThreads && !failed) {
      if (std::chrono::steady_clock::now() > deadline) failed = true;
      std::this_thread::yield();
    }
  };
  std::vector<std::thread> posters;
  for (std::uint32_t p = 0; p < kThreads; ++p) {
    posters.emplace_back([&] {
      auto done = std::make_shared<Gate>();
      auto queue = std::make_shared<PlainQueue>(threads.Ready());
      for (std::uint64_t round = 1; round <= 300; ++round) {
        back.Arrive();
        if (!back.WaitFor(round * kThreads)) failed = true;
        await_all_asleep();
        ready.Arrive();
        if (!ready.WaitFor(round * kThreads)) failed = true;
        if (failed) return;
        queue->Post([&at_once, &failed, done, round] {
          at_once.Arrive();
          if (!at_once.WaitFor(round * kThreads)) failed = true;  // until all three run at once
          done->Arrive();
        });
        if (!done->WaitFor(round)) failed = true;
      }
    });
  }
  for (auto& poster : posters) poster.join();
  EXPECT_FALSE(failed) << "a thread slept on, or never fell asleep";
}

TEST(UpdateThreads, CountersAddUp) {
  job::UpdateOptions options = Options(2);
  options.slice_jobs = 10;
  options.slice_time = std::chrono::hours(1);
  options.on_failure = [](const job::JobFailure&) {};
  job::UpdateThreads threads(options);
  auto a = std::make_shared<PlainQueue>(threads.Ready());
  auto b = std::make_shared<PlainQueue>(threads.Ready());
  for (int i = 0; i < 95; ++i) a->Post([] {});
  b->Post([] { throw std::runtime_error("counted"); });
  EXPECT_EQ(a->Length(), 95U);
  EXPECT_EQ(threads.Stats().busy_queues, 2U);
  EXPECT_EQ(threads.Stats().live_queues, 2U);
  threads.Start();
  EXPECT_TRUE(threads.Stop(StopPolicy::kDrain).drained);
  const job::JobStats stats = threads.Stats();
  EXPECT_EQ(stats.queued, 96U);
  EXPECT_EQ(stats.executed, 96U);
  EXPECT_EQ(stats.failed, 1U);
  EXPECT_EQ(stats.dropped, 0U);
  EXPECT_EQ(stats.slices, 11U);
  EXPECT_EQ(stats.busy_queues, 0U);
  EXPECT_EQ(a->Length(), 0U);
  EXPECT_LE(stats.job_time_p50, stats.job_time_p99);
}

TEST(Histogram, PercentilesAreWithinAnEighth) {
  job::Histogram histogram;
  for (int us = 1; us <= 1000; ++us) histogram.Record(std::chrono::microseconds(us));
  job::Histogram::Counts sum{};
  EXPECT_EQ(job::Histogram::Percentile(sum, 0.5), job::Duration::zero());
  histogram.AddTo(sum);
  for (const double fraction : {0.01, 0.5, 0.9, 0.99, 1.0}) {
    const auto found = static_cast<double>(job::Histogram::Percentile(sum, fraction).count());
    const double exact = fraction * 1'000'000;
    EXPECT_GE(found, exact) << fraction;
    EXPECT_LE(found, exact * 1.125) << fraction;
  }
}

}  // namespace
