// Stopping the update threads with jobs inside: run them (kDrain) or destroy them (kDrop), and
// nothing in between: no job is left in a queue that nobody executes.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "job/job_queue.h"
#include "job/update_threads.h"
#include "tests/support/job_test_support.h"
#include "tests/support/task_input.h"

namespace {

using job::PostResult;
using job::StopPolicy;
using job_test::Gate;
using job_test::PlainQueue;
using std::chrono::milliseconds;

job::UpdateOptions Options(std::uint32_t threads) {
  job::UpdateOptions options;
  options.threads = threads;
  return options;
}

TEST(UpdateThreadsStop, DrainRunsEverythingIncludingJobsOfJobs) {
  job::UpdateThreads threads(Options(3));
  std::vector<std::shared_ptr<PlainQueue>> queues;
  for (int i = 0; i < 10; ++i) queues.push_back(std::make_shared<PlainQueue>(threads.Ready()));
  std::atomic<int> ran{0};
  for (std::size_t i = 0; i < 1000; ++i) {
    queues[i % 10]->Post([&, i] {
      ++ran;
      queues[(i * 7 + 1) % 10]->Post([&, i] {
        ++ran;
        queues[(i * 3 + 2) % 10]->Post([&] { ++ran; });
      });
    });
  }
  threads.Start();
  const job::StopReport report = threads.Stop(StopPolicy::kDrain, job_test::kDeadline);
  EXPECT_TRUE(report.drained);
  EXPECT_EQ(report.dropped_jobs, 0U);
  EXPECT_EQ(ran, 3000);
  EXPECT_EQ(queues[0]->Post([] {}), PostResult::kStopped);
}

TEST(UpdateThreadsStop, DropFinishesTheRunningSliceAndDestroysTheRest) {
  Gate started;
  Gate died;
  struct Actor : job::JobQueue {
    Actor(job::ReadyQueue& ready, Gate& gate) : JobQueue(ready), died(gate) {}
    ~Actor() override { died.Arrive(); }
    Gate& died;
  };
  job::UpdateOptions options = Options(1);
  options.slice_jobs = 1;
  options.shuffle = job::Shuffle::kOff;
  job::UpdateThreads threads(options);
  auto captured = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = captured;
  std::atomic<int> ran{0};
  auto busy = std::make_shared<Actor>(threads.Ready(), died);
  auto waiting = std::make_shared<Actor>(threads.Ready(), died);
  busy->Post([&] {
    ++ran;
    started.Arrive();
    while (!threads.Ready().IsClosed()) std::this_thread::yield();  // Stop comes while a job runs
  });
  for (int i = 0; i < 100; ++i) busy->Post([&ran, captured] { ++ran; });
  for (int i = 0; i < 100; ++i) waiting->Post([&ran, captured] { ++ran; });
  captured.reset();
  threads.Start();
  ASSERT_TRUE(started.WaitFor(1));
  const job::StopReport report = threads.Stop(StopPolicy::kDrop);
  EXPECT_FALSE(report.drained);
  EXPECT_EQ(report.dropped_jobs, 200U);
  EXPECT_EQ(ran, 1);
  EXPECT_TRUE(watch.expired());
  EXPECT_EQ(threads.Stats().busy_queues, 0U);
  busy.reset();
  waiting.reset();
  EXPECT_TRUE(died.WaitFor(2)) << "no reference may be left behind";
}

TEST(UpdateThreadsStop, NeverStartedDropsWhatIsInside) {
  TASK_INPUT("06.3", "jobs inside, threads that were never started");
  auto captured = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = captured;
  {
    job::UpdateThreads threads(Options(2));
    auto queue = std::make_shared<PlainQueue>(threads.Ready());
    queue->Post([captured] {});
    captured.reset();
    EXPECT_EQ(queue->Length(), 1U);
    queue.reset();
    EXPECT_FALSE(watch.expired()) << "the job keeps its queue alive";
    EXPECT_EQ(threads.Stop(StopPolicy::kDrain).dropped_jobs, 1U);
  }
  EXPECT_TRUE(watch.expired());
}

TEST(UpdateThreadsStop, EndlessSelfPostingIsCutAtTheLimit) {
  job::UpdateThreads threads(Options(2));
  threads.Start();
  auto queue = std::make_shared<PlainQueue>(threads.Ready());
  struct Endless {
    PlainQueue* self;
    void Step() {
      self->Post([this] { Step(); });
    }
  } endless{queue.get()};
  queue->Post([&] { endless.Step(); });
  const job::StopReport report = threads.Stop(StopPolicy::kDrain, milliseconds(20));
  EXPECT_FALSE(report.drained);
  EXPECT_EQ(report.dropped_jobs, 1U);
}

// Counts how many captures are alive.
struct Token {
  explicit Token(std::atomic<std::int64_t>& count) : alive(&count) { alive->fetch_add(1); }
  Token(Token&& other) noexcept : alive(std::exchange(other.alive, nullptr)) {}
  ~Token() {
    if (alive != nullptr) alive->fetch_sub(1);
  }
  std::atomic<std::int64_t>* alive;
};

// Producers go on posting while the threads stop. Every job is either run or destroyed, and every
// queue dies (UpdateThreads aborts otherwise).
TEST(UpdateThreadsStop, StopRacesWithProducers) {
  const std::uint64_t rounds = job_test::Scaled(60);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    std::atomic<std::uint64_t> queued{0};
    std::atomic<std::uint64_t> ran{0};
    std::atomic<std::int64_t> alive{0};
    {
      job::UpdateThreads threads(Options(2));
      threads.Start();
      std::vector<std::shared_ptr<PlainQueue>> queues;
      for (int i = 0; i < 4; ++i) queues.push_back(std::make_shared<PlainQueue>(threads.Ready()));
      Gate going;
      std::vector<std::thread> producers;
      for (std::size_t p = 0; p < 3; ++p) {
        producers.emplace_back([&, p] {
          for (std::size_t i = 0;; ++i) {
            if (i == 20) going.Arrive();
            const PostResult result = queues[(i + p) % queues.size()]->Post(
                [token = Token(alive), &ran] { ran.fetch_add(1); });
            if (result == PostResult::kStopped) return;
            queued.fetch_add(1);
            if (i % 64 == 0) std::this_thread::yield();
          }
        });
      }
      ASSERT_TRUE(going.WaitFor(3));
      threads.Stop(round % 2 == 0 ? StopPolicy::kDrop : StopPolicy::kDrain, milliseconds(1));
      for (auto& producer : producers) producer.join();
      ASSERT_EQ(threads.Stats().busy_queues, 0U);
      // A producer's last job was refused: at the door, or by being dropped, which counts.
      const std::uint64_t gone = ran + threads.Stats().dropped;
      ASSERT_GE(gone, queued);
      ASSERT_LE(gone, queued + producers.size());
    }
    ASSERT_EQ(alive, 0);
  }
}

}  // namespace
