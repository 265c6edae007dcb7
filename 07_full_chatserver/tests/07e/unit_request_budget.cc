// Token buckets and what a client may ask for, on a clock that the test moves.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <random>
#include <thread>
#include <vector>

#include "chat/request_budget.h"
#include "enum.pb.h"
#include "tests/support/job_test_support.h"

namespace {

using namespace std::chrono_literals;
using chat::Allowance;
using chat::Rate;
using chat::RequestBudget;
using chat::RequestLimits;
using chat::TokenBucket;

const job::TimePoint kStart{std::chrono::hours(1)};

TEST(TokenBucket, GrantsTheBurstThenTheRate) {
  TokenBucket bucket;
  const Rate rate{10, 5};
  EXPECT_TRUE(bucket.IsFull(kStart));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bucket.Take(rate, kStart)) << i;
  EXPECT_FALSE(bucket.Take(rate, kStart));
  EXPECT_FALSE(bucket.Take(rate, kStart + 99ms));
  EXPECT_TRUE(bucket.Take(rate, kStart + 100ms));
  EXPECT_FALSE(bucket.Take(rate, kStart + 100ms)) << "a refusal has cost nothing, and got nothing";
  EXPECT_FALSE(bucket.IsFull(kStart + 100ms));
  EXPECT_TRUE(bucket.IsFull(kStart + 700ms));
}

TEST(TokenBucket, KeepsWhatOthersMayTake) {
  TokenBucket bucket;
  const Rate rate{10, 10};
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bucket.Take(rate, kStart, 1, 5));
  EXPECT_FALSE(bucket.Take(rate, kStart, 1, 5));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bucket.Take(rate, kStart));
  EXPECT_FALSE(bucket.Take(rate, kStart));
}

TEST(TokenBucket, WhatIsLargerThanTheBucketIsPaidForAfterwards) {
  TokenBucket bucket;
  const Rate rate{10, 10};
  EXPECT_TRUE(bucket.Take(rate, kStart, 30)) << "full: nothing could ever grant it otherwise";
  EXPECT_FALSE(bucket.Take(rate, kStart + 2s));
  EXPECT_TRUE(bucket.Take(rate, kStart + 2100ms));
}

TEST(TokenBucket, NoRateIsNoLimit) {
  TokenBucket bucket;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(bucket.Take({0, 1}, kStart, 1e9));
}

// Against one that counts tokens.
TEST(TokenBucket, RandomTakesAgreeWithANaiveBucket) {
  std::mt19937_64 random(job_test::Seed());
  for (std::uint64_t round = 0; round < job_test::Scaled(200); ++round) {
    const Rate rate{static_cast<double>(1 + random() % 50), static_cast<double>(1 + random() % 50)};
    TokenBucket bucket;
    double tokens = rate.burst;
    job::TimePoint now = kStart;
    for (int step = 0; step < 200; ++step) {
      const std::chrono::nanoseconds passed(random() % 400'000'000);
      now += passed;
      tokens = std::min(rate.burst,
                        tokens + rate.per_second * std::chrono::duration<double>(passed).count());
      const double cost = static_cast<double>(1 + random() % 3);
      if (std::abs(tokens - cost) < 1e-4 || cost > rate.burst) continue;  // too close to call
      ASSERT_EQ(bucket.Take(rate, now, cost), tokens >= cost) << tokens << " of " << rate.burst;
      if (tokens >= cost) tokens -= cost;
    }
  }
}

TEST(TokenBucket, ManyThreadsGetNoMoreThanIsInside) {
  TokenBucket bucket;
  const Rate rate{1, 1000};
  std::atomic<int> granted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 1000; ++k) granted += bucket.Take(rate, kStart) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(granted.load(), 1000);
}

TEST(RequestBudget, ARefusalIsToldOnceASecond) {
  RequestBudget budget;
  const RequestLimits limits{{10, 10}, 1000};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(budget.Ask(limits, kStart, 1), Allowance::kGranted);
  EXPECT_EQ(budget.Ask(limits, kStart, 1), Allowance::kRefused);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(budget.Ask(limits, kStart + 50ms, 1), Allowance::kRefusedQuietly);
  }
  EXPECT_EQ(budget.Ask(limits, kStart + 100ms, 1), Allowance::kGranted);
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(budget.Ask(limits, kStart + 1050ms, 1), Allowance::kGranted);
  }
  EXPECT_EQ(budget.Ask(limits, kStart + 1050ms, 1), Allowance::kRefused);
}

TEST(RequestBudget, WhoGoesOnIsEndedAndWhoIsALittleTooFastIsNot) {
  const RequestLimits limits{{10, 10}, 50};
  RequestBudget flood;
  int requests = 0;
  while (flood.Ask(limits, kStart, 1) != Allowance::kEnough) ++requests;
  EXPECT_EQ(requests, 10 + 50);
  EXPECT_FALSE(flood.IsFull(kStart + 2s));
  EXPECT_TRUE(flood.IsFull(kStart + 6s));

  RequestBudget eager;  // 18 a second, for ever
  job::TimePoint now = kStart;
  int granted = 0;
  for (int i = 0; i < 1800; ++i, now += 55555us) {
    const Allowance allowance = eager.Ask(limits, now, 1);
    ASSERT_NE(allowance, Allowance::kEnough) << "request " << i;
    granted += allowance == Allowance::kGranted ? 1 : 0;
  }
  EXPECT_NEAR(granted, 10 + 1000, 5);
}

TEST(RequestBudget, EnteringCostsMoreThanSpeaking) {
  EXPECT_GT(chat::CostOf(Protocol::PACKET_C_ENTER_GAME), chat::CostOf(Protocol::PACKET_C_CHAT));
  EXPECT_GT(chat::CostOf(Protocol::PACKET_C_LOGIN), chat::CostOf(Protocol::PACKET_C_HEARTBEAT));
  EXPECT_GT(chat::CostOf(65535), 0);
}

}  // namespace
