// The gate of the congestion control: while it is closed the server accepts nobody and sends
// nothing; what is to be sent waits in its session's queue, bounded as always (send_memory_max).
//
// A session whose sends wait is parked here: the gate holds an I/O count of it and its send flag,
// as an outstanding send would. Opening the gate gives them back, and the sends go on.
//
// Threading: any thread. The flag is read without the lock on the fast path; whoever parks looks
// again under it, so that nobody is parked behind an open gate.
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

namespace net {

struct Session;

class TrafficGate {
 public:
  [[nodiscard]] bool closed() const { return closed_.load(std::memory_order_acquire); }

  void Close() {
    const std::lock_guard lock(lock_);
    closed_.store(true, std::memory_order_release);
  }

  // The sessions that waited; the caller takes over their counts and send flags.
  [[nodiscard]] std::vector<Session*> Open() {
    const std::lock_guard lock(lock_);
    closed_.store(false, std::memory_order_release);
    std::vector<Session*> parked;
    parked.swap(parked_);
    return parked;
  }

  // Caller: owns the session's send flag, and has added an I/O count for the gate. False: the gate
  // is open, go on.
  bool Park(Session& session) {
    const std::lock_guard lock(lock_);
    if (!closed_.load(std::memory_order_relaxed)) return false;
    parked_.push_back(&session);
    return true;
  }

 private:
  std::mutex lock_;
  std::atomic<bool> closed_{false};  // atomic: written under lock_, read by any thread
  std::vector<Session*> parked_;     // guarded by lock_
};

}  // namespace net
