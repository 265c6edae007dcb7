// CompletionQueue: the packets nobody has taken yet, first in first out (P11).
// Not synchronised: guarded by the port's lock.
#pragma once

#include <cstddef>
#include <vector>

#include "iocp/linux/counters.h"
#include "iocp/linux/win32_errors.h"
#include "iocp/linux/win32_types.h"

namespace iocp {

// What a completed operation leaves behind: key, OVERLAPPED, NT status, bytes. The queue holds it
// in the form in which GetQueuedCompletionStatusEx hands it out.
using Packet = OVERLAPPED_ENTRY;

// A ring that doubles when full: in steady state nothing is allocated. What one rush has made big
// is given back when it is over.
class CompletionQueue {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  const Packet& operator[](std::size_t i) const { return ring_[(first_ + i) & (ring_.size() - 1)]; }

  void PushBack(const Packet& packet) {
    if (size_ == ring_.size()) Grow();
    ring_[(first_ + size_) & (ring_.size() - 1)] = packet;
    ++size_;
  }

  Packet PopFront() {
    const Packet packet = ring_[first_];
    first_ = (first_ + 1) & (ring_.size() - 1);
    if (--size_ == 0 && ring_.size() > kKept) Clear();
    return packet;
  }

  void Clear() {
    first_ = size_ = 0;
    if (ring_.size() > kKept) ring_ = {};
  }

 private:
  static constexpr std::size_t kKept = 4096;  // packets: 128 KiB

  void Grow() {
    CountAllocation();
    std::vector<Packet> bigger(ring_.empty() ? 64 : ring_.size() * 2);
    for (std::size_t i = 0; i < size_; ++i) bigger[i] = (*this)[i];
    ring_.swap(bigger);
    first_ = 0;
  }

  std::vector<Packet> ring_;  // size is 0 or a power of two
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace iocp
