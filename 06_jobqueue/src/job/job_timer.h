// JobTimer: "post this job to that queue, but later".
//
//     timer_id_ = threads.Timer().Reserve(5s, *this, [this] { OnHeartbeatTimeout(); });
//     ...
//     threads.Timer().Cancel(timer_id_);
//
// One thread sleeps until the earliest reservation is due, and is woken early only by an earlier
// one. A due job is posted to its queue like any other, so it runs as a job of the owner and needs
// no lock there.
//
// Promises:
//   - never before its time; as soon after it as the timer thread and the owner's queue get to it;
//   - the owner is held weakly: when it is gone, the job is destroyed without being run. A plain
//   pointer to
//     the owner inside the job is therefore safe (it only ever runs as a job of the living owner);
//   - Cancel returns true: the job has not run and never will. False: too late (it has been handed
//   to the
//     queue: it may be waiting there, running or done), or there is no such reservation. A job of
//     the owner that must not be surprised by a timer it could not cancel compares a field of the
//     owner;
//   - after Stop nothing is posted any more and Reserve answers "no timer".
//
// Threading: every method from any thread; Start and Stop by the owner thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "job/clock.h"
#include "job/job.h"
#include "job/timer_heap.h"

namespace job {

class JobQueue;

class JobTimer {
 public:
  explicit JobTimer(const Clock& clock) : clock_(clock) {}
  ~JobTimer() { Stop(); }
  JobTimer(const JobTimer&) = delete;
  JobTimer& operator=(const JobTimer&) = delete;

  void Start();
  // Returns how many reservations were destroyed. May be called twice, and without Start.
  std::size_t Stop();

  // A delay of zero or less means: as soon as possible, but still as a job.
  template <class F>
  TimerId Reserve(Duration delay, JobQueue& owner, F&& f,
                  SourceLocation origin = SourceLocation::current()) {
    return ReserveAt(clock_.Now() + delay, owner, Job(std::forward<F>(f), origin));
  }
  TimerId ReserveAt(TimePoint due, JobQueue& owner, Job job);

  bool Cancel(TimerId id);

  std::size_t Pending() const;
  // Jobs that became due when their owner was gone.
  std::uint64_t Orphaned() const { return orphaned_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kHandOverBatch = 64;

  void Run();
  void HandOver(ReservedJob& reserved);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  TimerHeap heap_;                          // guarded by mutex_
  bool stopping_ = false;                   // guarded by mutex_
  std::atomic<std::uint64_t> orphaned_{0};  // atomic: written by the timer thread
  std::thread thread_;                      // owner thread only
};

}  // namespace job
