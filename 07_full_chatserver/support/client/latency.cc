#include "support/client/latency.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace client {

std::size_t Latency::BucketOf(std::uint64_t value) {
  constexpr std::uint64_t kExact = std::uint64_t{1} << kBits;
  if (value < kExact) return static_cast<std::size_t>(value);
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
  // The leading kBits + 1 bits say which bucket; the leading one itself is in `shift`.
  return static_cast<std::size_t>(((shift + 1) << kBits) + (value >> shift) - kExact);
}

std::uint64_t Latency::UpperEdge(std::size_t bucket) {
  constexpr std::uint64_t kExact = std::uint64_t{1} << kBits;
  if (bucket < kExact) return bucket;
  const std::size_t shift = (bucket >> kBits) - 1;
  return (((bucket & (kExact - 1)) + kExact + 1) << shift) - 1;
}

void Latency::Add(std::uint64_t microseconds) {
  counts_[BucketOf(microseconds)].fetch_add(1, std::memory_order_relaxed);
  std::uint64_t seen = max_.load(std::memory_order_relaxed);
  while (seen < microseconds &&
         !max_.compare_exchange_weak(seen, microseconds, std::memory_order_relaxed)) {
  }
}

std::uint64_t Latency::count() const {
  std::uint64_t sum = 0;
  for (const auto& count : counts_) sum += count.load(std::memory_order_relaxed);
  return sum;
}

std::uint64_t Latency::Percentile(double percent) const {
  const std::uint64_t all = count();
  if (all == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(
      std::max(1.0, std::ceil(static_cast<double>(all) * percent / 100.0)));
  std::uint64_t sum = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    sum += counts_[bucket].load(std::memory_order_relaxed);
    if (sum >= wanted) return std::min(UpperEdge(bucket), max());
  }
  return max();
}

}  // namespace client
