// What the tests of job/ share: seed and scale from the environment, a gate to wait at, a clock by
// hand.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <random>
#include <vector>

#include "job/clock.h"
#include "job/job_queue.h"

namespace job_test {

// How long a test waits for something that must happen, before it fails. Never reached when all is
// well.
inline constexpr std::chrono::seconds kDeadline{60};

// COURSE_SEED, or a random one; printed, so that a failing run can be repeated.
inline std::uint64_t Seed() {
  const char* text = std::getenv("COURSE_SEED");
  const std::uint64_t seed =
      text != nullptr ? std::strtoull(text, nullptr, 0) : std::random_device{}();
  std::cout << "COURSE_SEED=" << seed << std::endl;
  return seed;
}

// COURSE_STRESS multiplies the length of a stress test; sanitizers halve it.
inline std::uint64_t Scaled(std::uint64_t rounds) {
  const char* text = std::getenv("COURSE_STRESS");
  const double factor = text != nullptr ? std::strtod(text, nullptr) : 1.0;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  rounds /= 2;
#endif
  return std::max<std::uint64_t>(1,
                                 static_cast<std::uint64_t>(static_cast<double>(rounds) * factor));
}

// Counts arrivals; others wait until there were enough.
class Gate {
 public:
  void Arrive() {
    const std::lock_guard lock(mutex_);
    ++arrived_;
    changed_.notify_all();
  }
  // False: the deadline came first.
  bool WaitFor(std::uint64_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kDeadline, [&] { return arrived_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t arrived_ = 0;  // guarded by mutex_
};

// A job queue without anything of its own.
class PlainQueue : public job::JobQueue {
 public:
  using JobQueue::JobQueue;
};

// A clock that stands still until Advance. A thread that waits for it is listed with the time that
// it waits for, so that a test can wait for the thread to sleep.
class ManualClock final : public job::Clock {
 public:
  job::TimePoint Now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }

  void WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& wake,
                 job::TimePoint until) const override {
    {
      const std::lock_guard own(mutex_);
      if (until <= now_) return;
      sleepers_.push_back(Sleeper{lock.mutex(), &wake, until});
      changed_.notify_all();
    }
    // Advance takes the caller's mutex before it notifies, so it cannot come between here and the
    // sleep.
    wake.wait(lock);
    const std::lock_guard own(mutex_);
    std::erase_if(sleepers_, [&](const Sleeper& sleeper) { return sleeper.wake == &wake; });
  }

  void Advance(job::Duration time) {
    std::vector<Sleeper> sleepers;
    {
      const std::lock_guard lock(mutex_);
      now_ += time;
      sleepers = sleepers_;
    }
    for (const Sleeper& sleeper : sleepers) {
      { const std::lock_guard lock(*sleeper.mutex); }
      sleeper.wake->notify_all();
    }
  }

  // Waits until a thread sleeps until exactly `until`. False: the deadline came first.
  bool WaitForSleeper(job::TimePoint until) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kDeadline, [&] {
      return std::any_of(sleepers_.begin(), sleepers_.end(),
                         [&](const Sleeper& sleeper) { return sleeper.until == until; });
    });
  }

 private:
  struct Sleeper {
    std::mutex* mutex;
    std::condition_variable* wake;
    job::TimePoint until;
  };

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  job::TimePoint now_{std::chrono::hours(1)};  // guarded by mutex_
  mutable std::vector<Sleeper> sleepers_;      // guarded by mutex_
};

}  // namespace job_test
