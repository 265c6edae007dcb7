// The jobs that are reserved for later, earliest first: a binary heap with handles, so that
// cancelling removes the entry at once (a server cancels most of its time-outs; leaving them inside
// until they are due would let a flood of short sessions fill the memory).
//
// Threading: none; JobTimer holds its lock around every call. Add, Cancel, PopDue: O(log n).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "job/clock.h"
#include "job/job.h"

namespace job {

class JobQueue;

// Names one reservation for ever: a slot is reused, its generation is not (before 2^32 reuses).
struct TimerId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  // 0: no timer

  explicit operator bool() const { return generation != 0; }
  friend bool operator==(const TimerId&, const TimerId&) = default;
};

// A job and the queue it is for. The queue is not kept alive: whoever is gone needs no alarm.
struct ReservedJob {
  std::weak_ptr<JobQueue> owner;
  Job job;
};

class TimerHeap {
 public:
  TimerId Add(TimePoint due, ReservedJob reserved);

  // The job, if the reservation was still inside.
  std::optional<ReservedJob> Cancel(TimerId id);

  // The earliest job if it is due at `now`; those due at the same time in the order of reservation.
  std::optional<ReservedJob> PopDue(TimePoint now);

  std::optional<TimePoint> NextDue() const;
  std::size_t Size() const { return heap_.size(); }

 private:
  static constexpr std::size_t kNotInHeap = static_cast<std::size_t>(-1);

  struct Entry {
    TimePoint due{};
    std::uint64_t order = 0;  // of reservation
    std::uint32_t generation = 1;
    std::size_t position = kNotInHeap;  // in heap_
    ReservedJob reserved;
  };

  bool Earlier(std::size_t a, std::size_t b) const;  // positions in heap_
  void Swap(std::size_t a, std::size_t b);
  void SiftUp(std::size_t position);
  void SiftDown(std::size_t position);
  ReservedJob Remove(std::size_t position);

  std::vector<Entry> entries_;             // by slot
  std::vector<std::uint32_t> free_slots_;  // slots whose position is kNotInHeap
  std::vector<std::uint32_t> heap_;        // slots; the earliest at the front
  std::uint64_t next_order_ = 0;
};

}  // namespace job
