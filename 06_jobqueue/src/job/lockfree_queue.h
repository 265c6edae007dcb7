// A bounded queue for many producers and many consumers, without a lock: a ring of cells, each with
// a sequence number that says whose turn the cell is (after Dmitry Vyukov's bounded MPMC queue).
//
//   cell.sequence == position            free: the producer that gets ticket `position` may write
//   it cell.sequence == position + 1        full: the consumer that gets ticket `position` may read
//   it cell.sequence == position + capacity free again, one lap later
//
// A ticket is taken by one CAS on tail_ (producers) or head_ (consumers); value and turn then
// belong to the ticket's holder alone. Memory order: the value is a plain object. Its write happens
// before the release store of the sequence, which the reader's acquire load of the same sequence
// sees; and the reader's move out of the cell happens before its release store, which the producer
// one lap later acquires. The tickets themselves carry no data, so relaxed is enough for them. ABA:
// positions only grow (64 bits), so an old ticket never becomes valid again. Progress: no thread
// waits inside. But a thread that is preempted between its ticket and its sequence store leaves a
// cell that is neither: consumers see "empty" there although later cells are full, and producers
// see "full" there one lap later. Whoever sleeps on "empty" must therefore be woken by every
// producer after its push (ReadyQueue does that).
//
// Threading: every method from any thread; construction and destruction alone.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace job {

inline constexpr std::size_t kCacheLine = 64;

template <class T>
class LockFreeQueue {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_default_constructible_v<T>);

 public:
  // Room for at least `capacity` values (rounded up to a power of two, at least 2).
  explicit LockFreeQueue(std::size_t capacity)
      : mask_(std::bit_ceil(capacity < 2 ? std::size_t{2} : capacity) - 1),
        cells_(std::make_unique<Cell[]>(mask_ + 1)) {
    for (std::size_t i = 0; i <= mask_; ++i) {
      cells_[i].sequence.store(i, std::memory_order_relaxed);
    }
  }
  LockFreeQueue(const LockFreeQueue&) = delete;
  LockFreeQueue& operator=(const LockFreeQueue&) = delete;

  // False: full, `value` untouched.
  bool TryPush(T&& value) {
    std::uint64_t ticket = tail_.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = cells_[ticket & mask_];
      const std::uint64_t sequence = cell.sequence.load(std::memory_order_acquire);
      if (sequence == ticket) {
        if (tail_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_relaxed)) {
          cell.value = std::move(value);
          cell.sequence.store(ticket + 1, std::memory_order_release);
          return true;
        }
      } else if (Behind(sequence, ticket)) {
        return false;  // the value of one lap ago is still here
      } else {
        ticket = tail_.load(std::memory_order_relaxed);  // another producer was faster
      }
    }
  }
  bool TryPush(const T& value) { return TryPush(T(value)); }

  // Nothing: empty, or the oldest value is being written just now.
  std::optional<T> TryPop() {
    std::uint64_t ticket = head_.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = cells_[ticket & mask_];
      const std::uint64_t sequence = cell.sequence.load(std::memory_order_acquire);
      if (sequence == ticket + 1) {
        if (head_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_relaxed)) {
          std::optional<T> value(std::move(cell.value));
          cell.sequence.store(ticket + mask_ + 1, std::memory_order_release);
          return value;
        }
      } else if (Behind(sequence, ticket + 1)) {
        return std::nullopt;
      } else {
        ticket = head_.load(std::memory_order_relaxed);
      }
    }
  }

  // A glance: the answer may be out of date at once. Counts values that are being written as
  // present.
  bool LooksEmpty() const {
    return head_.load(std::memory_order_relaxed) >= tail_.load(std::memory_order_relaxed);
  }

  std::size_t Capacity() const { return mask_ + 1; }

 private:
  struct Cell {
    std::atomic<std::uint64_t> sequence{0};  // atomic: whose turn, see above
    T value{};                               // the ticket holder's
  };

  static bool Behind(std::uint64_t a, std::uint64_t b) {
    return static_cast<std::int64_t>(a - b) < 0;
  }

  const std::size_t mask_;
  const std::unique_ptr<Cell[]> cells_;
  // On lines of their own: producers and consumers must not slow each other down.
  alignas(kCacheLine) std::atomic<std::uint64_t> tail_{0};  // atomic: next producer's ticket
  alignas(kCacheLine) std::atomic<std::uint64_t> head_{0};  // atomic: next consumer's ticket
};

}  // namespace job
