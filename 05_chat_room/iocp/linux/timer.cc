#include "iocp/linux/timer.h"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>

#include "iocp/linux/syscalls.h"
#include "iocp/linux/thread.h"

namespace iocp {

class TimerThread {
 public:
  static TimerThread& Get() {
    static TimerThread* const thread = new TimerThread;  // outlives every other thread
    return *thread;
  }

  // Forgets what was planned for the timer, and plans anew (nullptr: nothing). False: the system
  // has no thread left to start this one.
  bool Plan(Timer* timer, const Timer::Plan* plan) {
    const std::lock_guard guard(lock_);
    if (plan != nullptr && !running_) running_ = StartHelper([this] { Run(); });
    if (plan != nullptr && !running_) return false;
    ++timer->generation_;
    if (plan == nullptr) return true;  // set, it stays set
    timer->signal_.Clear();
    timer->plan_ = *plan;
    queue_.emplace(plan->due, Entry{Ref<Timer>::Share(timer), timer->generation_});
    earlier_.notify_one();
    return true;
  }

 private:
  struct Entry {
    Ref<Timer> timer;
    std::uint64_t generation;  // of another plan: forgotten
  };

  TimerThread() = default;

  void Run() {
    std::unique_lock guard(lock_);
    for (;;) {
      if (queue_.empty()) {
        earlier_.wait(guard);
        continue;
      }
      const std::int64_t left = queue_.begin()->first - SysNow();
      if (left > 0) {
        earlier_.wait_for(guard, std::chrono::nanoseconds(left));
        continue;
      }
      const Entry entry = std::move(queue_.extract(queue_.begin()).mapped());
      Timer& timer = *entry.timer;
      if (timer.generation_ != entry.generation) continue;
      const Timer::Plan plan = timer.plan_;
      if (plan.period > 0) {
        timer.plan_.due += plan.period;
        queue_.emplace(timer.plan_.due, entry);
      }
      // With the lock: a new plan that comes now finds the timer set, and resets it.
      Wakes wakes;
      timer.signal_.Set(wakes);
      guard.unlock();
      wakes.Fire();
      if (plan.routine != nullptr) {
        if (const auto thread = FindThread(plan.thread)) {
          QueueApc(*thread, {.timer = plan.routine, .timer_parameter = plan.parameter});
        }
      }
      guard.lock();
    }
  }

  std::mutex lock_;
  bool running_ = false;                      // guarded by lock_
  std::condition_variable earlier_;           // something new is first in the queue, perhaps
  std::multimap<std::int64_t, Entry> queue_;  // guarded by lock_
};

bool Timer::Set(const Plan& plan) {
  return TimerThread::Get().Plan(this, &plan);
}

void Timer::Cancel() {
  (void)TimerThread::Get().Plan(this, nullptr);
}

}  // namespace iocp
