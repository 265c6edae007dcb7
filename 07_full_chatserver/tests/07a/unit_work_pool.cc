// The hash threads' queue: whose turn it is, what is refused, what waits for its time, the end.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "auth/work_pool.h"

namespace {

using auth::Work;
using auth::WorkPool;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

// One thread, held at its first piece of work until everything is queued; then the order in which
// the rest is done is the queue's alone.
class WorkPoolTest : public ::testing::Test {
 protected:
  void Hold(WorkPool& pool, WorkPool::Address from = 99) {
    ASSERT_TRUE(pool.Submit(from, 0ms,
                            {[this] {
                               std::unique_lock lock(lock_);
                               held_ = true;
                               changed_.notify_all();
                               changed_.wait(lock, [this] { return released_; });
                             },
                             [] {}}));
    std::unique_lock lock(lock_);
    ASSERT_TRUE(changed_.wait_for(lock, 20s, [this] { return held_; }));
  }
  void Release() {
    const std::lock_guard lock(lock_);
    released_ = true;
    changed_.notify_all();
  }
  Work Note(const std::string& name) {
    const auto add = [this](const std::string& text) {
      const std::lock_guard lock(lock_);
      order_.push_back(text);
      changed_.notify_all();
    };
    return {[add, name] { add(name); }, [add, name] { add("refused " + name); }};
  }
  Names Await(std::size_t count) {
    std::unique_lock lock(lock_);
    EXPECT_TRUE(changed_.wait_for(lock, 20s, [&] { return order_.size() >= count; }));
    return order_;
  }

  std::mutex lock_;
  std::condition_variable changed_;
  bool held_ = false;      // guarded by lock_
  bool released_ = false;  // guarded by lock_
  Names order_;            // guarded by lock_
};

TEST_F(WorkPoolTest, AddressesTakeTurns) {
  WorkPool pool(1, 1000, 1000);
  Hold(pool);
  for (const char* name : {"a1", "a2", "a3", "a4"}) EXPECT_TRUE(pool.Submit(1, 0ms, Note(name)));
  for (const char* name : {"b1", "b2"}) EXPECT_TRUE(pool.Submit(2, 0ms, Note(name)));
  EXPECT_TRUE(pool.Submit(3, 0ms, Note("c1")));
  EXPECT_EQ(pool.waiting(), 7U);
  Release();
  EXPECT_EQ(Await(7), (Names{"a1", "b1", "c1", "a2", "b2", "a3", "a4"}));
  EXPECT_EQ(pool.waiting(), 0U);
}

// 360 guesses from 8 addresses are before it; it waits for one of each.
TEST_F(WorkPoolTest, OneThatAsksOnceWaitsForOneOfEachAddress) {
  WorkPool pool(1, 1000, 64);
  Hold(pool);
  for (int guess = 0; guess < 45; ++guess) {
    for (WorkPool::Address from = 1; from <= 8; ++from) {
      EXPECT_TRUE(pool.Submit(from, 0ms, Note("guess")));
    }
  }
  EXPECT_TRUE(pool.Submit(9, 0ms, Note("honest")));
  Release();
  const Names order = Await(361);
  EXPECT_EQ(std::find(order.begin(), order.end(), "honest") - order.begin(), 8);
}

TEST_F(WorkPoolTest, AFullQueueOfOnesOwnAndOneOfAllTogether) {
  WorkPool pool(1, 5, 4);
  Hold(pool);
  for (const char* name : {"a1", "a2", "a3", "a4"}) EXPECT_TRUE(pool.Submit(1, 0ms, Note(name)));
  EXPECT_FALSE(pool.Submit(1, 0ms, Note("a5"))) << "four of one address";
  EXPECT_TRUE(pool.Submit(2, 0ms, Note("b1")));
  EXPECT_TRUE(pool.Submit(3, 0ms, Note("c1"))) << "in the place of the newest of those with most";
  EXPECT_EQ(Await(1), Names{"refused a4"});
  EXPECT_TRUE(pool.Submit(2, 0ms, Note("b2")));
  EXPECT_EQ(Await(2).back(), "refused a3");
  EXPECT_FALSE(pool.Submit(2, 0ms, Note("b3"))) << "nobody has more than who asks";
  EXPECT_EQ(pool.waiting(), 5U);
  Release();
  EXPECT_EQ(Await(7), (Names{"refused a4", "refused a3", "a1", "b1", "c1", "a2", "b2"}));
}

TEST_F(WorkPoolTest, WhatIsDelayedWaitsInTheQueueAndHoldsUpNobody) {
  WorkPool pool(1, 3, 2);
  const auto begin = WorkPool::Clock::now();
  EXPECT_TRUE(pool.Submit(1, 300ms, Note("late")));
  EXPECT_TRUE(pool.Submit(1, 1h, Note("never")));
  EXPECT_FALSE(pool.Submit(1, 0ms, Note("third"))) << "those that are delayed count";
  EXPECT_TRUE(pool.Submit(2, 0ms, Note("now")));
  EXPECT_EQ(Await(2), (Names{"now", "late"}));
  EXPECT_GE(WorkPool::Clock::now() - begin, 300ms);
  EXPECT_EQ(pool.waiting(), 1U);
  pool.Stop();
  EXPECT_EQ(Await(2).size(), 2U) << "dropped at the end";
  EXPECT_FALSE(pool.Submit(3, 0ms, Note("after the end")));
}

TEST(WorkPoolStress, EachIsDoneOrRefusedOnce) {
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  std::atomic<int> done{0};
  std::atomic<int> refused{0};
  std::atomic<int> rejected{0};
  WorkPool pool(2, 16, 8);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const auto from = static_cast<WorkPool::Address>(t == 0 ? 0 : i % 5);
        const bool queued = pool.Submit(from, std::chrono::milliseconds(i % 3 == 0 ? 1 : 0),
                                        {[&done] { ++done; }, [&refused] { ++refused; }});
        if (!queued) ++rejected;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (done + refused + rejected < kThreads * kEach && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(done + refused + rejected, kThreads * kEach);
  EXPECT_EQ(pool.waiting(), 0U);
}

}  // namespace
