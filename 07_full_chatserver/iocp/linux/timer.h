// Waitable timers. One thread of the library's, started by the first SetWaitableTimer, sets them
// when they are due.
#pragma once

#include "iocp/linux/handle_table.h"
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

  // Any thread. Each forgets the plan before it.
  bool Set(const Plan& plan);  // false: no thread left for it
  void Cancel();
  Signal& signal() { return signal_; }

 private:
  friend class TimerThread;

  Signal signal_;
  Plan plan_;                     // guarded by the timer thread's lock
  std::uint64_t generation_ = 0;  // likewise: counts the plans
};

}  // namespace iocp
