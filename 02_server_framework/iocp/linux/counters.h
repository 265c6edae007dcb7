// Counters behind inspect.h. The frequent ones are kept per thread and added up when read, so that
// counting never makes two threads share a cache line.
#pragma once

#include <atomic>
#include <cstdint>

#include "iocp/inspect.h"

namespace iocp {

// One thread's share. Written by that thread only, read by any (hence atomics, without ordering).
struct ThreadCounts {
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(SystemCall::kCount)> calls{};
  std::atomic<std::uint64_t> wake_ups{0};
  std::atomic<std::uint64_t> searched{0};
  std::atomic<std::int64_t> operations{0};  // taken minus freed here; may be negative
  ThreadCounts* next = nullptr;  // list of all threads' shares, guarded by the list's lock
};

inline constinit thread_local ThreadCounts* t_counts = nullptr;
ThreadCounts& MakeCounts();

inline ThreadCounts& Counts() {
  return t_counts != nullptr ? *t_counts : MakeCounts();
}

// One writer, so no read-modify-write is needed.
template <typename Number>
void Bump(std::atomic<Number>& counter, Number by) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

inline void CountCall(SystemCall call) {
  Bump(Counts().calls[static_cast<std::size_t>(call)], std::uint64_t{1});
}
inline void CountOperation(int change) {
  Bump(Counts().operations, std::int64_t{change});
}
inline void CountWakeUp() {
  Bump(Counts().wake_ups, std::uint64_t{1});
}
inline void CountSearched() {
  Bump(Counts().searched, std::uint64_t{1});
}

inline constinit std::atomic<std::int64_t> g_live_handles{0};
inline constinit std::atomic<std::int64_t> g_open_descriptors{0};
inline constinit std::atomic<std::uint64_t> g_allocations{0};

inline void CountAllocation() {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
}
inline void CountDescriptors(int change) {
  g_open_descriptors.fetch_add(change, std::memory_order_relaxed);
}

}  // namespace iocp
