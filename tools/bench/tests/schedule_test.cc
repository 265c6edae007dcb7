#include "load/schedule.h"

#include <gtest/gtest.h>

#include <set>

namespace {

TEST(Schedule, IsDueAtItsRateWhateverHappens) {
  const load::Schedule schedule(5'000'000'000, 1000, 2.5, 0, 1);
  EXPECT_EQ(schedule.count(), 2500U);
  EXPECT_EQ(schedule.Due(0), 5'000'000'000);
  EXPECT_EQ(schedule.Due(1), 5'001'000'000);
  EXPECT_EQ(schedule.Due(2499), 7'499'000'000);
}

TEST(Schedule, ThreadsTakeTurns) {
  std::set<std::int64_t> due;
  for (unsigned thread = 0; thread < 4; ++thread) {
    const load::Schedule schedule(0, 250, 1, thread, 4);  // of 1000 a second together
    EXPECT_EQ(schedule.count(), 250U);
    for (std::uint64_t n = 0; n < schedule.count(); ++n) due.insert(schedule.Due(n));
  }
  ASSERT_EQ(due.size(), 1000U);
  EXPECT_EQ(*due.begin(), 0);
  EXPECT_EQ(*due.rbegin(), 999'000'000);
}

TEST(Schedule, CountsWholeMessagesDespiteFractions) {
  EXPECT_EQ(load::Schedule(0, 0.1 * 3, 10, 0, 1).count(), 3U);
  EXPECT_EQ(load::Schedule(0, 0.5, 1, 0, 1).count(), 0U);
  EXPECT_EQ(load::Schedule(0, 0, 100, 0, 1).count(), 0U);
}

}  // namespace
