// Numbers for the states of players, so that the later one is known as such: the wall clock where
// it goes forward, and one more than the highest number seen where it does not (it was set back, or
// two come in one millisecond). "Seen" are the numbers given out here and those in the database, so
// that several servers, and the starts of one, go on from each other. (A hybrid logical clock.)
#pragma once

#include <atomic>
#include <cstdint>

namespace db {

class StateOrder {
 public:
  // Any thread.
  std::uint64_t Next(std::int64_t now_ms) {
    std::uint64_t last = last_.load(std::memory_order_relaxed);
    std::uint64_t next = 0;
    do {
      next = last + 1;
      if (now_ms > 0 && static_cast<std::uint64_t>(now_ms) > next)
        next = static_cast<std::uint64_t>(now_ms);
    } while (!last_.compare_exchange_weak(last, next, std::memory_order_relaxed));
    return next;
  }
  void Seen(std::uint64_t number) {
    std::uint64_t last = last_.load(std::memory_order_relaxed);
    while (last < number && !last_.compare_exchange_weak(last, number, std::memory_order_relaxed)) {
    }
  }

 private:
  std::atomic<std::uint64_t> last_{0};  // atomic: any thread
};

}  // namespace db
