#include "iocp/linux/timer.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "iocp/linux/completion_port.h"
#include "iocp/linux/syscalls.h"
#include "iocp/linux/thread.h"
#include "iocp/linux/win32_errors.h"

namespace iocp {

class TimerThread {
 public:
  static TimerThread& Get() {
    static TimerThread* const thread = new TimerThread;  // outlives every other thread
    return *thread;
  }

  DWORD Set(Timer& timer, const Timer::Plan& plan) {
    const std::lock_guard guard(lock_);
    if (timer.closed_) return ERROR_INVALID_HANDLE;
    if (!running_) running_ = StartHelper([this] { Run(); });
    if (!running_) return ERROR_NO_SYSTEM_RESOURCES;  // the system has no thread left
    Forget(timer);
    timer.signal_.Clear();
    timer.plan_ = plan;
    Queue(Ref<Timer>::Share(&timer));
    earlier_.notify_one();
    return ERROR_SUCCESS;
  }

  // Set, it stays set. The caller holds the timer.
  void Cancel(Timer& timer, bool closed) {
    const std::lock_guard guard(lock_);
    Forget(timer);
    timer.closed_ = timer.closed_ || closed;
  }

 private:
  TimerThread() = default;

  void Queue(Ref<Timer> timer) {
    Timer& it = *timer;
    it.place_ = queue_.emplace(it.plan_.due, std::move(timer));
    it.planned_ = true;
  }

  // Neither in the queue nor in any thread's list of APCs any more. Its caller holds a reference.
  void Forget(Timer& timer) {
    if (timer.planned_) queue_.erase(timer.place_);
    timer.planned_ = false;
    if (timer.plan_.routine == nullptr) return;
    if (const auto thread = FindThread(timer.plan_.thread)) RemoveApc(*thread, &timer);
  }

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
      const Ref<Timer> timer = std::move(queue_.extract(queue_.begin()).mapped());
      timer->planned_ = false;
      ApcWakes wakes;
      if (Expire(*timer, wakes) && timer->plan_.period > 0) {
        timer->plan_.due += timer->plan_.period;
        Queue(timer);
      }
      guard.unlock();
      wakes.Fire();
      guard.lock();
    }
  }

  // All of it with the lock: a new plan that comes now finds signal and APC, and takes them back.
  // False: its routine's thread has ended, which cancels the timer.
  static bool Expire(Timer& timer, ApcWakes& wakes) {
    const Timer::Plan& plan = timer.plan_;
    if (plan.routine != nullptr) {
      const auto thread = FindThread(plan.thread);
      const Apc apc{
          .timer = plan.routine, .timer_parameter = plan.parameter, .timer_object = &timer};
      if (thread == nullptr || !QueueApc(*thread, apc, wakes)) return false;
    }
    timer.signal_.Set(wakes.wakes);
    return true;
  }

  std::mutex lock_;
  bool running_ = false;             // guarded by lock_
  std::condition_variable earlier_;  // something new is first in the queue, perhaps
  Timer::Queue queue_;               // guarded by lock_
};

DWORD Timer::Set(const Plan& plan) {
  return TimerThread::Get().Set(*this, plan);
}

void Timer::Cancel() {
  TimerThread::Get().Cancel(*this, false);
}

void Timer::Close() {
  TimerThread::Get().Cancel(*this, true);
}

}  // namespace iocp
