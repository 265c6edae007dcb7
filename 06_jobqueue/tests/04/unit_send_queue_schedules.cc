// The lost wake-up: the send queue in every order of its threads' steps.
#include <gtest/gtest.h>

#include <cstddef>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "tests/04/unit_send_queue.h"
#include "tests/support/schedule_explorer.h"
#include "tests/support/task_input.h"
#include "tests/support/test_support.h"

namespace {

using course_test::MakeNumbered;
using course_test::Read;
using course_test::SendQueueTest;
using net::SendNode;
using net::SendPoint;
using support::ScheduleExplorer;

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
  int owners = 0;
  bool two_at_once = false;

  const auto serve = [&] {  // called by the owner of the flag
    do {
      two_at_once |= ++owners > 1;
      while (SendNode* const batch = queue->Take(1)) {
        ++delivered[Read(*batch->packet).producer];
        ScheduleExplorer::Point();  // the send is outstanding ...
        net::FreeSendNodes(batch);  // ... and has completed
      }
      ScheduleExplorer::Point();  // between "nothing there" and giving the flag up
      --owners;
    } while (!queue->Release());
  };

  return ScheduleExplorer().Explore(
      pushers + 1,
      [&] {
        queue = std::make_unique<Queue>();
        delivered.assign(pushers + 1, 0);
        owners = 0;
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
        return two_at_once ? "two threads own the flag at once" : "";
      },
      limit);
}

TEST_F(SendQueueTest, NoWakeUpIsLostInAnyScheduleOfOnePusher) {
  const auto result = ExploreLostWakeUp<net::BasicSendQueue<ExplorerPoints>>(1, 100'000);
  TASK_INPUT("04.2", "the owner (0) and one pusher (1), schedule " << result.schedule);
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
      2, kLimit * static_cast<std::size_t>(course_test::StressFactor()));
  TASK_INPUT("04.2", "the owner (0) and two pushers (1, 2), schedule " << result.schedule);
  EXPECT_EQ(result.failure, "");
  std::cout << result.schedules << " schedules" << (result.complete ? ", all there are\n" : "\n");
}

TEST_F(SendQueueTest, TheExplorerFindsTheClassicMistake) {
  const auto result = ExploreLostWakeUp<ForgetfulQueue>(1, 100'000);
  EXPECT_NE(result.failure.find("lost wake-up"), std::string::npos) << result.failure;
}

}  // namespace
