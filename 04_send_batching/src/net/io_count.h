// How long a session lives: serial, release flag and I/O count in ONE atomic word.
//
//   63            32 31       30             0
//   +---------------+---------+---------------+
//   |    serial     | released|   I/O count   |
//   +---------------+---------+---------------+
//
// Every operation in flight, and every piece of code that uses the session, holds one count.
// Because the three live in one word, each decision is one compare-exchange: a stale id changes
// nothing at all, and one thread, exactly once, learns that it has to free the session. With the
// count and the flag in two variables both are races (see the notes, chapter 02).
//
// Threading: TryAdd from any thread at any time; Add and Drop by a thread that holds a count; Open
// by the owner of a free slot.
#pragma once

#include <atomic>
#include <cstdint>

namespace net {

class IoCount {
 public:
  // A new tenant of the slot: its serial, not released, one count for the caller. A plain store is
  // enough: while the flag is set TryAdd writes nothing, so the slot's owner is the only writer.
  void Open(std::uint32_t serial) {
    word_.store((std::uint64_t{serial} << 32) | 1, std::memory_order_release);
  }

  // One count more, if the slot still belongs to `serial` and is not released. False: stale id.
  bool TryAdd(std::uint32_t serial) {
    // <student 02.1>
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    do {
      if (SerialOf(word) != serial || (word & kReleased) != 0) return false;
    } while (!word_.compare_exchange_weak(word, word + 1, std::memory_order_acquire,
                                          std::memory_order_relaxed));
    return true;
    // </student>
  }

  // One count more, by somebody who holds one already: the session cannot vanish under this call.
  void Add() { word_.fetch_add(1, std::memory_order_relaxed); }

  // One count less. True: it was the last one, and this caller (no other) has to free the session.
  [[nodiscard]] bool Drop() {
    // [drop]
    // <student 02.1>
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    std::uint64_t after;
    do {
      after = word - 1;
      if (CountOf(after) == 0) after |= kReleased;  // the last one out locks the door, in one step
      // Release: what this thread did with the session comes before the free.
      // Acquire: the thread that frees has seen what all the others did.
    } while (!word_.compare_exchange_weak(word, after, std::memory_order_acq_rel,
                                          std::memory_order_relaxed));
    return (after & kReleased) != 0;
    // </student>
    // [/drop]
  }

  std::uint32_t serial() const { return SerialOf(word_.load(std::memory_order_acquire)); }
  std::uint32_t count() const { return CountOf(word_.load(std::memory_order_acquire)); }
  bool released() const { return (word_.load(std::memory_order_acquire) & kReleased) != 0; }

 private:
  static constexpr std::uint64_t kReleased = std::uint64_t{1} << 31;

  static constexpr std::uint32_t SerialOf(std::uint64_t word) {
    return static_cast<std::uint32_t>(word >> 32);
  }
  static constexpr std::uint32_t CountOf(std::uint64_t word) {
    return static_cast<std::uint32_t>(word & (kReleased - 1));
  }

  // atomic: changed by the functions above only. A slot starts released, with serial 0.
  std::atomic<std::uint64_t> word_{kReleased};
};

}  // namespace net
