// The send queue and the send flag: order, batches, and many threads at once.
#include "tests/04/unit_send_queue.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "tests/support/task_input.h"
#include "tests/support/test_support.h"

namespace {

using course_test::MakeNumbered;
using course_test::Numbered;
using course_test::Read;
using course_test::SendQueueTest;
using net::Packet;
using net::PacketRef;
using net::SendNode;
using net::SendQueue;

TEST_F(SendQueueTest, TheFirstPushTakesTheFlagTheOthersDoNot) {
  SendQueue queue;
  EXPECT_FALSE(queue.sending());
  EXPECT_TRUE(queue.Push(net::AllocateSendNode(MakeNumbered(0, 0))));
  EXPECT_FALSE(queue.Push(net::AllocateSendNode(MakeNumbered(0, 1))));
  EXPECT_TRUE(queue.sending());
  net::FreeSendNodes(queue.TakeAll());
}

TEST_F(SendQueueTest, TakeKeepsTheOrderAndTheRestStays) {
  TASK_INPUT("04.1", "push 10, take 4, push 3, take 4, take 100, take 100");
  SendQueue queue;
  std::uint32_t pushed = 0;
  const auto push = [&](int count) {
    for (int i = 0; i < count; ++i) {
      static_cast<void>(queue.Push(net::AllocateSendNode(MakeNumbered(0, pushed++))));
    }
  };
  std::uint32_t next = 0;
  const auto take = [&](std::size_t max) {
    SendNode* const batch = queue.Take(max);
    for (SendNode* node = batch; node != nullptr; node = node->next) {
      EXPECT_EQ(Read(*node->packet).number, next++);
    }
    return net::FreeSendNodes(batch);
  };
  push(10);
  EXPECT_EQ(take(4), 4u);
  push(3);  // while a batch is on its way: these queue up behind what is left
  EXPECT_EQ(take(4), 4u) << "what exceeds the batch must neither be sent nor be dropped";
  EXPECT_EQ(take(100), 5u);
  EXPECT_EQ(take(100), 0u);
  EXPECT_TRUE(queue.Release());
}

TEST_F(SendQueueTest, TakeStopsBehindTheLastPacket) {
  TASK_INPUT("04.1", "three packets, the second is the last one; take 100");
  SendQueue queue;
  static_cast<void>(queue.Push(net::AllocateSendNode(MakeNumbered(0, 0))));
  static_cast<void>(queue.Push(net::AllocateSendNode(MakeNumbered(0, 1), true)));
  static_cast<void>(queue.Push(net::AllocateSendNode(MakeNumbered(0, 2))));
  SendNode* const batch = queue.Take(100);
  ASSERT_NE(batch->next, nullptr);
  EXPECT_TRUE(batch->next->last);
  EXPECT_EQ(batch->next->next, nullptr);
  EXPECT_EQ(net::FreeSendNodes(batch), 2u);
  EXPECT_EQ(net::FreeSendNodes(queue.TakeAll()), 1u);
}

TEST_F(SendQueueTest, OnePacketInManyQueuesIsOnePacket) {
  PacketRef shared = MakeNumbered(7, 7);
  std::vector<std::unique_ptr<SendQueue>> queues;
  for (int i = 0; i < 400; ++i) {
    queues.push_back(std::make_unique<SendQueue>());
    EXPECT_TRUE(queues.back()->Push(net::AllocateSendNode(shared)));
  }
  EXPECT_EQ(Packet::LiveCount(), 1);
  EXPECT_EQ(net::LiveSendNodes(), 400);
  shared = PacketRef();
  for (const auto& queue : queues) {
    SendNode* const batch = queue->Take(8);
    EXPECT_EQ(Packet::LiveCount(), 1) << "a queue lost its use of the packet";
    net::FreeSendNodes(batch);
  }
}

TEST_F(SendQueueTest, NodesAreUsedAgain) {
  std::uint64_t made = 0;
  for (int round = 0; round < 1000; ++round) {
    if (round == 10) made = net::SendNodesMade();  // warm
    SendQueue queue;
    for (std::uint32_t i = 0; i < 300; ++i) {
      static_cast<void>(queue.Push(net::AllocateSendNode(MakeNumbered(0, i))));
    }
    EXPECT_EQ(net::FreeSendNodes(queue.Take(300)), 300u);
  }
  EXPECT_EQ(net::SendNodesMade(), made) << "allocations in steady state";
}

// --- chance --------------------------------------------------------------------------------------

// One owner that never gives the flag up, and pushers: no push is lost, none takes the flag again,
// and what one pusher has pushed comes out in its order.
TEST_F(SendQueueTest, NothingIsLostWhileTheOwnerTakes) {
  constexpr std::uint32_t kPushers = 4;
  constexpr std::uint32_t kEach = 20'000;
  TASK_INPUT("04.1", kPushers << " pushers of " << kEach << " packets, taken by 7");
  SendQueue queue;
  ASSERT_TRUE(queue.Push(net::AllocateSendNode(MakeNumbered(kPushers, 0))));
  std::atomic<std::uint32_t> took_the_flag{0};
  std::atomic<std::uint32_t> ended{0};
  std::vector<std::thread> pushers;
  for (std::uint32_t pusher = 0; pusher < kPushers; ++pusher) {
    pushers.emplace_back([&, pusher] {
      for (std::uint32_t number = 0; number < kEach; ++number) {
        if (queue.Push(net::AllocateSendNode(MakeNumbered(pusher, number)))) ++took_the_flag;
      }
      ++ended;
    });
  }
  std::array<std::uint32_t, kPushers + 1> next{};
  std::uint64_t taken = 0;
  std::uint64_t disorder = 0;
  for (;;) {
    const bool all_pushed = ended == kPushers;
    SendNode* const batch = queue.Take(7);
    for (SendNode* node = batch; node != nullptr; node = node->next) {
      const Numbered packet = Read(*node->packet);
      if (packet.number != next[packet.producer]++) ++disorder;
    }
    const std::size_t count = net::FreeSendNodes(batch);
    EXPECT_LE(count, 7u);
    taken += count;
    if (count == 0 && all_pushed) break;
  }
  for (std::thread& pusher : pushers) pusher.join();
  EXPECT_EQ(taken, std::uint64_t{kPushers} * kEach + 1);
  EXPECT_EQ(disorder, 0u);
  EXPECT_EQ(took_the_flag, 0u) << "the flag was taken twice";
  net::FreeSendNodes(queue.TakeAll());
}

// What is left when the session ends: the rest of a batch that was begun, then what came in since.
TEST_F(SendQueueTest, TakeAllGivesTheRestBeforeTheNew) {
  TASK_INPUT("04.1", "push 0 to 4, take 2, push 5 to 7, take all");
  SendQueue queue;
  for (std::uint32_t i = 0; i < 5; ++i) {
    static_cast<void>(queue.Push(net::AllocateSendNode(MakeNumbered(0, i))));
  }
  EXPECT_EQ(net::FreeSendNodes(queue.Take(2)), 2u);
  for (std::uint32_t i = 5; i < 8; ++i) {
    static_cast<void>(queue.Push(net::AllocateSendNode(MakeNumbered(0, i))));
  }
  SendNode* const left = queue.TakeAll();
  std::uint32_t next = 2;
  for (SendNode* node = left; node != nullptr; node = node->next) {
    EXPECT_EQ(Read(*node->packet).number, next++);
  }
  EXPECT_EQ(net::FreeSendNodes(left), 6u);
  EXPECT_EQ(queue.TakeAll(), nullptr);
}

// Many producers and many queues; each batch is delivered by whoever owns the flag.
TEST_F(SendQueueTest, EveryPacketOnceAndInOrderUnderLoad) {
  constexpr std::size_t kQueues = 20;
  constexpr std::uint32_t kProducers = 4;
  const std::uint32_t per_producer =
      50'000 * static_cast<std::uint32_t>(course_test::StressFactor());
  const auto seed = static_cast<unsigned>(course_test::TestSeed());
  TASK_INPUT("04.2", kProducers << " producers, " << kQueues << " queues, seed " << seed);

  struct Session {
    SendQueue queue;
    std::atomic<int> sending{0};
    std::array<std::uint32_t, kProducers> next{};  // owner of the flag
    std::uint64_t delivered = 0;                   // owner of the flag
  };
  const auto sessions = std::make_unique<Session[]>(kQueues);
  std::atomic<std::uint64_t> disorder{0};
  std::atomic<std::uint64_t> two_at_once{0};

  const auto serve = [&](Session& session, std::mt19937& random) {
    do {
      while (SendNode* const batch = session.queue.Take(1 + random() % 8)) {
        if (session.sending.fetch_add(1) != 0) ++two_at_once;
        for (SendNode* node = batch; node != nullptr; node = node->next) {
          const Numbered packet = Read(*node->packet);
          if (packet.number < session.next[packet.producer]) ++disorder;
          session.next[packet.producer] = packet.number + 1;
          ++session.delivered;
        }
        if (random() % 64 == 0) std::this_thread::yield();
        session.sending.fetch_sub(1);
        net::FreeSendNodes(batch);
      }
    } while (!session.queue.Release());
  };

  std::vector<std::thread> threads;
  for (std::uint32_t producer = 0; producer < kProducers; ++producer) {
    threads.emplace_back([&, producer] {
      std::mt19937 random(seed + producer);
      for (std::uint32_t number = 0; number < per_producer; ++number) {
        Session& session = sessions[random() % kQueues];
        if (session.queue.Push(net::AllocateSendNode(MakeNumbered(producer, number)))) {
          serve(session, random);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  std::uint64_t delivered = 0;
  for (std::size_t i = 0; i < kQueues; ++i) {
    delivered += sessions[i].delivered;
    EXPECT_FALSE(sessions[i].queue.sending()) << "the flag of queue " << i << " was never cleared";
    EXPECT_EQ(net::FreeSendNodes(sessions[i].queue.TakeAll()), 0u) << "left in queue " << i;
  }
  EXPECT_EQ(delivered, std::uint64_t{kProducers} * per_producer);
  EXPECT_EQ(disorder, 0u);
  EXPECT_EQ(two_at_once, 0u) << "two threads were sending for one session at once";
}

}  // namespace
