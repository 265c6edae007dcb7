// What the server has done so far, counted where it happens.
//
// A counter that all workers share would be the busiest memory of the machine. Each thread counts
// in a cell of its own (or shares it with few others); a reader adds the cells up.
//
// Threading: any thread. A sum read while others count is a little behind, never wrong for long;
// sums never fall.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace net {

// Sums since the start of the server.
struct TrafficTotals {
  std::uint64_t accepts = 0;       // connections that became a session
  std::uint64_t recv_packets = 0;  // whole packets handed to the game
  std::uint64_t send_packets = 0;  // packets of completed sends
  std::uint64_t send_calls = 0;    // completed sends; send_packets / send_calls = packets per call
  std::uint64_t updates = 0;       // what the game counts by CountUpdate
};

class Traffic {
 public:
  enum Counter : unsigned char { kAccepts, kRecvPackets, kSendPackets, kSendCalls, kUpdates };

  void Add(Counter counter, std::uint64_t by) {
    OwnCell().counts[counter].fetch_add(by, std::memory_order_relaxed);
  }

  TrafficTotals Read() const;

 private:
  static constexpr std::size_t kCounters = 5;
  static constexpr std::size_t kCells = 16;

  struct alignas(64) Cell {
    std::array<std::atomic<std::uint64_t>, kCounters> counts{};  // atomic: the cell's threads
  };

  Cell& OwnCell();

  std::array<Cell, kCells> cells_;
};

}  // namespace net
