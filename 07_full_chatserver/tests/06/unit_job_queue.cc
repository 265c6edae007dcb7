// What one job queue promises: order, one at a time, slices, exceptions, closing, life and death.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "job/job_queue.h"
#include "job/update_threads.h"
#include "tests/support/job_test_support.h"
#include "tests/support/task_input.h"

namespace {

using job::PostResult;
using job::StopPolicy;
using job_test::Gate;
using job_test::ManualClock;
using job_test::PlainQueue;

job::UpdateOptions Options(std::uint32_t threads) {
  job::UpdateOptions options;
  options.threads = threads;
  return options;
}

TEST(JobQueue, RunsInOrderOnAnUpdateThread) {
  TASK_INPUT("06.2", "1000 jobs, three update threads");
  job::UpdateThreads threads(Options(3));
  threads.Start();
  auto queue = std::make_shared<PlainQueue>(threads.Ready());
  std::vector<int> ran;   // jobs of `queue` only; read after the gate
  bool elsewhere = true;  // the same
  Gate gate;
  const auto here = std::this_thread::get_id();
  for (int i = 0; i < 1000; ++i) {
    const PostResult result = queue->Post([&, i] {
      ran.push_back(i);
      elsewhere &= std::this_thread::get_id() != here;
    });
    EXPECT_EQ(result, PostResult::kQueued);
  }
  queue->Post([&] { gate.Arrive(); });
  ASSERT_TRUE(gate.WaitFor(1));
  ASSERT_EQ(ran.size(), 1000U);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ran[static_cast<std::size_t>(i)], i);
  EXPECT_TRUE(elsewhere);
}

TEST(JobQueue, JobsThatPostJobs) {
  job::UpdateThreads threads(Options(2));
  threads.Start();
  auto ping = std::make_shared<PlainQueue>(threads.Ready());
  auto pong = std::make_shared<PlainQueue>(threads.Ready());
  Gate gate;
  struct Game {
    PlainQueue *ping, *pong;
    Gate* gate;
    int left = 20'000;  // whoever has the ball; the queues hand it on
    void Hit(bool to_pong) {
      if (--left == 0) return gate->Arrive();
      (to_pong ? pong : ping)->Post([this, to_pong] { Hit(!to_pong); });
    }
  } game{ping.get(), pong.get(), &gate};
  ping->Post([&game] { game.Hit(true); });
  ASSERT_TRUE(gate.WaitFor(1));

  // To itself: the new job runs after those that are inside already.
  std::vector<int> order;  // jobs of ping only; read after the gate
  ping->Post([&] {
    order.push_back(1);
    ping->Post([&] {
      order.push_back(3);
      gate.Arrive();
    });
    order.push_back(2);
  });
  ASSERT_TRUE(gate.WaitFor(2));
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(JobQueue, CurrentQueueIsKnownInsideAJob) {
  job::UpdateThreads threads(Options(1));
  threads.Start();
  auto queue = std::make_shared<PlainQueue>(threads.Ready());
  EXPECT_EQ(job::JobQueue::Current(), nullptr);
  EXPECT_FALSE(queue->InThisQueue());
  Gate gate;
  std::atomic<bool> inside{false};
  queue->Post([&] {
    inside = queue->InThisQueue();
    gate.Arrive();
  });
  ASSERT_TRUE(gate.WaitFor(1));
  EXPECT_TRUE(inside);
}

class SliceRecorder : public job::JobQueue {
 public:
  using JobQueue::JobQueue;
  int in_this_slice = 0;    // jobs only
  std::vector<int> slices;  // jobs only; read after Stop
  int extra_posts = 0;      // jobs only: how often OnSliceEnd still posts a job

 protected:
  void OnSliceEnd() override {
    EXPECT_TRUE(InThisQueue());
    slices.push_back(in_this_slice);
    in_this_slice = 0;
    if (extra_posts-- > 0) Post([this] { ++in_this_slice; });
  }
};

TEST(JobQueue, SliceEndsAfterItsJobsOrWithTheLastOne) {
  TASK_INPUT("06.2", "25 jobs, slices of 10");
  job::UpdateOptions options = Options(1);
  options.slice_jobs = 10;
  options.slice_time = std::chrono::hours(1);
  job::UpdateThreads threads(options);
  auto room = std::make_shared<SliceRecorder>(threads.Ready());
  for (int i = 0; i < 25; ++i) room->Post([&r = *room] { ++r.in_this_slice; });
  threads.Start();  // only now: all 25 are inside before the first slice
  EXPECT_TRUE(threads.Stop(StopPolicy::kDrain).drained);
  EXPECT_EQ(room->slices, (std::vector<int>{10, 10, 5}));
}

TEST(JobQueue, SliceEndsByTime) {
  TASK_INPUT("06.2", "12 jobs of 1 ms, slices of 5 ms");
  ManualClock clock;
  job::UpdateOptions options = Options(1);
  options.slice_time = std::chrono::milliseconds(5);
  options.clock = &clock;
  job::UpdateThreads threads(options);
  auto room = std::make_shared<SliceRecorder>(threads.Ready());
  for (int i = 0; i < 12; ++i) {
    room->Post([&clock, &r = *room] {
      ++r.in_this_slice;
      clock.Advance(std::chrono::milliseconds(1));
    });
  }
  threads.Start();
  EXPECT_TRUE(threads.Stop(StopPolicy::kDrain).drained);
  EXPECT_EQ(room->slices, (std::vector<int>{5, 5, 2}));
}

TEST(JobQueue, JobPostedBySliceEndIsNotForgotten) {
  TASK_INPUT("06.2", "OnSliceEnd posts a job, three times");
  job::UpdateThreads threads(Options(2));
  auto room = std::make_shared<SliceRecorder>(threads.Ready());
  room->extra_posts = 3;
  room->Post([&r = *room] { ++r.in_this_slice; });
  threads.Start();
  EXPECT_TRUE(threads.Stop(StopPolicy::kDrain).drained);
  EXPECT_EQ(room->slices, (std::vector<int>{1, 1, 1, 1}));
}

TEST(JobQueue, ExceptionIsReportedWithItsOriginAndTheQueueLivesOn) {
  TASK_INPUT("06.2", "jobs that throw");
  std::vector<job::JobFailure> failures;  // one update thread; read after Stop
  job::UpdateOptions options = Options(1);
  options.on_failure = [&](const job::JobFailure& failure) { failures.push_back(failure); };
  job::UpdateThreads threads(options);
  threads.Start();
  auto queue = std::make_shared<PlainQueue>(threads.Ready());
  std::atomic<int> ran_after{0};
  const auto line = static_cast<std::uint_least32_t>(__LINE__ + 1);
  queue->Post([] { throw std::runtime_error("sword not found"); });
  queue->Post([&] { ++ran_after; });
  queue->Post([] { throw 42; });
  queue->Post([&] { ++ran_after; });
  threads.Stop(StopPolicy::kDrain);
  EXPECT_EQ(ran_after, 2);
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_EQ(failures[0].what, "sword not found");
  EXPECT_EQ(failures[0].origin.line(), line);
  EXPECT_NE(std::string(failures[0].origin.file_name()).find("unit_job_queue"), std::string::npos);
  EXPECT_FALSE(failures[0].in_slice_end);
  EXPECT_EQ(failures[1].what, "not a std::exception");
  EXPECT_EQ(threads.Stats().failed, 2U);
  EXPECT_EQ(threads.Stats().executed, 4U);
}

TEST(JobQueue, ExceptionInSliceEndIsReported) {
  struct Bad : job::JobQueue {
    using JobQueue::JobQueue;
    void OnSliceEnd() override { throw std::logic_error("flush"); }
  };
  std::vector<job::JobFailure> failures;  // one update thread; read after Stop
  job::UpdateOptions options = Options(1);
  options.on_failure = [&](const job::JobFailure& failure) { failures.push_back(failure); };
  job::UpdateThreads threads(options);
  auto queue = std::make_shared<Bad>(threads.Ready());
  queue->Post([] {});
  threads.Start();
  threads.Stop(StopPolicy::kDrain);
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_TRUE(failures[0].in_slice_end);
  EXPECT_EQ(failures[0].what, "flush");
}

// --- life and death ----------------------------------------------------------------------------------

class Mortal : public job::JobQueue {
 public:
  Mortal(job::ReadyQueue& ready, Gate& died) : JobQueue(ready), died_(died) {}
  ~Mortal() override { died_.Arrive(); }
  int jobs = 0;  // jobs only

 private:
  Gate& died_;
};

TEST(JobQueueLife, LastReferenceGivenUpWithJobsInsideRunsThemFirst) {
  Gate died;
  std::atomic<int> ran{0};
  job::UpdateThreads threads(Options(2));
  auto actor = std::make_shared<Mortal>(threads.Ready(), died);
  for (int i = 0; i < 100; ++i) {
    actor->Post([self = actor.get(), &ran] { ran = ++self->jobs; });
  }
  actor.reset();
  threads.Start();
  ASSERT_TRUE(died.WaitFor(1));
  EXPECT_EQ(ran, 100);
}

TEST(JobQueueLife, JobMayHoldItsOwnQueue) {
  Gate died;
  job::UpdateThreads threads(Options(2));
  threads.Start();
  {
    auto actor = std::make_shared<Mortal>(threads.Ready(), died);
    actor->Post([actor] { ++actor->jobs; });
  }
  ASSERT_TRUE(died.WaitFor(1)) << "the reference must go with the job";
}

TEST(JobQueueLife, CloseFromAJobDropsTheRestAndRefusesMore) {
  TASK_INPUT("06.2", "Close in the middle of a slice");
  job::UpdateThreads threads(Options(2));
  auto queue = std::make_shared<PlainQueue>(threads.Ready());
  auto captured = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = captured;
  std::atomic<int> ran{0};
  queue->Post([&] {
    ++ran;
    queue->Close();
  });
  for (int i = 0; i < 50; ++i) queue->Post([&ran, captured] { ++ran; });
  captured.reset();
  threads.Start();
  threads.Stop(StopPolicy::kDrain);
  EXPECT_EQ(ran, 1);
  EXPECT_TRUE(watch.expired()) << "dropped jobs are destroyed";
  EXPECT_EQ(queue->Post([] {}), PostResult::kClosed);
  EXPECT_EQ(threads.Stats().dropped, 50U);
  EXPECT_EQ(queue->Length(), 0U);
}

TEST(JobQueueLife, CreateDestroyPostRace) {
  Gate died;
  job::UpdateThreads threads(Options(3));
  threads.Start();
  constexpr int kActors = 3000;
  std::atomic<int> ran{0};
  std::vector<std::thread> posters;
  for (int t = 0; t < 2; ++t) {
    posters.emplace_back([&] {
      for (int i = 0; i < kActors; ++i) {
        auto actor = std::make_shared<Mortal>(threads.Ready(), died);
        for (int j = 0; j < 3; ++j) {
          actor->Post([self = actor.get(), &ran] {
            ++self->jobs;
            ran.fetch_add(1);
          });
        }
      }
    });
  }
  for (auto& poster : posters) poster.join();
  ASSERT_TRUE(died.WaitFor(2 * kActors));
  EXPECT_EQ(ran, 2 * kActors * 3);
  EXPECT_TRUE(threads.Stop(StopPolicy::kDrain).drained);
  EXPECT_EQ(threads.Stats().live_queues, 0U);
}

TEST(JobQueueLife, QueueWithoutOwnerRefuses) {
  job::UpdateThreads threads(Options(1));
  PlainQueue on_the_stack(threads.Ready());
  EXPECT_EQ(on_the_stack.Post([] {}), PostResult::kNoOwner);
  EXPECT_EQ(on_the_stack.Length(), 0U);
}

TEST(JobQueueLife, TooManyQueuesIsAnErrorAtCreation) {
  job::UpdateOptions options = Options(1);
  options.max_queues = 2;
  job::UpdateThreads threads(options);
  auto a = std::make_shared<PlainQueue>(threads.Ready());
  auto b = std::make_shared<PlainQueue>(threads.Ready());
  EXPECT_THROW(std::make_shared<PlainQueue>(threads.Ready()), std::length_error);
  b.reset();
  EXPECT_NO_THROW(b = std::make_shared<PlainQueue>(threads.Ready()));
}

}  // namespace
