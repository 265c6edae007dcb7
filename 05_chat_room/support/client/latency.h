// Latencies as a histogram: constant memory, 3 % resolution, any number of writers.
//
// Threading: Add from any thread; Percentile gives a consistent answer once the writers are done.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace client {

class Latency {
 public:
  void Add(std::uint64_t microseconds);

  [[nodiscard]] std::uint64_t count() const;
  // Microseconds that `percent` of all values do not exceed (upper edge of the bucket, at most the
  // largest value); 0 when there are none.
  [[nodiscard]] std::uint64_t Percentile(double percent) const;
  [[nodiscard]] std::uint64_t max() const { return max_.load(std::memory_order_relaxed); }

 private:
  // 0..31 exactly; above, 32 buckets for each power of two.
  static constexpr unsigned kBits = 5;
  static constexpr std::size_t kBuckets = (64 - kBits + 1) << kBits;
  static std::size_t BucketOf(std::uint64_t value);
  static std::uint64_t UpperEdge(std::size_t bucket);

  std::array<std::atomic<std::uint64_t>, kBuckets> counts_{};  // atomic: any thread
  std::atomic<std::uint64_t> max_{0};                          // atomic: any thread
};

}  // namespace client
