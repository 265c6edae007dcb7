#include "job/job_timer.h"

#include <array>

#include "job/job_queue.h"

namespace job {

void JobTimer::Start() {
  thread_ = std::thread([this] { Run(); });
}

std::size_t JobTimer::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  TimerHeap left;  // destroyed outside the lock: what the jobs own may call the timer
  {
    const std::lock_guard lock(mutex_);
    std::swap(left, heap_);
  }
  return left.Size();
}

// [reserve]
TimerId JobTimer::ReserveAt(TimePoint due, JobQueue& owner, Job job) {
  // <student 06.4>
  TimerId id;
  bool earliest = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return TimerId{};
    const std::optional<TimePoint> before = heap_.NextDue();
    id = heap_.Add(due, ReservedJob{owner.weak_from_this(), std::move(job)});
    earliest = !before || due < *before;
  }
  // The timer thread sleeps until `before`: that is too long now.
  if (earliest) wake_.notify_one();
  return id;
  // </student>
}
// [/reserve]

bool JobTimer::Cancel(TimerId id) {
  std::optional<ReservedJob> cancelled;  // declared first: destroyed outside the lock
  const std::lock_guard lock(mutex_);
  cancelled = heap_.Cancel(id);
  return cancelled.has_value();
}

std::size_t JobTimer::Pending() const {
  const std::lock_guard lock(mutex_);
  return heap_.Size();
}

// [timer-run]
void JobTimer::Run() {
  // <student 06.4>
  std::array<ReservedJob, kHandOverBatch> batch;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    std::size_t count = 0;
    const TimePoint now = clock_.Now();
    while (count < batch.size()) {
      std::optional<ReservedJob> due = heap_.PopDue(now);
      if (!due) break;
      batch[count++] = std::move(*due);
    }
    if (count > 0) {
      // Without the lock: a post may wake a thread, and a job that is destroyed may call the timer.
      lock.unlock();
      for (std::size_t i = 0; i < count; ++i) HandOver(batch[i]);
      lock.lock();
    } else if (const std::optional<TimePoint> next = heap_.NextDue()) {
      clock_.WaitUntil(lock, wake_, *next);
    } else {
      wake_.wait(lock);
    }
  }
  // </student>
}
// [/timer-run]

// [hand-over]
void JobTimer::HandOver(ReservedJob& reserved) {
  // <student 06.4>
  if (const std::shared_ptr<JobQueue> owner = reserved.owner.lock()) {
    owner->PostJob(std::move(reserved.job));
  } else {
    orphaned_.fetch_add(1, std::memory_order_relaxed);
  }
  reserved = ReservedJob{};  // an orphan's captures die here
  // </student>
}
// [/hand-over]

}  // namespace job
