// The lock-free parts alone: bounded queue, inbox, message pool; and the callable that travels in
// them.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "job/inbox.h"
#include "job/job.h"
#include "job/lockfree_queue.h"
#include "job/message_pool.h"
#include "tests/support/job_test_support.h"
#include "tests/support/task_input.h"

namespace {

using job_test::Scaled;

TEST(LockFreeQueue, FirstInFirstOutAndBounded) {
  job::LockFreeQueue<int> queue(4);
  EXPECT_EQ(queue.Capacity(), 4U);
  EXPECT_TRUE(queue.LooksEmpty());
  for (int lap = 0; lap < 10; ++lap) {
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(queue.TryPush(lap * 4 + i));
    EXPECT_FALSE(queue.TryPush(99));
    EXPECT_FALSE(queue.LooksEmpty());
    for (int i = 0; i < 4; ++i) EXPECT_EQ(queue.TryPop(), lap * 4 + i);
    EXPECT_EQ(queue.TryPop(), std::nullopt);
  }
}

TEST(LockFreeQueue, RefusedValueIsUntouched) {
  job::LockFreeQueue<std::unique_ptr<int>> queue(2);
  EXPECT_TRUE(queue.TryPush(std::make_unique<int>(1)));
  EXPECT_TRUE(queue.TryPush(std::make_unique<int>(2)));
  auto third = std::make_unique<int>(3);
  const std::unique_ptr<int>& refused = third;
  EXPECT_FALSE(queue.TryPush(std::move(third)));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(*refused, 3);
}

// Producers push (producer, number); each value must come out exactly once, and one consumer must
// see the numbers of one producer ascending.
TEST(LockFreeQueue, StressEachValueOnceAndInOrder) {
  constexpr std::uint32_t kProducers = 3;
  constexpr std::uint32_t kConsumers = 3;
  const auto per_producer = static_cast<std::uint32_t>(Scaled(200'000));
  job::LockFreeQueue<std::uint64_t> queue(64);
  std::vector<std::vector<std::uint8_t>> seen(kProducers, std::vector<std::uint8_t>(per_producer));
  std::atomic<std::uint64_t> left{std::uint64_t{kProducers} * per_producer};
  std::atomic<bool> order_kept{true};

  std::vector<std::thread> threads;
  for (std::uint32_t p = 0; p < kProducers; ++p) {
    threads.emplace_back([&, p] {
      for (std::uint64_t i = 0; i < per_producer; ++i) {
        while (!queue.TryPush((std::uint64_t{p} << 32) | i)) std::this_thread::yield();
      }
    });
  }
  for (std::uint32_t c = 0; c < kConsumers; ++c) {
    threads.emplace_back([&] {
      std::array<std::int64_t, kProducers> last;
      last.fill(-1);
      while (left.load() > 0) {
        const auto value = queue.TryPop();
        if (!value) {
          std::this_thread::yield();
          continue;
        }
        const auto producer = static_cast<std::size_t>(*value >> 32);
        const auto number = static_cast<std::int64_t>(*value & 0xFFFFFFFFU);
        if (number <= last[producer]) order_kept = false;
        last[producer] = number;
        ++seen[producer][static_cast<std::size_t>(number)];  // no race, if it is popped once
        left.fetch_sub(1);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(order_kept);
  for (const auto& values : seen) {
    EXPECT_TRUE(std::all_of(values.begin(), values.end(), [](std::uint8_t n) { return n == 1; }));
  }
  EXPECT_EQ(queue.TryPop(), std::nullopt);
}

struct Node {
  Node* next = nullptr;
  std::uint32_t producer = 0;
  std::uint64_t number = 0;
};

TEST(Inbox, OnlyTheFirstPushWakes) {
  TASK_INPUT("06.1", "push a, b; take all; push c; take all; go idle; push d");
  job::Inbox<Node> inbox;
  Node a, b, c, d;
  EXPECT_TRUE(inbox.Push(&a));
  EXPECT_FALSE(inbox.Push(&b));
  Node* taken = inbox.TakeAll();
  ASSERT_EQ(taken, &a);
  EXPECT_EQ(taken->next, &b);
  EXPECT_EQ(b.next, nullptr);
  EXPECT_FALSE(inbox.Push(&c)) << "the consumer is still responsible";
  EXPECT_FALSE(inbox.TryGoIdle()) << "c would be forgotten";
  EXPECT_EQ(inbox.TakeAll(), &c);
  EXPECT_EQ(c.next, nullptr);
  EXPECT_EQ(inbox.TakeAll(), nullptr);
  EXPECT_TRUE(inbox.TryGoIdle());
  EXPECT_TRUE(inbox.Push(&d));
}

// Whoever is told "you woke it" becomes the consumer on the spot: there must never be two.
TEST(Inbox, StressOneConsumerNothingLost) {
  TASK_INPUT("06.1", "four producers, whoever wakes the inbox consumes");
  constexpr std::uint32_t kProducers = 4;
  const std::uint64_t per_producer = Scaled(400'000);
  job::Inbox<Node> inbox;
  std::vector<std::vector<Node>> nodes(kProducers, std::vector<Node>(per_producer));
  std::array<std::uint64_t, kProducers>
      next_number{};              // the consumer only: a race if there are two
  std::uint64_t wrong_order = 0;  // the consumer only
  std::atomic<int> consumers{0};
  std::atomic<bool> two_consumers{false};

  const auto consume = [&] {
    if (consumers.fetch_add(1, std::memory_order_relaxed) != 0) two_consumers = true;
    for (;;) {
      for (Node* node = inbox.TakeAll(); node != nullptr;) {
        Node* next = node->next;
        if (node->number != next_number[node->producer]++) ++wrong_order;
        node = next;
      }
      consumers.fetch_sub(1, std::memory_order_relaxed);  // before: another may start at once
      if (inbox.TryGoIdle()) return;
      if (consumers.fetch_add(1, std::memory_order_relaxed) != 0) two_consumers = true;
    }
  };
  std::vector<std::thread> threads;
  for (std::uint32_t p = 0; p < kProducers; ++p) {
    threads.emplace_back([&, p] {
      for (std::uint64_t i = 0; i < per_producer; ++i) {
        Node& node = nodes[p][i];
        node.producer = p;
        node.number = i;
        if (inbox.Push(&node)) consume();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(two_consumers);
  EXPECT_EQ(wrong_order, 0U);
  for (const std::uint64_t count : next_number) EXPECT_EQ(count, per_producer);
}

struct Message {
  explicit Message(std::uint64_t n) : number(n), check(~n) {
    if (n == kThrow) throw std::runtime_error("refused");
  }
  static constexpr std::uint64_t kThrow = 13;
  std::uint64_t number;
  std::uint64_t check;
};
using Pool = job::MessagePool<Message>;

TEST(MessagePool, ReusesSlotsAndCounts) {
  const job::PoolCounters before = Pool::Counters();
  std::set<Message*> messages;
  for (std::uint64_t i = 100; i < 400; ++i) messages.insert(Pool::Make(i));
  EXPECT_EQ(messages.size(), 300U) << "no slot twice";
  EXPECT_EQ(Pool::Counters().in_use(), before.in_use() + 300);
  for (Message* message : messages) Pool::Free(message);
  EXPECT_EQ(Pool::Counters().in_use(), before.in_use());
  const std::uint64_t slots = Pool::Counters().slots;
  for (int lap = 0; lap < 1000; ++lap) {
    std::vector<Message*> again;
    for (std::uint64_t i = 100; i < 400; ++i) again.push_back(Pool::Make(i));
    for (Message* message : again) Pool::Free(message);
  }
  EXPECT_EQ(Pool::Counters().slots, slots) << "steady state allocates nothing";
  EXPECT_GE(Pool::Counters().bytes, slots * sizeof(Message));
  Pool::Free(nullptr);
}

TEST(MessagePool, ThrowingConstructorGivesTheSlotBack) {
  const job::PoolCounters before = Pool::Counters();
  EXPECT_THROW(Pool::Make(Message::kThrow), std::runtime_error);
  EXPECT_EQ(Pool::Counters().in_use(), before.in_use());
}

TEST(MessagePool, OwningPointerFrees) {
  const job::PoolCounters before = Pool::Counters();
  { const Pool::Ptr owned(Pool::Make(1U)); }
  EXPECT_EQ(Pool::Counters().in_use(), before.in_use());
  EXPECT_EQ(Pool::Counters().made, before.made + 1);
}

// Messages are made here and freed there, in small and large bursts, by threads that come and go. A
// slot handed out twice shows as a torn message (and as a race under ThreadSanitizer).
TEST(MessagePool, StressMadeHereFreedThere) {
  const std::uint64_t seed = job_test::Seed();
  const job::PoolCounters before = Pool::Counters();
  const std::uint64_t rounds = Scaled(1'000);
  job::LockFreeQueue<Message*> travelling(1024);
  std::atomic<std::uint64_t> torn{0};
  const auto check_and_free = [&](Message* message) {
    if (message->check != ~message->number) torn.fetch_add(1);
    message->check = 0;
    Pool::Free(message);
  };
  for (std::uint64_t generation = 0; generation < 3; ++generation) {
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937_64 random(seed + t + generation * 100);
        for (std::uint64_t round = 0; round < rounds; ++round) {
          for (std::uint64_t i = random() % 200; i > 0; --i) {
            Message* message = Pool::Make((t << 32) + round * 1000 + i + 1000);
            if (!travelling.TryPush(message)) check_and_free(message);
          }
          for (std::uint64_t i = random() % 200; i > 0; --i) {
            if (const auto message = travelling.TryPop()) check_and_free(*message);
          }
        }
      });
    }
    for (auto& thread : threads) thread.join();
  }
  while (const auto message = travelling.TryPop()) check_and_free(*message);
  EXPECT_EQ(torn, 0U);
  const job::PoolCounters after = Pool::Counters();
  EXPECT_EQ(after.in_use(), before.in_use());
  // At most 1024 travel, 4 threads hold 2 batches each and up to 200 that they have just made, and
  // this one 2 batches: less than three chunks, so there is never a reason for a fourth.
  EXPECT_LE(after.slots, 3U * Pool::kChunkSlots);
}

// Threads that find the pool empty at the same moment make one chunk between them, not one each.
TEST(MessagePool, OneChunkForAllThatWait) {
  struct Page {
    std::uint64_t number = 0;
  };
  using Pages = job::MessagePool<Page>;
  constexpr std::uint32_t kThreads = 8;
  constexpr std::uint32_t kEach =
      Pages::kChunkSlots / kThreads;  // whole batches: nothing is left over
  static_assert(kEach % Pages::kBatch == 0);
  std::vector<Page*> pages(kThreads * kEach);
  std::vector<Page*> kept;
  const std::uint64_t slots_before = Pages::Counters().slots;  // not 0 when the test is repeated
  for (std::uint32_t round = 1; round <= 40; ++round) {
    std::atomic<std::uint32_t> missing{kThreads};  // they begin together
    std::vector<std::thread> threads;
    for (std::uint32_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&pages, &missing, t] {
        missing.fetch_sub(1);
        while (missing.load() != 0) std::this_thread::yield();
        for (std::uint32_t i = 0; i < kEach; ++i) pages[t * kEach + i] = Pages::Make();
      });
    }
    for (auto& thread : threads) thread.join();
    kept.insert(kept.end(), pages.begin(), pages.end());
    ASSERT_EQ(Pages::Counters().slots,
              std::max(slots_before, std::uint64_t{round} * Pages::kChunkSlots))
        << "round " << round;
  }
  // By a thread that ends: nothing stays in a cache.
  std::thread([&kept] { std::ranges::for_each(kept, Pages::Free); }).join();
}

// --- Job: the small-buffer callable ------------------------------------------------------------------

TEST(Job, SmallCapturesStayInline) {
  struct Six {
    std::array<void*, 6> pointers;
    void operator()() const {}
  };
  static_assert(!job::Job::kFitsInline<std::array<void*, 7>>);
  const std::uint64_t heap_before = job::Job::HeapJobs();
  if constexpr (sizeof(Six) <= job::Job::kInlineBytes) {
    const job::Job small{Six{}};
    EXPECT_EQ(job::Job::HeapJobs(), heap_before);
  }

  std::array<std::uint64_t, 20> large{};
  std::iota(large.begin(), large.end(), 0U);
  std::uint64_t sum = 0;
  job::Job big(
      [large, &sum] { sum = std::accumulate(large.begin(), large.end(), std::uint64_t{0}); });
  EXPECT_EQ(job::Job::HeapJobs(), heap_before + 1);
  job::Job moved(std::move(big));
  moved();
  EXPECT_EQ(sum, 190U);
}

TEST(Job, OwnsWhatItCapturedExactlyOnce) {
  auto token = std::make_shared<int>(7);
  const std::weak_ptr<int> watch = token;
  int seen = 0;
  job::Job a([token = std::move(token), &seen] { seen = *token; });
  job::Job b;
  EXPECT_FALSE(static_cast<bool>(b));
  b = std::move(a);
  ASSERT_TRUE(static_cast<bool>(b));
  b();
  EXPECT_EQ(seen, 7);
  EXPECT_EQ(watch.use_count(), 1);
  b.Reset();
  EXPECT_FALSE(static_cast<bool>(b));
  EXPECT_TRUE(watch.expired());

  job::Job move_only([p = std::make_unique<int>(5), &seen] { seen = *p; });
  job::Job other(std::move(move_only));
  other();
  EXPECT_EQ(seen, 5);
}

TEST(Job, KnowsWhereItWasMade) {
  const auto line = static_cast<std::uint_least32_t>(__LINE__ + 1);
  const job::Job job([] {});
  EXPECT_EQ(job.origin().line(), line);
  EXPECT_NE(std::string(job.origin().file_name()).find("unit_lockfree"), std::string::npos);
}

}  // namespace
