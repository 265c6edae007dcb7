#include "net/traffic.h"

namespace net {

Traffic::Cell& Traffic::OwnCell() {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t mine = threads.fetch_add(1, std::memory_order_relaxed) % kCells;
  return cells_[mine];
}

TrafficTotals Traffic::Read() const {
  std::array<std::uint64_t, kCounters> sums{};
  for (const Cell& cell : cells_) {
    for (std::size_t i = 0; i < kCounters; ++i) {
      sums[i] += cell.counts[i].load(std::memory_order_relaxed);
    }
  }
  return {sums[kAccepts], sums[kRecvPackets], sums[kSendPackets], sums[kSendCalls], sums[kUpdates]};
}

}  // namespace net
