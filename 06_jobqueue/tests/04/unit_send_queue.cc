// The send queue and the send flag (D1): order, batches, and the lost wake-up in every schedule.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "net/packet.h"
#include "net/send_node.h"
#include "net/send_queue.h"
#include "tests/support/schedule_explorer.h"

namespace {

using net::Packet;
using net::PacketRef;
using net::SendNode;
using net::SendPoint;
using net::SendQueue;
using support::ScheduleExplorer;

// A packet that says who made it, and its number there. It is not sealed, so that it can be read.
PacketRef MakeNumbered(std::uint32_t producer, std::uint32_t number) {
  PacketRef packet = Packet::Make(1);
  *packet << producer << number;
  return packet;
}

struct Numbered {
  std::uint32_t producer = 0;
  std::uint32_t number = 0;
};
Numbered Read(Packet& packet) {
  Numbered result;
  packet >> result.producer >> result.number;
  return result;
}

int StressScale() {
  const char* text = std::getenv("COURSE_STRESS");
  const int scale = text != nullptr ? std::atoi(text) : 1;
  return scale > 0 ? scale : 1;
}

class SendQueueTest : public ::testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(net::LiveSendNodes(), 0) << "a node leaked";
    EXPECT_EQ(Packet::LiveCount(), 0) << "a packet leaked";
  }
};

TEST_F(SendQueueTest, TheFirstPushTakesTheFlagTheOthersDoNot) {
  SendQueue queue;
  EXPECT_FALSE(queue.sending());
  EXPECT_TRUE(queue.Push(net::AllocateSendNode(MakeNumbered(0, 0))));
  EXPECT_FALSE(queue.Push(net::AllocateSendNode(MakeNumbered(0, 1))));
  EXPECT_TRUE(queue.sending());
  net::FreeSendNodes(queue.TakeAll());
}

TEST_F(SendQueueTest, TakeKeepsTheOrderAndTheRestStays) {
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

// --- every schedule ------------------------------------------------------------------------------

struct ExplorerPoints {
  static void At(SendPoint) { ScheduleExplorer::Point(); }
};

// The classic mistake: whoever finds nothing clears the flag and goes, without a second look.
class ForgetfulQueue {
 public:
  bool Push(SendNode* node) {
    static_cast<void>(queue_.Push(node));
    return !sending_.exchange(true);
  }
  SendNode* Take(std::size_t max) { return queue_.Take(max); }
  SendNode* TakeAll() { return queue_.TakeAll(); }
  bool Release() {
    sending_.exchange(false);
    return true;
  }

 private:
  net::BasicSendQueue<ExplorerPoints> queue_;
  std::atomic<bool> sending_{false};
};

// Thread 0 owns the flag and is about to look for more; the others push one packet each. Whoever
// owns the flag delivers, as the server does. Afterwards nothing may lie in the queue with nobody
// responsible for it.
template <typename Queue>
ScheduleExplorer::Result ExploreLostWakeUp(std::size_t pushers, std::size_t limit) {
  std::unique_ptr<Queue> queue;
  std::vector<int> delivered;
  int sending = 0;
  bool two_at_once = false;

  const auto serve = [&] {  // called by the owner of the flag
    do {
      while (SendNode* const batch = queue->Take(1)) {
        two_at_once |= ++sending > 1;  // the send is outstanding ...
        ++delivered[Read(*batch->packet).producer];
        ScheduleExplorer::Point();
        net::FreeSendNodes(batch);  // ... and has completed
        --sending;
      }
      ScheduleExplorer::Point();  // between "nothing there" and giving the flag up
    } while (!queue->Release());
  };

  return ScheduleExplorer().Explore(
      pushers + 1,
      [&] {
        queue = std::make_unique<Queue>();
        delivered.assign(pushers + 1, 0);
        sending = 0;
        two_at_once = false;
        EXPECT_TRUE(queue->Push(net::AllocateSendNode(MakeNumbered(0, 0))));
      },
      [&](std::size_t thread) {
        const auto producer = static_cast<std::uint32_t>(thread);
        if (thread == 0 || queue->Push(net::AllocateSendNode(MakeNumbered(producer, 0)))) serve();
      },
      [&]() -> std::string {
        if (net::FreeSendNodes(queue->TakeAll()) != 0) {
          return "lost wake-up: a packet is left and nobody is responsible";
        }
        for (const int count : delivered) {
          if (count != 1) return std::to_string(count) + " deliveries of one packet";
        }
        return two_at_once ? "two sends were outstanding at once" : "";
      },
      limit);
}

TEST_F(SendQueueTest, NoWakeUpIsLostInAnyScheduleOfOnePusher) {
  const auto result = ExploreLostWakeUp<net::BasicSendQueue<ExplorerPoints>>(1, 100'000);
  EXPECT_EQ(result.failure, "");
  EXPECT_TRUE(result.complete);
  EXPECT_GT(result.schedules, 10u);
  std::cout << result.schedules << " schedules\n";
}

TEST_F(SendQueueTest, NoWakeUpIsLostInSchedulesOfTwoPushers) {
  // As many as fit into a few seconds (under Wine a change of threads takes milliseconds);
  // COURSE_STRESS=50 runs all of the 47362.
#ifdef _WIN32
  constexpr std::size_t kLimit = 100;
#else
  constexpr std::size_t kLimit = 1'500;
#endif
  const auto result = ExploreLostWakeUp<net::BasicSendQueue<ExplorerPoints>>(
      2, kLimit * static_cast<std::size_t>(StressScale()));
  EXPECT_EQ(result.failure, "");
  std::cout << result.schedules << " schedules" << (result.complete ? ", all there are\n" : "\n");
}

TEST_F(SendQueueTest, TheExplorerFindsTheClassicMistake) {
  const auto result = ExploreLostWakeUp<ForgetfulQueue>(1, 100'000);
  EXPECT_NE(result.failure.find("lost wake-up"), std::string::npos) << result.failure;
}

// --- chance --------------------------------------------------------------------------------------

// Many producers and many queues; each batch is delivered by whoever owns the flag.
TEST_F(SendQueueTest, EveryPacketOnceAndInOrderUnderLoad) {
  constexpr std::size_t kQueues = 20;
  constexpr std::uint32_t kProducers = 4;
  const std::uint32_t per_producer = 50'000 * static_cast<std::uint32_t>(StressScale());
  const char* seed_text = std::getenv("COURSE_SEED");
  const unsigned seed = seed_text != nullptr
                            ? static_cast<unsigned>(std::strtoul(seed_text, nullptr, 10))
                            : std::random_device{}();
  std::cout << "seed: COURSE_SEED=" << seed << "\n";

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
