// The figures are those of HdrHistogram_c's own tests (test/hdr_histogram_test.c): lowest value 1,
// highest one hour in microseconds, three digits, 10,000 values of 1,000 and one of 100,000,000.
#include "load/hdr_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace {

constexpr std::int64_t kHour = std::int64_t{3600} * 1000 * 1000;

load::HdrHistogram Original() {
  load::HdrHistogram histogram(kHour, 3);
  for (int i = 0; i < 10'000; ++i) histogram.Record(1000);
  histogram.Record(100'000'000);
  return histogram;
}

TEST(HdrHistogram, LayoutIsTheOriginals) {
  const load::HdrHistogram histogram(kHour, 3);
  EXPECT_EQ(histogram.bucket_count(), 22);
  EXPECT_EQ(histogram.sub_bucket_count(), 2048);
  EXPECT_EQ(histogram.counts_length(), 23552U);
  const load::HdrHistogram wide(INT64_MAX, 2);
  EXPECT_EQ(wide.bucket_count(), 56);
  EXPECT_EQ(wide.sub_bucket_count(), 256);
  EXPECT_EQ(wide.counts_length(), 7296U);
}

TEST(HdrHistogram, PercentilesAreTheOriginals) {
  const load::HdrHistogram histogram = Original();
  const auto near = [](std::int64_t wanted) { return static_cast<double>(wanted) * 0.001; };
  for (const double percent : {30.0, 99.0, 99.99}) {
    EXPECT_EQ(histogram.ValueAtPercentile(percent), 1000) << percent;
  }
  for (const double percent : {99.999, 100.0}) {
    EXPECT_NEAR(static_cast<double>(histogram.ValueAtPercentile(percent)), 1e8, near(100'000'000));
  }
  EXPECT_EQ(histogram.Max(), histogram.HighestEquivalent(100'000'000));
  EXPECT_EQ(histogram.total(), 10'001);
}

TEST(HdrHistogram, EquivalentValuesAreTheOriginals) {
  // hdr_highest_equivalent_value scaled to a lowest value of 1.
  const load::HdrHistogram histogram(kHour, 3);
  EXPECT_EQ(histogram.HighestEquivalent(8180), 8183);
  EXPECT_EQ(histogram.HighestEquivalent(8191), 8191);
  EXPECT_EQ(histogram.HighestEquivalent(8193), 8199);
  EXPECT_EQ(histogram.HighestEquivalent(9995), 9999);
  EXPECT_EQ(histogram.HighestEquivalent(10007), 10007);
  EXPECT_EQ(histogram.HighestEquivalent(10008), 10015);
}

TEST(HdrHistogram, RefusesWhatItCannotHold) {
  load::HdrHistogram histogram(kHour, 3);
  EXPECT_TRUE(histogram.Record(0));
  EXPECT_TRUE(histogram.Record(kHour));
  EXPECT_FALSE(histogram.Record(-1));
  EXPECT_FALSE(histogram.Record(kHour + 1));
  EXPECT_EQ(histogram.total(), 2);
}

TEST(HdrHistogram, IsEmptyAtFirst) {
  const load::HdrHistogram histogram(kHour, 3);
  EXPECT_EQ(histogram.ValueAtPercentile(50), 0);
  EXPECT_EQ(histogram.Max(), 0);
}

// Against the values themselves, sorted: no percentile is off by more than its digits.
TEST(HdrHistogram, KeepsThreeDigitsOfAnyValue) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> values(10, 3);
  load::HdrHistogram histogram(600'000'000'000, 3);
  std::vector<std::int64_t> all;
  while (all.size() < 50'000) {
    const auto value = static_cast<std::int64_t>(values(random));
    if (histogram.Record(value)) all.push_back(value);
  }
  std::ranges::sort(all);
  for (const double percent : {0.01, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
    const auto at = static_cast<std::size_t>(
        std::max(1.0, percent / 100 * static_cast<double>(all.size()) + 0.5));
    const auto exact = static_cast<double>(all[at - 1]);
    const auto told = static_cast<double>(histogram.ValueAtPercentile(percent));
    EXPECT_GE(told, exact) << percent;
    EXPECT_LE(told, exact * 1.001 + 1) << percent;
  }
}

TEST(HdrHistogram, AddingIsCountingTogether) {
  load::HdrHistogram both(kHour, 3);
  load::HdrHistogram odd(kHour, 3);
  load::HdrHistogram even(kHour, 3);
  for (std::int64_t value = 1; value < 20'000; ++value) {
    both.Record(value * 17);
    (value % 2 == 0 ? even : odd).Record(value * 17);
  }
  odd.Add(even);
  EXPECT_EQ(odd.total(), both.total());
  EXPECT_EQ(odd.Max(), both.Max());
  for (const double percent : {1.0, 50.0, 99.0, 99.9}) {
    EXPECT_EQ(odd.ValueAtPercentile(percent), both.ValueAtPercentile(percent));
  }
}

}  // namespace
