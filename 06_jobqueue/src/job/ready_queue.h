// The global queue of busy job queues: a job queue is inside when it has jobs and nobody executes
// them. Update threads take from it and sleep when it is empty; nobody polls.
//
// There is always room: a job queue is inside at most once (its inbox makes exactly one producer
// responsible, see inbox.h), and no more than `max_queues` job queues can be created.
//
// Sleep without a lost wake-up, without a lock on the fast path. The race: a thread finds the queue
// empty, a producer pushes and sees nobody asleep, the thread goes to sleep. Both sides change the
// SAME word, sleepers_, by read-modify-write, and those have one total order.
//
// One wake-up at a time: while a woken thread is on its way (kWaking), producers wake nobody else;
// the woken thread clears the bit and, if there is more than it takes itself, wakes the next. So a
// burst costs one system call. Closing (kClosed) uses the same word: a late push learns of it.
//
// Threading: every method from any thread unless it says otherwise.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>

#include "job/clock.h"
#include "job/lockfree_queue.h"

namespace job {

class JobQueue;

class ReadyQueue {
 public:
  // `shuffle_seed`: hand queues out in a random order (debug builds), to bring out code that
  // silently relies on one. The order of the jobs inside a queue is a promise and is never changed.
  ReadyQueue(std::size_t max_queues, const Clock& clock, std::optional<std::uint64_t> shuffle_seed);
  ~ReadyQueue();
  ReadyQueue(const ReadyQueue&) = delete;
  ReadyQueue& operator=(const ReadyQueue&) = delete;

  // --- for JobQueue ---------------------------------------------------------------------------------
  // A job queue comes into being / is gone. AddQueue throws std::length_error above max_queues.
  void AddQueue();
  void RemoveQueue() { live_queues_.fetch_sub(1, std::memory_order_acq_rel); }

  // The job queue was idle and has jobs now. False: closed, the jobs have been dropped.
  bool Activate(JobQueue& queue);

  // A job queue went idle: the last thing its executor does for it.
  void Retire();

  // `count` jobs were destroyed without being run because the threads have stopped.
  void CountDropped(std::uint64_t count) { dropped_.fetch_add(count, std::memory_order_relaxed); }

  TimePoint Now() const { return clock_.Now(); }

  // --- for the update threads -----------------------------------------------------------------------
  // The next job queue to execute; sleeps while there is none. nullptr: closed. `*slept` says
  // whether the thread slept on the way.
  JobQueue* Wait(bool* slept);

  // A slice is over and jobs remain: to the end of the queue. The keep-alive reference must be in
  // place.
  void Requeue(JobQueue& queue) { Push(queue); }

  // True: no other job queue waits for an update thread. A glance, see LockFreeQueue.
  bool LooksEmpty() const { return ready_.LooksEmpty(); }
  bool IsClosed() const { return (sleepers_.load(std::memory_order_acquire) & kClosed) != 0; }

  // --- stopping -------------------------------------------------------------------------------------
  // Waits until no job queue has jobs or is executing. False: the time is up.
  bool WaitUntilAllIdle(Duration limit);

  // Wakes everybody; from now on job queues are not executed any more and Activate drops.
  void Close();

  // After Close. Drops the jobs of every job queue that is inside.
  void DropAbandoned();

  std::uint64_t LiveQueues() const { return live_queues_.load(std::memory_order_acquire); }
  std::uint64_t BusyQueues() const { return busy_.load(std::memory_order_acquire) & ~kDraining; }
  // Update threads that sleep, or have announced that they will.
  std::uint32_t Sleepers() const { return sleepers_.load(std::memory_order_acquire) & kCount; }
  std::uint64_t Dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::uint32_t kClosed = 1U << 31;
  static constexpr std::uint32_t kWaking = 1U << 30;
  static constexpr std::uint32_t kCount = kWaking - 1;
  static constexpr std::uint64_t kDraining = std::uint64_t{1} << 63;

  bool Push(JobQueue& queue);
  void PutIn(JobQueue* queue);
  JobQueue* TryPop();
  void WakeOne();
  bool Sleep();

  const Clock& clock_;
  const std::size_t max_queues_;
  const std::optional<std::uint64_t> shuffle_seed_;
  LockFreeQueue<JobQueue*> ready_;
  std::atomic<std::uint64_t> shuffle_step_{0};  // atomic: any update thread
  std::atomic<std::uint64_t> live_queues_{0};   // atomic: any thread
  std::atomic<std::uint64_t> dropped_{0};       // atomic: any thread

  alignas(kCacheLine) std::atomic<std::uint64_t> busy_{
      0};  // atomic: queues not idle; top bit: draining
  // atomic: threads that sleep or are about to; top bits: see above
  alignas(kCacheLine) std::atomic<std::uint32_t> sleepers_{0};

  std::mutex mutex_;
  std::condition_variable wake_;
  bool wake_up_ = false;  // guarded by mutex_: sent and not yet taken; then kWaking is set
  std::condition_variable all_idle_;
};

}  // namespace job
