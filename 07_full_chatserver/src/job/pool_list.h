// The shared part of a message pool: a lock-free stack of batches of free slots.
//
// The classic stack (load the top, read its `next`, CAS the top) has the ABA fault: between the
// read and the CAS, others can pop the top, pop the one below and push the old top back; the CAS
// then succeeds with a `next` that is in use. Here the top is a 64-bit word: slot number (low half)
// and a tag (high half) that every change increments, so the CAS fails unless nothing at all has
// happened (or exactly 2^32 changes have, while one thread stood between two instructions).
//
// A thread that is late may still read `next_batch` of a slot that is in use again. That is
// harmless, because slots are never given back to the system (so the memory is there) and the field
// is atomic and no part of the message (so there is no data race); the tag then makes its CAS fail.
#pragma once

#include <atomic>
#include <cstdint>

namespace job {

// What the pool keeps in front of each message. Slot numbers start at 1; 0 is "none".
struct PoolSlotHeader {
  std::atomic<std::uint32_t> next_batch{
      0};                        // atomic: written by the pusher, read by late poppers too
  std::uint32_t next = 0;        // within a batch: the holder of the batch only
  std::uint32_t batch_size = 0;  // in a batch's first slot: the holder of the batch only
  std::uint32_t self = 0;        // this slot's number; constant once made
};

class PoolBatchStack {
 public:
  // Any thread. `first` heads a batch (linked by `next`, counted in `batch_size`).
  void Push(PoolSlotHeader& first) {
    std::uint64_t top = top_.load(std::memory_order_relaxed);
    do {
      first.next_batch.store(Number(top), std::memory_order_relaxed);
    } while (!top_.compare_exchange_weak(top, Next(top, first.self), std::memory_order_acq_rel,
                                         std::memory_order_relaxed));
  }

  // Any thread. nullptr: empty. `slot_of(number)` returns the header of a slot that was ever
  // pushed.
  template <class SlotOf>
  PoolSlotHeader* Pop(SlotOf slot_of) {
    std::uint64_t top = top_.load(std::memory_order_acquire);
    while (Number(top) != 0) {
      PoolSlotHeader& first = slot_of(Number(top));
      const std::uint32_t below = first.next_batch.load(std::memory_order_relaxed);
      if (top_.compare_exchange_weak(top, Next(top, below), std::memory_order_acq_rel,
                                     std::memory_order_acquire)) {
        return &first;
      }
    }
    return nullptr;
  }

 private:
  static std::uint32_t Number(std::uint64_t top) { return static_cast<std::uint32_t>(top); }
  static std::uint64_t Next(std::uint64_t top, std::uint32_t number) {
    return (((top >> 32) + 1) << 32) | number;
  }

  std::atomic<std::uint64_t> top_{0};  // atomic: tag (high half), slot number (low half)
};

}  // namespace job
