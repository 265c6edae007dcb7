// A wait's end: never, or a moment of the monotonic clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "iocp/linux/win32_types.h"

namespace iocp {

class Deadline {
 public:
  explicit Deadline(DWORD milliseconds)
      : infinite_(milliseconds == INFINITE),
        end_(infinite_ || milliseconds == 0
                 ? Clock::time_point{}
                 : Clock::now() + std::chrono::milliseconds(milliseconds)) {}

  bool Passed() const { return !infinite_ && Nanoseconds() == 0; }

  // Time left; negative: for ever.
  std::int64_t Nanoseconds() const {
    if (infinite_) return -1;
    if (end_ == Clock::time_point{}) return 0;
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(end_ - Clock::now());
    return std::max<std::int64_t>(left.count(), 0);
  }

  // The same for calls that take milliseconds, rounded up, so that a wait never ends early.
  int Milliseconds() const {
    if (infinite_) return -1;
    constexpr std::int64_t kMost = 1'000'000'000;
    return static_cast<int>(std::min((Nanoseconds() + 999'999) / 1'000'000, kMost));
  }

 private:
  using Clock = std::chrono::steady_clock;
  bool infinite_;
  Clock::time_point end_;
};

}  // namespace iocp
