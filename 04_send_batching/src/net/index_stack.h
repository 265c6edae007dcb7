// Lock-free stack of free slot indices.
//
// Threading: Push and Pop from any thread. Errors: Pop returns nothing when the stack is empty.
//
// ABA: between the look at the head (slot 5, whose next is 3) and the exchange others may pop 5 and
// 3 and push 5 back. So the head carries a tag that every change raises.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

namespace net {

class IndexStack {
 public:
  // Holds 0 .. capacity-1; index 0 is on top.
  explicit IndexStack(std::uint32_t capacity)
      : next_(std::make_unique<std::atomic<std::uint32_t>[]>(capacity)) {
    for (std::uint32_t i = 0; i < capacity; ++i) {
      next_[i].store(i + 1 < capacity ? i + 1 : kEnd, std::memory_order_relaxed);
    }
    head_.store(Pack(0, capacity > 0 ? 0 : kEnd), std::memory_order_release);
  }

  IndexStack(const IndexStack&) = delete;
  IndexStack& operator=(const IndexStack&) = delete;

  std::optional<std::uint32_t> Pop() {
    return PopWith([] {});
  }

  // Pop with a door for tests: `between` runs between the look at the top and the exchange, the
  // place where other threads can do anything.
  template <typename Between>
  std::optional<std::uint32_t> PopWith(Between between) {
    std::uint64_t head = head_.load(std::memory_order_acquire);
    for (;;) {
      const std::uint32_t index = IndexOf(head);
      if (index == kEnd) return std::nullopt;
      // May be stale when another thread takes `index` right now; then the tag has moved on, the
      // exchange fails and the value read here is thrown away.
      const std::uint32_t next = next_[index].load(std::memory_order_relaxed);
      between();
      if (head_.compare_exchange_weak(head, Pack(TagOf(head) + 1, next), std::memory_order_acq_rel,
                                      std::memory_order_acquire)) {
        return index;
      }
    }
  }

  // `index` came from Pop and is pushed once: the caller owns it until this call.
  void Push(std::uint32_t index) {
    std::uint64_t head = head_.load(std::memory_order_relaxed);
    do {
      next_[index].store(IndexOf(head), std::memory_order_relaxed);
      // Release: what the last owner wrote into the slot is visible to the next one.
    } while (!head_.compare_exchange_weak(head, Pack(TagOf(head) + 1, index),
                                          std::memory_order_acq_rel, std::memory_order_relaxed));
  }

 private:
  static constexpr std::uint32_t kEnd = 0xFFFFFFFF;

  static constexpr std::uint64_t Pack(std::uint32_t tag, std::uint32_t index) {
    return (std::uint64_t{tag} << 32) | index;
  }
  static constexpr std::uint32_t TagOf(std::uint64_t head) {
    return static_cast<std::uint32_t>(head >> 32);
  }
  static constexpr std::uint32_t IndexOf(std::uint64_t head) {
    return static_cast<std::uint32_t>(head);
  }

  // atomic: tag (high half) and top index (low half), changed by compare-exchange only
  alignas(64) std::atomic<std::uint64_t> head_;
  // next_[i] belongs to whoever owns index i; a losing Pop may read it (hence atomic)
  const std::unique_ptr<std::atomic<std::uint32_t>[]> next_;
};

}  // namespace net
