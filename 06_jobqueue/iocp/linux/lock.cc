#include "iocp/linux/lock.h"

namespace iocp {
namespace {

// About as long as the longest critical section. With none, posting and getting from four threads
// at once is twice as fast (each takes long turns), but the echo of eight workers, which is what a
// server does, is slower: it sleeps where a moment would have done (labs/port_bench).
constexpr int kSpins = 100;

void Relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

// Whoever has slept once takes the lock as "waited for": it cannot know whether others still sleep.
// At worst unlock wakes nobody.
void Lock::LockSlowly() {
  for (int i = 0; i < kSpins; ++i) {
    std::uint32_t expected = kFree;
    if (word_.load(std::memory_order_relaxed) == kFree &&
        word_.compare_exchange_weak(expected, kTaken, std::memory_order_acquire,
                                    std::memory_order_relaxed)) {
      return;
    }
    Relax();
  }
  while (word_.exchange(kWaitedFor, std::memory_order_acquire) != kFree) {
    SysFutexWait(&word_, kWaitedFor, -1);
  }
}

}  // namespace iocp
