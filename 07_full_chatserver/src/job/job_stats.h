// Counters of the job layer. Each update thread writes its own block (no shared line, no locked
// instruction); a snapshot adds the blocks up.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "job/clock.h"

namespace job {

// A counter with one writer. Any thread may read it.
class OwnCounter {
 public:
  void Add(std::uint64_t n = 1) { value_.store(Get() + n, std::memory_order_relaxed); }
  void RaiseTo(std::uint64_t n) {
    if (n > Get()) value_.store(n, std::memory_order_relaxed);
  }
  std::uint64_t Get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};  // atomic: written by one thread, read by any
};

// How long things took: 8 steps per power of two, so a percentile is at most 12.5 % high. One
// writer.
class Histogram {
 public:
  static constexpr std::size_t kBuckets = 64 * 8;
  using Counts = std::array<std::uint64_t, kBuckets>;

  void Record(Duration time);
  void AddTo(Counts& sum) const;

  // The upper bound of the bucket that holds the `fraction` (0..1] of all values; zero when empty.
  static Duration Percentile(const Counts& sum, double fraction);

  // Of the values in a bucket, in nanoseconds.
  static std::uint64_t UpperBound(std::size_t bucket);

 private:
  static std::size_t BucketOf(std::uint64_t ns);

  std::array<OwnCounter, kBuckets> buckets_;
};

// What one update thread has done. Written by that thread, read by UpdateThreads::Stats().
struct ThreadStats {
  OwnCounter queued;           // jobs that were found in the queues that it executed
  OwnCounter executed;         // jobs that ran, failed ones included
  OwnCounter failed;           // exceptions that left a job or OnSliceEnd
  OwnCounter dropped;          // jobs destroyed without being run, because their queue was closed
  OwnCounter slices;           // time slices
  OwnCounter wakeups;          // returns from sleep
  OwnCounter longest_wait_ns;  // of a ready queue for its slice
  OwnCounter longest_job_ns;
  Histogram job_time;
};

// The whole job layer at one moment. Counts only grow; times are since the start.
struct JobStats {
  std::uint64_t queued = 0;  // jobs that update threads have found; JobQueue::Length() has the rest
  std::uint64_t executed = 0;
  std::uint64_t failed = 0;
  std::uint64_t dropped = 0;
  std::uint64_t slices = 0;
  std::uint64_t wakeups = 0;
  std::uint64_t timers_pending = 0;   // reserved and not yet due
  std::uint64_t timers_orphaned = 0;  // due, but the owner was gone
  std::uint64_t live_queues = 0;      // job queues that exist
  std::uint64_t busy_queues = 0;      // of these: with jobs inside or executing
  Duration longest_wait{0};
  Duration longest_job{0};
  Duration job_time_p50{0};
  Duration job_time_p99{0};
  Histogram::Counts job_times{};
};

}  // namespace job
