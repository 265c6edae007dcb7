#include "job/job_stats.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace job {

std::size_t Histogram::BucketOf(std::uint64_t ns) {
  if (ns < 8) return static_cast<std::size_t>(ns);
  const auto power = static_cast<unsigned>(std::bit_width(ns)) - 1;  // 3..63
  const std::uint64_t step = (ns >> (power - 3)) & 7U;  // the three bits after the leading one
  return static_cast<std::size_t>((power - 2) * 8 + step);
}

std::uint64_t Histogram::UpperBound(std::size_t bucket) {
  if (bucket < 8) return bucket;
  const std::size_t power = bucket / 8 + 2;
  const std::uint64_t step = bucket % 8;
  return ((8 + step + 1) << (power - 3)) - 1;
}

void Histogram::Record(Duration time) {
  const auto ns = static_cast<std::uint64_t>(std::max<Duration::rep>(time.count(), 0));
  buckets_[BucketOf(ns)].Add();
}

void Histogram::AddTo(Counts& sum) const {
  for (std::size_t i = 0; i < kBuckets; ++i) sum[i] += buckets_[i].Get();
}

Duration Histogram::Percentile(const Counts& sum, double fraction) {
  std::uint64_t total = 0;
  for (const std::uint64_t count : sum) total += count;
  if (total == 0) return Duration{0};
  const auto rank = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(total)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += sum[i];
    if (seen >= std::max<std::uint64_t>(rank, 1)) {
      return Duration{static_cast<Duration::rep>(UpperBound(i))};
    }
  }
  return Duration{0};
}

}  // namespace job
