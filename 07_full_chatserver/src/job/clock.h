// The time that slices and timers see. Programs use SteadyClock(); tests put in a clock that they
// move by hand, so that no test depends on how fast the machine is.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace job {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

class Clock {
 public:
  virtual ~Clock() = default;

  // Any thread. Never goes backwards.
  virtual TimePoint Now() const = 0;

  // Any thread. `lock` is held on entry and on return. Returns when `wake` is notified or `until`
  // is reached, and sometimes for no reason at all: the caller looks at its own state again.
  virtual void WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& wake,
                         TimePoint until) const = 0;
};

// The process-wide real clock.
const Clock& SteadyClock();

}  // namespace job
