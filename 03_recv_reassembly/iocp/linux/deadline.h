// A wait's end: never, or a moment of the monotonic clock.
#pragma once

#include <algorithm>
#include <cstdint>

#include "iocp/linux/syscalls.h"
#include "iocp/linux/win32_types.h"

namespace iocp {

class Deadline {
 public:
  explicit Deadline(DWORD milliseconds)
      : infinite_(milliseconds == INFINITE),
        end_(infinite_ || milliseconds == 0 ? 0
                                            : SysNow() + std::int64_t{milliseconds} * 1'000'000) {}

  bool Passed() const { return !infinite_ && Nanoseconds() == 0; }

  // Time left; negative: for ever.
  std::int64_t Nanoseconds() const {
    if (infinite_) return -1;
    return end_ == 0 ? 0 : std::max<std::int64_t>(end_ - SysNow(), 0);
  }

  // The same for calls that take milliseconds, rounded up, so that a wait never ends early.
  int Milliseconds() const {
    if (infinite_) return -1;
    constexpr std::int64_t kMost = 1'000'000'000;
    return static_cast<int>(std::min((Nanoseconds() + 999'999) / 1'000'000, kMost));
  }

 private:
  bool infinite_;
  std::int64_t end_;
};

}  // namespace iocp
