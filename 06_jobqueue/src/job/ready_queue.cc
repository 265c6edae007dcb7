#include "job/ready_queue.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

#include "job/job_queue.h"

namespace job {
namespace {

// A large ring makes the wait in PutIn unlikely even for a few queues.
constexpr std::size_t kMinRing = 1024;

// One step of the SplitMix64 generator: a well-mixed number for each (seed, step).
std::uint64_t Mix(std::uint64_t seed, std::uint64_t step) {
  std::uint64_t z = seed + step * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

}  // namespace

ReadyQueue::ReadyQueue(std::size_t max_queues, const Clock& clock,
                       std::optional<std::uint64_t> shuffle_seed)
    : clock_(clock),
      max_queues_(max_queues),
      shuffle_seed_(shuffle_seed),
      ready_(std::max(max_queues, kMinRing)) {}

ReadyQueue::~ReadyQueue() {
  if (LiveQueues() == 0) return;
  // Each of them has a reference to this object: going on would be a use after free later.
  spdlog::critical("job: {} job queue(s) outlive the update threads; destroy the actors first",
                   LiveQueues());
  spdlog::default_logger_raw()->flush();
  std::abort();
}

void ReadyQueue::AddQueue() {
  if (live_queues_.fetch_add(1, std::memory_order_acq_rel) < max_queues_) return;
  RemoveQueue();
  throw std::length_error("job: more than " + std::to_string(max_queues_) + " job queues");
}

bool ReadyQueue::Activate(JobQueue& queue) {
  busy_.fetch_add(1, std::memory_order_acq_rel);
  return Push(queue);
}

void ReadyQueue::Retire() {
  // Count and question in one word, so the last one to leave cannot miss a waiting Stop.
  if (busy_.fetch_sub(1, std::memory_order_acq_rel) != (kDraining | 1)) return;
  {
    const std::lock_guard lock(mutex_);
  }  // Stop is before its look at busy_, or asleep: not between
  all_idle_.notify_all();
}

// [ready-push]
bool ReadyQueue::Push(JobQueue& queue) {
  // <student 06.3>
  PutIn(&queue);
  const std::uint32_t sleepers = sleepers_.fetch_add(0, std::memory_order_acq_rel);
  if ((sleepers & kClosed) != 0) {
    DropAbandoned();
    return false;
  }
  if ((sleepers & kCount) != 0 && (sleepers & kWaking) == 0) WakeOne();
  return true;
  // </student>
}
// [/ready-push]

void ReadyQueue::PutIn(JobQueue* queue) {
  // There is always room (see the header), but a cell may still be held by a consumer that was
  // preempted in the middle of TryPop a whole lap ago: let it run.
  while (!ready_.TryPush(queue)) std::this_thread::yield();
}

void ReadyQueue::WakeOne() {
  if ((sleepers_.fetch_or(kWaking, std::memory_order_acq_rel) & kWaking) != 0) return;
  {
    const std::lock_guard lock(mutex_);
    wake_up_ = true;
  }
  wake_.notify_one();  // outside the lock: the woken thread needs it at once
}

JobQueue* ReadyQueue::TryPop() {
  std::optional<JobQueue*> queue = ready_.TryPop();
  if (queue && shuffle_seed_) {
    const std::uint64_t step = shuffle_step_.fetch_add(1, std::memory_order_relaxed);
    if ((Mix(*shuffle_seed_, step) & 1U) != 0) {
      // To the back of the queue, and take whoever is first then (perhaps the same one again).
      PutIn(*queue);
      queue = ready_.TryPop();
    }
  }
  return queue.value_or(nullptr);
}

// [ready-wait]
JobQueue* ReadyQueue::Wait(bool* slept) {
  // <student 06.3>
  *slept = false;
  while (!IsClosed()) {
    if (JobQueue* queue = TryPop()) return queue;
    // Whoever is about to post may do so first: that is cheaper than a sleep and a wake-up.
    std::this_thread::yield();
    if (JobQueue* queue = TryPop()) return queue;

    sleepers_.fetch_add(1, std::memory_order_acq_rel);
    if (JobQueue* queue = TryPop()) {
      sleepers_.fetch_sub(1, std::memory_order_acq_rel);
      return queue;
    }
    *slept = true;
    const bool others_sleep = Sleep();
    if (IsClosed()) return nullptr;
    JobQueue* queue = TryPop();
    if (others_sleep && !LooksEmpty()) WakeOne();
    if (queue != nullptr) return queue;
  }
  return nullptr;
  // </student>
}

// Until somebody wakes us or Close. True: other threads still sleep.
bool ReadyQueue::Sleep() {
  // <student 06.3>
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return wake_up_ || IsClosed(); });
  const std::uint32_t left = wake_up_ ? 1 + kWaking : 1;  // the bit is set as long as wake_up_ is
  wake_up_ = false;
  return ((sleepers_.fetch_sub(left, std::memory_order_acq_rel) - left) & kCount) != 0;
  // </student>
}
// [/ready-wait]

bool ReadyQueue::WaitUntilAllIdle(Duration limit) {
  busy_.fetch_or(kDraining, std::memory_order_acq_rel);
  std::unique_lock lock(mutex_);
  return all_idle_.wait_for(lock, limit, [this] { return BusyQueues() == 0; });
}

void ReadyQueue::Close() {
  sleepers_.fetch_or(kClosed, std::memory_order_acq_rel);
  { const std::lock_guard lock(mutex_); }  // a thread is before its look at kClosed, or asleep
  wake_.notify_all();
}

void ReadyQueue::DropAbandoned() {
  while (const std::optional<JobQueue*> queue = ready_.TryPop()) (*queue)->DropJobs();
}

}  // namespace job
