// Waitable timers. One thread of the library's, started by the first SetWaitableTimer, sets them
// when they are due.
#pragma once

#include <map>

#include "iocp/linux/handle_table.h"
#include "iocp/linux/thread.h"
#include "iocp/linux/waitable.h"
#include "iocp/linux/win32_events.h"

namespace iocp {

class Timer final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::kTimer;
  explicit Timer(bool manual_reset)
      : Object(kKind),
        signal_(manual_reset ? Signal::Reset::kManual : Signal::Reset::kAuto, false) {}

  // What happens when it is due.
  struct Plan {
    std::int64_t due = 0;     // SysNow
    std::int64_t period = 0;  // nanoseconds, 0: once
    PTIMERAPCROUTINE routine = nullptr;
    LPVOID parameter = nullptr;
    DWORD thread = 0;  // whose alertable wait runs the routine
  };

  // Any thread. Each forgets the plan before it, and takes back its APC when that has not run.
  DWORD Set(const Plan& plan);  // ERROR_SUCCESS, or why not
  void Stop();
  void Close();  // the same, for good
  Signal* signal() override { return &signal_; }

 private:
  using Queue = std::multimap<std::int64_t, Ref<Timer>>;  // by the time at which they are due
  struct Service;

  [[noreturn]] static void Run(Service& service);  // the timer thread
  // These are called with the service's lock.
  void Enqueue(Service& service);
  void Forget(Service& service);
  bool Expire(ApcWakes& wakes);

  Signal signal_;
  // Guarded by the service's lock:
  Plan plan_;
  Queue::iterator place_;  // while `planned_`: in the queue, which holds a reference then
  bool planned_ = false;
  bool closed_ = false;
};

}  // namespace iocp
