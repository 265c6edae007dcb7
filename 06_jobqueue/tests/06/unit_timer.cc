// The timer: the heap against a model, and the thread with a clock that is moved by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "job/job_queue.h"
#include "job/job_timer.h"
#include "job/timer_heap.h"
#include "job/update_threads.h"
#include "tests/support/job_test_support.h"
#include "tests/support/task_input.h"

namespace {

using job::ReservedJob;
using job::StopPolicy;
using job::TimePoint;
using job::TimerHeap;
using job::TimerId;
using job_test::Gate;
using job_test::ManualClock;
using job_test::PlainQueue;
using job_test::Scaled;
using std::chrono::milliseconds;

// Random reservations, cancellations and passing time, next to a model that is a sorted map.
class HeapAgainstModel {
 public:
  explicit HeapAgainstModel(std::uint64_t seed) : random_(seed) {}

  void Step() {
    const std::uint64_t choice = random_() % 100;
    if (choice < 45) {
      Reserve();
    } else if (choice < 70 && !model_.empty()) {
      Cancel();
    } else if (choice < 80 && !stale_.empty()) {
      EXPECT_FALSE(heap_.Cancel(stale_[random_() % stale_.size()]).has_value()) << "stale id";
    } else {
      PassTime();
    }
    EXPECT_EQ(heap_.Size(), model_.size());
    EXPECT_EQ(heap_.NextDue(),
              model_.empty() ? std::nullopt : std::optional(model_.begin()->first.first));
  }

 private:
  struct Expected {
    TimerId id;
    int number;
  };

  void Reserve() {
    const TimePoint due = now_ + milliseconds(static_cast<std::int64_t>(random_() % 1000));
    const int number = next_number_++;
    const TimerId id =
        heap_.Add(due, ReservedJob{{}, job::Job([this, number] { fired_ = number; })});
    EXPECT_TRUE(static_cast<bool>(id));
    model_.emplace(std::pair{due, order_++}, Expected{id, number});
  }

  void Cancel() {
    const std::size_t reach = std::min<std::size_t>(model_.size(), 50);
    const auto victim = std::next(model_.begin(), static_cast<std::ptrdiff_t>(random_() % reach));
    std::optional<ReservedJob> cancelled = heap_.Cancel(victim->second.id);
    ASSERT_TRUE(cancelled.has_value());
    cancelled->job();
    EXPECT_EQ(fired_, victim->second.number) << "somebody else's job was cancelled";
    stale_.push_back(victim->second.id);
    model_.erase(victim);
  }

  void PassTime() {
    now_ += milliseconds(static_cast<std::int64_t>(random_() % 30));
    while (std::optional<ReservedJob> due = heap_.PopDue(now_)) {
      ASSERT_FALSE(model_.empty());
      EXPECT_LE(model_.begin()->first.first, now_) << "too early";
      due->job();
      EXPECT_EQ(fired_, model_.begin()->second.number) << "wrong order";
      stale_.push_back(model_.begin()->second.id);
      model_.erase(model_.begin());
    }
    EXPECT_TRUE(model_.empty() || model_.begin()->first.first > now_) << "too late";
  }

  std::mt19937_64 random_;
  TimerHeap heap_;
  std::map<std::pair<TimePoint, std::uint64_t>, Expected> model_;  // (due, order of reservation)
  std::vector<TimerId> stale_;
  TimePoint now_{};
  std::uint64_t order_ = 0;
  int next_number_ = 0;
  int fired_ = -1;
};

TEST(TimerHeap, BehavesLikeASortedMap) {
  HeapAgainstModel run(job_test::Seed());
  const std::uint64_t steps = Scaled(200'000);
  for (std::uint64_t step = 0; step < steps && !HasFailure(); ++step) run.Step();
}

TEST(TimerHeap, NoTimerCannotBeCancelled) {
  TimerHeap heap;
  EXPECT_FALSE(heap.Cancel(TimerId{}).has_value());
  EXPECT_FALSE(heap.Cancel(TimerId{77, 1}).has_value());
  EXPECT_EQ(heap.NextDue(), std::nullopt);
  EXPECT_FALSE(heap.PopDue(TimePoint::max()).has_value());
}

class TimerTest : public testing::Test {
 protected:
  static job::UpdateOptions Options(const job::Clock& clock) {
    job::UpdateOptions options;
    options.threads = 2;
    options.clock = &clock;
    return options;
  }

  ManualClock clock_;
  Gate gate_;
  job::UpdateThreads threads_{Options(clock_)};
  std::shared_ptr<PlainQueue> room_ = std::make_shared<PlainQueue>(threads_.Ready());
};

TEST_F(TimerTest, RunsAsAJobOfTheOwnerNotBeforeItsTime) {
  TASK_INPUT("06.4", "one reservation of 100 ms; the clock at 99 ms, then 100 ms");
  threads_.Start();
  bool as_job = false;  // room_'s jobs; read after the gate
  const TimePoint due = clock_.Now() + milliseconds(100);
  threads_.Timer().Reserve(milliseconds(100), *room_, [&] {
    as_job = room_->InThisQueue();
    gate_.Arrive();
  });
  ASSERT_TRUE(clock_.WaitForSleeper(due));
  clock_.Advance(milliseconds(99));
  ASSERT_TRUE(clock_.WaitForSleeper(due)) << "still asleep, or asleep again";
  EXPECT_EQ(threads_.Timer().Pending(), 1U);
  clock_.Advance(milliseconds(1));
  ASSERT_TRUE(gate_.WaitFor(1));
  EXPECT_TRUE(as_job);
  EXPECT_EQ(threads_.Timer().Pending(), 0U);
}

TEST_F(TimerTest, EarlierTimerShortensTheWait) {
  TASK_INPUT("06.4", "1 h, then 20 ms, then 10 ms");
  threads_.Start();
  const TimePoint start = clock_.Now();
  std::vector<int> order;  // room_'s jobs; read after the gate
  threads_.Timer().Reserve(std::chrono::hours(1), *room_, [&] { order.push_back(3); });
  ASSERT_TRUE(clock_.WaitForSleeper(start + std::chrono::hours(1)));
  threads_.Timer().Reserve(milliseconds(20), *room_, [&] {
    order.push_back(2);
    gate_.Arrive();
  });
  ASSERT_TRUE(clock_.WaitForSleeper(start + milliseconds(20))) << "it overslept the new one";
  threads_.Timer().Reserve(milliseconds(10), *room_, [&] { order.push_back(1); });
  ASSERT_TRUE(clock_.WaitForSleeper(start + milliseconds(10)));
  clock_.Advance(milliseconds(20));
  ASSERT_TRUE(gate_.WaitFor(1));
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_EQ(threads_.Timer().Pending(), 1U);
}

TEST_F(TimerTest, SameTimeInOrderOfReservation) {
  TASK_INPUT("06.4", "200 reservations for one time");
  threads_.Start();
  std::vector<int> order;  // room_'s jobs; read after the gate
  for (int i = 0; i < 200; ++i) {
    threads_.Timer().ReserveAt(clock_.Now() + milliseconds(5), *room_,
                               job::Job([&order, i] { order.push_back(i); }));
  }
  threads_.Timer().Reserve(milliseconds(6), *room_, [&] { gate_.Arrive(); });
  clock_.Advance(milliseconds(6));
  ASSERT_TRUE(gate_.WaitFor(1));
  ASSERT_EQ(order.size(), 200U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(TimerTest, CancelledNeverRunsAndItsCapturesDie) {
  threads_.Start();
  auto captured = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = captured;
  std::atomic<int> ran{0};
  const TimerId id =
      threads_.Timer().Reserve(milliseconds(10), *room_, [&ran, captured] { ++ran; });
  captured.reset();
  threads_.Timer().Reserve(milliseconds(10), *room_, [&] { gate_.Arrive(); });
  EXPECT_TRUE(threads_.Timer().Cancel(id));
  EXPECT_TRUE(watch.expired());
  EXPECT_FALSE(threads_.Timer().Cancel(id));
  clock_.Advance(milliseconds(10));
  ASSERT_TRUE(gate_.WaitFor(1));
  EXPECT_EQ(ran, 0);
}

TEST_F(TimerTest, OwnerGoneMeansJobDropped) {
  TASK_INPUT("06.4", "the owner is gone when the time has come");
  threads_.Start();
  auto captured = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = captured;
  std::atomic<int> ran{0};
  auto gone = std::make_shared<PlainQueue>(threads_.Ready());
  threads_.Timer().Reserve(milliseconds(10), *gone, [&ran, captured, self = gone.get()] {
    ++ran;
    self->Close();  // a use after free, if it ever ran
  });
  captured.reset();
  // Two hand-overs: the second one cannot start before the first is over.
  threads_.Timer().Reserve(milliseconds(20), *room_, [&] { gate_.Arrive(); });
  gone.reset();
  EXPECT_EQ(threads_.Stats().live_queues, 1U) << "the reservation must not keep its owner alive";
  clock_.Advance(milliseconds(10));
  ASSERT_TRUE(clock_.WaitForSleeper(clock_.Now() + milliseconds(10)));
  clock_.Advance(milliseconds(10));
  ASSERT_TRUE(gate_.WaitFor(1));
  EXPECT_EQ(ran, 0);
  EXPECT_TRUE(watch.expired());
  EXPECT_EQ(threads_.Timer().Orphaned(), 1U);
}

TEST_F(TimerTest, JobMayReserveItself) {
  threads_.Start();
  struct Heartbeat {
    job::JobTimer* timer;
    PlainQueue* room;
    Gate* gate;
    void Beat() {
      timer->Reserve(milliseconds(10), *room, [this] { Beat(); });
      gate->Arrive();
    }
  } heartbeat{&threads_.Timer(), room_.get(), &gate_};
  room_->Post([&] { heartbeat.Beat(); });
  for (std::uint64_t beat = 1; beat <= 50; ++beat) {
    ASSERT_TRUE(gate_.WaitFor(beat));
    ASSERT_TRUE(clock_.WaitForSleeper(clock_.Now() + milliseconds(10)));
    clock_.Advance(milliseconds(10));
  }
  ASSERT_TRUE(gate_.WaitFor(51));
  threads_.Stop(StopPolicy::kDrain);
}

TEST_F(TimerTest, StopDestroysReservationsAndRefusesMore) {
  threads_.Start();
  auto captured = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = captured;
  for (int i = 0; i < 10; ++i) {
    threads_.Timer().Reserve(milliseconds(10 + i), *room_, [captured] {});
  }
  captured.reset();
  EXPECT_EQ(threads_.Stop(StopPolicy::kDrain).dropped_timers, 10U);
  EXPECT_TRUE(watch.expired());
  EXPECT_FALSE(static_cast<bool>(threads_.Timer().Reserve(milliseconds(1), *room_, [] {})));
}

TEST(TimerRealClock, NeverTooEarly) {
  Gate gate;
  std::atomic<int> early{0};
  job::UpdateThreads threads;
  threads.Start();
  auto room = std::make_shared<PlainQueue>(threads.Ready());
  for (int i = 0; i < 20; ++i) {
    const TimePoint due = job::SteadyClock().Now() + milliseconds((i * 7) % 20);
    threads.Timer().ReserveAt(due, *room, job::Job([&, due] {
                                if (job::SteadyClock().Now() < due) ++early;
                                gate.Arrive();
                              }));
  }
  ASSERT_TRUE(gate.WaitFor(20));
  EXPECT_EQ(early, 0);
}

// Reserving, cancelling, firing and dying owners from many threads: each job runs at most once, and
// exactly those run that were not cancelled and whose owner lives.
TEST(TimerStress, ReserveCancelFireDie) {
  const std::uint64_t seed = job_test::Seed();
  TASK_INPUT("06.4", "three threads reserve, cancel and give owners up, seed " << seed);
  const std::uint64_t rounds = Scaled(20'000);
  std::atomic<std::uint64_t> reserved{0}, cancelled{0}, ran{0}, elsewhere{0};
  job::UpdateThreads threads;
  threads.Start();
  std::vector<std::thread> users;
  for (std::uint64_t u = 0; u < 3; ++u) {
    users.emplace_back([&, u] {
      std::mt19937_64 random(seed + u);
      auto owner = std::make_shared<PlainQueue>(threads.Ready());
      std::vector<TimerId> mine;
      for (std::uint64_t i = 0; i < rounds; ++i) {
        mine.push_back(threads.Timer().Reserve(std::chrono::microseconds(random() % 500), *owner,
                                               [&ran, &elsewhere, self = owner.get()] {
                                                 if (!self->InThisQueue()) ++elsewhere;
                                                 ++ran;
                                               }));
        ++reserved;
        if (random() % 2 == 0) {
          const std::size_t victim = random() % mine.size();
          if (threads.Timer().Cancel(mine[victim])) ++cancelled;
          mine[victim] = mine.back();
          mine.pop_back();
        }
        if (random() % 500 == 0) owner = std::make_shared<PlainQueue>(threads.Ready());
      }
      // Wait until the last owner's reservations are through.
      auto last = std::make_shared<Gate>();
      threads.Timer().Reserve(milliseconds(2), *owner, [last] { last->Arrive(); });
      EXPECT_TRUE(last->WaitFor(1));
    });
  }
  for (auto& user : users) user.join();
  const job::StopReport report = threads.Stop(StopPolicy::kDrain);
  EXPECT_TRUE(report.drained);
  EXPECT_EQ(elsewhere, 0U);
  EXPECT_EQ(ran + cancelled + threads.Timer().Orphaned() + report.dropped_timers, reserved);
  EXPECT_GT(ran, 0U);
  EXPECT_GT(cancelled, 0U);
}

}  // namespace
