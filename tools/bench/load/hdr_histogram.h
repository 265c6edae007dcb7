// A port of HdrHistogram (Gil Tene, public domain; the layout and the rules of its C version,
// HdrHistogram_c 0.11): counts of values from 1 to a highest one, each kept to so many significant
// decimal digits, in memory that depends on these two numbers only. Debian has no package of it for
// C or C++ (one for Go, one for Java), hence this header. tests/hdr_histogram_test.cc holds it to
// the figures of the original's own tests.
//
// Values fall into buckets that double in width, each cut into `sub_bucket_count` linear parts, of
// which the lower half is that of the bucket before; so all but the first bucket store their upper
// half only.
//
// Left out: a lowest value other than 1, coordinated omission's correction (the generator measures
// from the intended time), iterators, encoding.
//
// Threading: none; each thread has its own, and they are added up at the end.
#pragma once

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace load {

class HdrHistogram {
 public:
  // `highest` >= 2; 1 <= `digits` <= 5.
  HdrHistogram(std::int64_t highest, int digits) : highest_(highest) {
    assert(highest >= 2 && digits >= 1 && digits <= 5);
    // The largest value that has to be kept to the unit, so that `digits` digits are right.
    std::int64_t single_unit = 2;
    for (int i = 0; i < digits; ++i) single_unit *= 10;
    const auto magnitude = std::bit_width(static_cast<std::uint64_t>(single_unit - 1));
    half_magnitude_ = std::max(static_cast<int>(magnitude), 1) - 1;
    sub_bucket_count_ = std::int64_t{1} << (half_magnitude_ + 1);
    int buckets = 1;
    for (std::int64_t beyond = sub_bucket_count_; beyond <= highest; ++buckets) {
      if (beyond > INT64_MAX / 2) {
        ++buckets;
        break;
      }
      beyond *= 2;
    }
    bucket_count_ = buckets;
    counts_.resize(static_cast<std::size_t>((buckets + 1) * (sub_bucket_count_ / 2)));
  }

  // False, and nothing is counted: below 0 or above `highest`.
  bool Record(std::int64_t value) {
    if (value < 0 || value > highest_) return false;
    ++counts_[IndexOf(value)];
    ++total_;
    max_ = std::max(max_, value);
    return true;
  }

  // Both of the same highest value and digits.
  void Add(const HdrHistogram& other) {
    assert(counts_.size() == other.counts_.size() && half_magnitude_ == other.half_magnitude_);
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    max_ = std::max(max_, other.max_);
  }

  std::int64_t total() const { return total_; }
  std::int64_t highest() const { return highest_; }
  int bucket_count() const { return bucket_count_; }
  std::int64_t sub_bucket_count() const { return sub_bucket_count_; }
  std::size_t counts_length() const { return counts_.size(); }

  // As all values that are told: the highest one that counts as equal to it. 0 when there are none.
  std::int64_t Max() const { return total_ == 0 ? 0 : HighestEquivalent(max_); }

  // The value that `percent` of all do not exceed.
  std::int64_t ValueAtPercentile(double percent) const {
    if (total_ == 0) return 0;
    const double requested = std::min(percent, 100.0);
    const auto wanted = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(requested / 100.0 * static_cast<double>(total_) + 0.5));
    std::int64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= wanted) return HighestEquivalent(ValueAt(i));
    }
    return Max();
  }

  // The highest value that is counted in the same place.
  std::int64_t HighestEquivalent(std::int64_t value) const {
    const int bucket = BucketOf(value);
    const std::int64_t lowest = (value >> bucket) << bucket;
    return lowest + (std::int64_t{1} << bucket) - 1;
  }

 private:
  int BucketOf(std::int64_t value) const {
    const auto bits = static_cast<std::uint64_t>(value | (sub_bucket_count_ - 1));
    return static_cast<int>(std::bit_width(bits)) - (half_magnitude_ + 1);
  }

  std::size_t IndexOf(std::int64_t value) const {
    const int bucket = BucketOf(value);
    const std::int64_t base = std::int64_t{bucket + 1} << half_magnitude_;
    return static_cast<std::size_t>(base + (value >> bucket) - sub_bucket_count_ / 2);
  }

  // The lowest value that is counted there.
  std::int64_t ValueAt(std::size_t index) const {
    const std::int64_t half = sub_bucket_count_ / 2;
    const auto at = static_cast<std::int64_t>(index);
    const int bucket = static_cast<int>(at >> half_magnitude_) - 1;
    const std::int64_t sub_bucket = (at & (half - 1)) + half;
    return bucket < 0 ? sub_bucket - half : sub_bucket << bucket;
  }

  std::int64_t highest_;
  int half_magnitude_ = 0;
  std::int64_t sub_bucket_count_ = 0;
  int bucket_count_ = 0;
  std::int64_t total_ = 0;
  std::int64_t max_ = 0;
  std::vector<std::int64_t> counts_;
};

}  // namespace load
