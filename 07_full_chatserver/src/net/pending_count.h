// Counts what is still pending; one thread may wait until nothing is.
//
// Threading: every function from any thread. (std::atomic::wait would be shorter, but gcc's version
// for Windows can lose the wake-up: it notifies without holding the waiter's mutex.)
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace net {

class PendingCount {
 public:
  // Sequentially consistent on purpose: callers count first and look at a flag then, Stop does it
  // the other way round, and one of the two has to see the other.
  void Add() { count_.fetch_add(1); }

  void Finish() {
    if (count_.fetch_sub(1) != 1) return;
    // Under the mutex: a waiter that has just seen 1 and is about to sleep must not miss this.
    const std::lock_guard lock(mutex_);
    zero_.notify_all();
  }

  std::uint32_t value() const { return count_.load(); }

  void WaitForZero() {
    std::unique_lock lock(mutex_);
    zero_.wait(lock, [this] { return count_.load() == 0; });
  }

 private:
  std::atomic<std::uint32_t> count_{0};  // atomic: any thread
  std::mutex mutex_;
  std::condition_variable zero_;  // notified under mutex_ when count_ has become 0
};

}  // namespace net
