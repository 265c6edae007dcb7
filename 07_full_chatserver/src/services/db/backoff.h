// Waiting longer after every failure, with some chance in it, so that many clients of a server that
// comes back do not all come at once. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace db {

class Backoff {
 public:
  Backoff(std::chrono::milliseconds min, std::chrono::milliseconds max)
      : min_(std::max(min, std::chrono::milliseconds(1))), max_(std::max(max, min_)), next_(min_) {}

  // Between half of the wait and all of it; the next one is twice as long.
  std::chrono::milliseconds Next() {
    const auto wait = next_;
    next_ = std::min(next_ * 2, max_);
    std::uniform_int_distribution<std::chrono::milliseconds::rep> part(wait.count() / 2,
                                                                       wait.count());
    return std::chrono::milliseconds(part(random_));
  }
  void Reset() { next_ = min_; }

 private:
  std::chrono::milliseconds min_;
  std::chrono::milliseconds max_;
  std::chrono::milliseconds next_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace db
