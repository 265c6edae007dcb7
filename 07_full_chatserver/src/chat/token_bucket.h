// A token bucket as one number: the moment at which it would be full again.
//
// A bucket holds `burst` tokens and gets `per_second` new ones a second. Instead of counting tokens
// and remembering when they were counted, the moment of fullness moves on by what has been taken:
// it lies in the past when the bucket is full, and at most burst / per_second ahead when it is
// empty.
//
// Threading: any thread; one compare-exchange.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "job/clock.h"

namespace chat {

struct Rate {
  double per_second = 0;  // tokens; 0: no limit
  double burst = 1;       // that the bucket holds
};

class TokenBucket {
 public:
  // Takes `cost` tokens and leaves at least `keep` inside; false: there are not so many. What costs
  // more than the bucket can hold is granted when it is full, and paid for afterwards.
  bool Take(const Rate& rate, job::TimePoint now, double cost = 1, double keep = 0) {
    if (rate.per_second <= 0) return true;
    const double token_ns = 1e9 / rate.per_second;
    const auto price = static_cast<std::int64_t>(cost * token_ns);
    const auto room = static_cast<std::int64_t>(std::max(rate.burst - keep, 0.0) * token_ns);
    const std::int64_t now_ns = now.time_since_epoch().count();
    std::int64_t full_at = full_at_.load(std::memory_order_relaxed);
    while (true) {
      const std::int64_t from = std::max(full_at, now_ns);
      if (from > now_ns && from - now_ns + price > room) return false;
      if (full_at_.compare_exchange_weak(full_at, from + price, std::memory_order_relaxed)) {
        return true;
      }
    }
  }
  [[nodiscard]] bool IsFull(job::TimePoint now) const {
    return full_at_.load(std::memory_order_relaxed) <= now.time_since_epoch().count();
  }

 private:
  std::atomic<std::int64_t> full_at_{INT64_MIN};  // ns of the clock; atomic: any thread
};

}  // namespace chat
