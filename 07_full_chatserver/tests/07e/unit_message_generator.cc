// The message generator with a clock that the test moves.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "chat/message_generator.h"
#include "tests/support/job_test_support.h"

namespace {

using namespace std::chrono_literals;
using job_test::ManualClock;

TEST(MessageGenerator, PostsAtItsIntervalsAndNotBefore) {
  ManualClock clock;
  chat::MessageGenerator generator(clock);
  std::atomic<int> fast{0}, slow{0};
  const job::TimePoint start = clock.Now();
  generator.Every(1s, [&] { ++fast; });
  generator.Every(3s, [&] { ++slow; });
  generator.Start();
  for (int second = 1; second <= 6; ++second) {
    ASSERT_TRUE(clock.WaitForSleeper(start + std::chrono::seconds(second)));
    EXPECT_EQ(fast, second - 1);
    EXPECT_EQ(slow, (second - 1) / 3);
    clock.Advance(1s);
  }
  ASSERT_TRUE(clock.WaitForSleeper(start + 7s));
  EXPECT_EQ(fast, 6);
  EXPECT_EQ(slow, 2);
  generator.Stop();
  generator.Stop();
}

TEST(MessageGenerator, WhatWasMissedIsNotMadeUpFor) {
  ManualClock clock;
  chat::MessageGenerator generator(clock);
  std::atomic<int> posted{0};
  const job::TimePoint start = clock.Now();
  generator.Every(1s, [&] { ++posted; });
  generator.Start();
  ASSERT_TRUE(clock.WaitForSleeper(start + 1s));
  clock.Advance(1h);
  ASSERT_TRUE(clock.WaitForSleeper(start + 1h + 1s));
  EXPECT_EQ(posted, 1);
}

TEST(MessageGenerator, AMessageThatThrowsStopsNobody) {
  ManualClock clock;
  chat::MessageGenerator generator(clock);
  std::atomic<int> posted{0};
  const job::TimePoint start = clock.Now();
  generator.Every(1s, [] { throw std::runtime_error("no"); });
  generator.Every(1s, [&] { ++posted; });
  generator.Start();
  ASSERT_TRUE(clock.WaitForSleeper(start + 1s));
  clock.Advance(1s);
  ASSERT_TRUE(clock.WaitForSleeper(start + 2s));
  EXPECT_EQ(posted, 1);
}

TEST(MessageGenerator, NothingIsPostedOnceItIsShut) {
  chat::MessageGenerator generator;
  std::atomic<bool> shut{false}, late{false};
  std::atomic<int> posted{0};
  generator.Every(1us, [&] {
    ++posted;
    std::this_thread::yield();  // Shut comes in the middle of a call, too
    if (shut) late = true;
  });
  generator.Start();
  while (posted < 100) std::this_thread::yield();
  generator.Shut();
  shut = true;
  const int before = posted;
  generator.Stop();
  EXPECT_EQ(posted, before);
  EXPECT_FALSE(late);
}

TEST(MessageGenerator, WithoutMessagesThereIsNoThread) {
  chat::MessageGenerator generator;
  generator.Start();
  generator.Stop();
}

}  // namespace
