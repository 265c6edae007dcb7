// So many lines a second, and how many more there would have been: what a hostile client causes
// must not fill the disk.
//
// Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

namespace services {

class LogThrottle {
 public:
  using Clock = std::chrono::steady_clock;

  explicit LogThrottle(std::uint32_t lines_per_second) : lines_max_(lines_per_second) {}

  // Nothing: no line now. Otherwise how many were left out since the line before.
  std::optional<std::uint64_t> Take(Clock::time_point now = Clock::now()) {
    const std::lock_guard lock(lock_);
    if (now - second_ >= std::chrono::seconds(1)) {
      second_ = now;
      lines_ = 0;
    }
    if (lines_ >= lines_max_) {
      ++left_out_;
      return std::nullopt;
    }
    ++lines_;
    return std::exchange(left_out_, 0);
  }

 private:
  const std::uint32_t lines_max_;
  std::mutex lock_;
  Clock::time_point second_{};  // guarded by lock_: when the current one began
  std::uint32_t lines_ = 0;     // guarded by lock_: in it
  std::uint64_t left_out_ = 0;  // guarded by lock_
};

}  // namespace services
