// The lock of sockets and ports: std::mutex's job in 4 bytes instead of 40. Every idle socket has
// one, and with it the fields that a message needs fit into two cache lines (socket.h). Held for a
// handful of instructions, so a short spin usually gets it without a wait. (A socket's is
// also held in system calls that do not block: options and names, and the look after a FIN.)
#pragma once

#include <atomic>
#include <cstdint>

#include "iocp/linux/syscalls.h"

namespace iocp {

class Lock {
 public:
  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  void lock() {
    std::uint32_t expected = kFree;
    if (!word_.compare_exchange_strong(expected, kTaken, std::memory_order_acquire,
                                       std::memory_order_relaxed)) {
      LockSlowly();
    }
  }

  // The object may be gone as soon as the word is free; waking uses its address only.
  void unlock() {
    if (word_.exchange(kFree, std::memory_order_release) == kWaitedFor) SysFutexWake(&word_);
  }

 private:
  static constexpr std::uint32_t kFree = 0;
  static constexpr std::uint32_t kTaken = 1;
  static constexpr std::uint32_t kWaitedFor = 2;  // taken, and a thread may sleep on the word

  void LockSlowly();

  std::atomic<std::uint32_t> word_{kFree};
};

}  // namespace iocp
