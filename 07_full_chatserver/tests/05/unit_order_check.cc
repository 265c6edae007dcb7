// Holes in a room's numbers: what one client says about what it did not hear.
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <vector>

#include "support/client/order_check.h"
#include "tests/support/test_support.h"

namespace {

using client::OrderCheck;
using Verdict = OrderCheck::Verdict;

constexpr std::uint32_t kFarthest = 0x7FFF'FFFF;  // the longest way ahead that is still ahead

TEST(OrderCheckTest, BeginsAnywhereAndGoesOnByOne) {
  OrderCheck check;
  for (const std::uint32_t number : {41u, 42u, 43u})
    EXPECT_EQ(check.Take(number), Verdict::kInOrder);
  EXPECT_EQ(check.missing() + check.duplicated() + check.out_of_order(), 0u);
}

TEST(OrderCheckTest, CountsHolesUntilTheyAreFilled) {
  OrderCheck check;
  check.Take(1);
  check.Take(5);
  EXPECT_EQ(check.missing(), 3u);
  EXPECT_EQ(check.Take(3), Verdict::kLate);
  EXPECT_EQ(check.missing(), 2u);
  EXPECT_EQ(check.out_of_order(), 1u);
  EXPECT_EQ(check.Take(3), Verdict::kDuplicate);
  EXPECT_EQ(check.Take(1), Verdict::kDuplicate);
  EXPECT_EQ(check.duplicated(), 2u);
}

TEST(OrderCheckTest, WorksOverTheEndOfTheNumbers) {
  OrderCheck check;
  check.Take(0xFFFF'FFFEu);
  EXPECT_EQ(check.Take(0xFFFF'FFFFu), Verdict::kInOrder);
  EXPECT_EQ(check.Take(1), Verdict::kInOrder);
  EXPECT_EQ(check.missing(), 1u);
  EXPECT_EQ(check.Take(0), Verdict::kLate);
  EXPECT_EQ(check.Take(0xFFFF'FFFFu), Verdict::kDuplicate);
}

TEST(OrderCheckTest, WhatIsOlderThanTheFirstIsNotMissing) {
  OrderCheck check;
  EXPECT_EQ(check.Take(0), Verdict::kInOrder);
  EXPECT_EQ(check.Take(0xFFFF'FFFFu), Verdict::kDuplicate);
  EXPECT_EQ(check.Take(0x8000'0001u), Verdict::kDuplicate) << "as far back as it goes: 2^31 - 1";
  EXPECT_EQ(check.missing(), 0u);
  EXPECT_EQ(check.duplicated(), 2u);
}

// --- jumps -----------------------------------------------------------------------------------------

TEST(OrderCheckTest, AJumpOfTwoBillionIsOneHole) {
  OrderCheck check;
  check.Take(1);
  EXPECT_EQ(check.Take(2 + kFarthest), Verdict::kInOrder);
  EXPECT_EQ(check.missing(), kFarthest);
  EXPECT_EQ(check.Take(3 + kFarthest), Verdict::kInOrder);
  EXPECT_EQ(check.missing(), kFarthest);
}

TEST(OrderCheckTest, OneStepFurtherIsAnEarlierNumber) {
  OrderCheck check;
  check.Take(1);
  EXPECT_EQ(check.Take(3 + kFarthest), Verdict::kDuplicate);
  EXPECT_EQ(check.missing(), 0u);
  EXPECT_EQ(check.Take(2), Verdict::kInOrder) << "what is expected next has not changed";
}

TEST(OrderCheckTest, ManyJumpsAroundTheNumbersAddUp) {
  OrderCheck check;
  std::uint32_t number = 0xFFFF'FFF0u;
  check.Take(number);
  for (int jump = 0; jump < 1000; ++jump) check.Take(number += 1 + kFarthest);
  EXPECT_EQ(check.missing(), 1000ull * kFarthest);
  EXPECT_EQ(check.duplicated(), 0u);
}

TEST(OrderCheckTest, ALateOneAtEitherEndAndInsideOfAHole) {
  OrderCheck check;
  const std::uint32_t before = 0xFFFF'FF00u;  // the hole lies across the end of the numbers
  const std::uint32_t after = before + 1000;
  check.Take(before);
  check.Take(after);
  std::uint64_t missing = 999;
  ASSERT_EQ(check.missing(), missing);
  for (const std::uint32_t late :
       {before + 1, after - 1, before + 500, before + 499, before + 501, before + 2, after - 2}) {
    EXPECT_EQ(check.Take(late), Verdict::kLate) << late - before;
    EXPECT_EQ(check.missing(), --missing) << late - before;
    EXPECT_EQ(check.Take(late), Verdict::kDuplicate) << late - before;
    EXPECT_EQ(check.missing(), missing) << late - before;
  }
  // The rest, backwards: every number is taken once and only once.
  for (std::uint32_t late = after - 3; late != before + 2; --late) {
    if (late - before >= 499 && late - before <= 501) continue;
    ASSERT_EQ(check.Take(late), Verdict::kLate) << late - before;
  }
  EXPECT_EQ(check.missing(), 0u);
  EXPECT_EQ(check.out_of_order(), 999u);
  EXPECT_EQ(check.duplicated(), 7u);
}

// --- the bound -------------------------------------------------------------------------------------

TEST(OrderCheckTest, ARangeTooManyAndTheOldestIsGivenUp) {
  OrderCheck check;
  const std::uint64_t holes = OrderCheck::kMaxRanges + 3;
  for (std::uint32_t hole = 0; hole <= holes; ++hole)
    check.Take(2 * hole);  // missing: 1, 3, 5, ...
  EXPECT_EQ(check.missing(), holes);
  EXPECT_EQ(check.given_up(), 3u);
  for (const std::uint32_t late : {1u, 3u, 5u}) EXPECT_EQ(check.Take(late), Verdict::kDuplicate);
  EXPECT_EQ(check.missing(), holes) << "they stay missing";
  EXPECT_EQ(check.Take(7), Verdict::kLate);
  EXPECT_EQ(check.missing(), holes - 1);
  EXPECT_EQ(check.given_up(), 3u);
}

TEST(OrderCheckTest, ARangeTooManyByASplit) {
  OrderCheck check;
  check.Take(0);
  check.Take(10);  // missing: 1 to 9
  const auto singles = static_cast<std::uint32_t>(OrderCheck::kMaxRanges - 1);
  for (std::uint32_t hole = 1; hole <= singles; ++hole) check.Take(10 + 2 * hole);
  EXPECT_EQ(check.missing(), 9u + singles);
  EXPECT_EQ(check.given_up(), 0u);
  EXPECT_EQ(check.Take(1), Verdict::kLate);
  EXPECT_EQ(check.Take(9), Verdict::kLate);
  EXPECT_EQ(check.given_up(), 0u) << "an end of a range makes no second one";
  EXPECT_EQ(check.Take(4), Verdict::kLate);  // 2 to 3 and 5 to 8: one range too many
  EXPECT_EQ(check.missing(), 6u + singles);
  EXPECT_EQ(check.given_up(), 2u);
  EXPECT_EQ(check.Take(2), Verdict::kDuplicate);
  EXPECT_EQ(check.Take(5), Verdict::kLate);
  EXPECT_EQ(check.missing(), 5u + singles);
}

// --- against a naive model -------------------------------------------------------------------------

// Knows each number that was heard by its place in the stream, which never wraps.
class Model {
 public:
  explicit Model(std::uint64_t first) : first_(first), next_(first) {}

  Verdict Take(std::uint64_t place) {
    if (place >= next_) {
      next_ = place + 1;
      heard_.insert(place);
      return Verdict::kInOrder;
    }
    const bool late = place >= first_ && heard_.insert(place).second;
    return late ? Verdict::kLate : Verdict::kDuplicate;
  }

  [[nodiscard]] std::uint64_t next() const { return next_; }
  [[nodiscard]] std::uint64_t missing() const { return next_ - first_ - heard_.size(); }
  [[nodiscard]] const std::set<std::uint64_t>& heard() const { return heard_; }

 private:
  std::uint64_t first_;
  std::uint64_t next_;
  std::set<std::uint64_t> heard_;
};

// The next number of a careless server: mostly in order, else ahead by little or much, or an
// earlier one, which is mostly beside one that was heard, where ranges begin and end.
std::uint64_t NextPlace(const Model& model, course_test::Random& random) {
  const std::uint64_t next = model.next();
  if (model.heard().empty() || random.OneIn(3)) return next;
  if (random.OneIn(50)) return next + kFarthest - random.Below(3);
  if (random.OneIn(4)) return next + random.Below(40);
  const std::uint64_t back = random.OneIn(20) ? kFarthest : 200;
  const std::uint64_t place = next - 1 - random.Below(back);
  if (random.OneIn(2)) return place;
  const auto neighbour = model.heard().lower_bound(place);
  return neighbour == model.heard().end() ? next : *neighbour - 1 + random.Below(3);
}

TEST(OrderCheckTest, AgreesWithANaiveModel) {
  course_test::Random random(course_test::TestSeed());
  for (int round = 0; round < 20 * course_test::StressFactor(); ++round) {
    // Somewhere, every other time a few numbers before the end of the 32 bits.
    std::uint64_t place = (std::uint64_t{1} << 40) + random.Below(std::size_t{1} << 32);
    if (round % 2 == 0) place = (std::uint64_t{1} << 40) - 1 - random.Below(100);
    Model model(place);
    OrderCheck check;
    std::uint64_t late = 0;
    std::uint64_t duplicated = 0;
    // At most one range more by each step, so the bound is not reached.
    for (std::size_t step = 0; step < OrderCheck::kMaxRanges; ++step) {
      const Verdict expected = model.Take(place);
      if (expected == Verdict::kLate) ++late;
      if (expected == Verdict::kDuplicate) ++duplicated;
      ASSERT_EQ(check.Take(static_cast<std::uint32_t>(place)), expected)
          << "round " << round << " step " << step << " number "
          << static_cast<std::uint32_t>(place) << ", expected next "
          << static_cast<std::uint32_t>(model.next());
      ASSERT_EQ(check.missing(), model.missing()) << "round " << round << " step " << step;
      place = NextPlace(model, random);
    }
    EXPECT_EQ(check.out_of_order(), late);
    EXPECT_EQ(check.duplicated(), duplicated);
    EXPECT_EQ(check.given_up(), 0u);
  }
}

}  // namespace
