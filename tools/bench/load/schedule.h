// An open loop: message n is due at a time that depends on nothing that happens. Who is late sends
// it late, and its latency counts from here all the same (no coordinated omission).
#pragma once

#include <cmath>
#include <cstdint>

namespace load {

class Schedule {
 public:
  // `rate` messages a second, for `seconds`, from `begin` on; all times in nanoseconds of the
  // steady clock. Of `threads` threads that share a schedule, each of the same rate, this is number
  // `thread`: their messages take turns.
  Schedule(std::int64_t begin, double rate, double seconds, unsigned thread, unsigned threads)
      : begin_(static_cast<double>(begin)),
        interval_(rate > 0 ? 1e9 / rate : 0),
        offset_(interval_ * thread / threads),
        count_(static_cast<std::uint64_t>(std::floor(rate * seconds + 1e-6))) {}

  std::uint64_t count() const { return count_; }
  std::int64_t Due(std::uint64_t n) const {
    return static_cast<std::int64_t>(begin_ + offset_ + interval_ * static_cast<double>(n));
  }

 private:
  const double begin_;
  const double interval_;
  const double offset_;
  const std::uint64_t count_;
};

}  // namespace load
