// A room of 34,000: coming and going cost it what they cost a room of 1,000, and whoever comes can
// take what he is told, however little that is.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "chat/chat_server.h"
#include "tests/support/fake_services.h"
#include "tests/support/job_test_support.h"
#include "tests/support/test_player.h"
#include "tests/support/test_world.h"

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kFew = 1000;
constexpr std::uint32_t kMany = 34'000;
constexpr std::uint32_t kFirstMember = 1U << 20;  // a session that no server of this test has

struct Work {
  std::size_t sends = 0;
  std::size_t seals = 0;
  std::size_t bytes = 0;  // of what was sealed
};

class CountingSender final : public chat::SessionSender {
 public:
  void Send(net::SessionId, const net::PacketRef& packet) override {
    if (!packet->sealed()) Seal(*packet);
    const std::lock_guard lock(lock_);
    ++work_.sends;
  }
  void SendLast(net::SessionId to, const net::PacketRef& packet, const char*) override {
    Send(to, packet);
  }
  void Finish(net::SessionId) override {}
  void Trust(net::SessionId) override {}
  std::unique_ptr<net::SendTurn> BeginTurn() override { return nullptr; }
  void Seal(net::Packet& packet) override {
    packet.Seal(0xA9, 0x17);
    const std::lock_guard lock(lock_);
    ++work_.seals;
    work_.bytes += packet.frame().size();
  }
  Work work() {
    const std::lock_guard lock(lock_);
    return work_;
  }

 private:
  std::mutex lock_;
  Work work_;  // guarded by lock_
};

chat::StayRef MakeStay(std::uint32_t number, const std::string& name) {
  const std::uint32_t index = kFirstMember + number;  // as long in all encodings
  return std::make_shared<chat::Stay>(std::make_shared<const chat::Player>(chat::Player{
      index, name, Protocol::PLAYER_TYPE_MAGE, net::SessionId::Make(1, index), {}, index}));
}

void Settle(job::ReadyQueue& ready) {
  const auto deadline = std::chrono::steady_clock::now() + job_test::kDeadline;
  while (ready.BusyQueues() != 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }
}

// A room with so many inside, on a clock by hand: news wait, so that what one coming or going costs
// can be told from what everybody hears of it later, in one packet for all of them.
struct Crowded {
  explicit Crowded(std::uint32_t members) {
    threads.Start();
    while (stays.size() < members) Enter();
    TellTheNews();
  }
  ~Crowded() { threads.Stop(job::StopPolicy::kDrain, job_test::kDeadline); }

  chat::Room& room() { return *world.FindRoom(0); }
  void Enter() {
    stays.push_back(MakeStay(static_cast<std::uint32_t>(stays.size()), "somebody"));
    room().Enter(stays.back(), {});
    if (stays.size() % 256 == 0) Settle(threads.Ready());
  }
  void TellTheNews() {
    Settle(threads.Ready());
    const std::uint64_t before = room().flushes();
    const auto deadline = std::chrono::steady_clock::now() + job_test::kDeadline;
    clock.Advance(1s);
    while (room().flushes() == before) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::yield();
    }
    Settle(threads.Ready());
  }
  template <class Deed>
  Work CostOf(Deed deed) {
    Settle(threads.Ready());
    const Work before = sender.work();
    deed();
    Settle(threads.Ready());
    const Work after = sender.work();
    return {after.sends - before.sends, after.seals - before.seals, after.bytes - before.bytes};
  }

  job_test::ManualClock clock;
  CountingSender sender;
  job::UpdateThreads threads{{.threads = 1, .clock = &clock}};
  course_test::TestWorld world{
      {.room_members_max = kMany + 10, .lobby = {.clock = &clock}, .rooms = 1}, sender, threads};
  std::vector<chat::StayRef> stays;
};

TEST(LargeRoom, ComingAndGoingCostWhatTheyCostInASmallOne) {
  struct Costs {
    Work first_leaves, enters, middle_leaves, is_gone, news;
  };
  const auto measure = [](std::uint32_t members) {
    Crowded crowd(members);
    const auto& stays = crowd.stays;
    Costs costs;
    // The first one's place is in the list that newcomers are told: all of it has to be made anew.
    costs.first_leaves = crowd.CostOf([&] { crowd.room().Leave(stays.front(), {}); });
    costs.enters = crowd.CostOf([&] { crowd.Enter(); });
    costs.middle_leaves = crowd.CostOf([&] { crowd.room().Leave(stays[members / 2], {}); });
    costs.is_gone = crowd.CostOf([&] { crowd.room().Gone(stays[members / 3]); });
    costs.news = crowd.CostOf([&] { crowd.TellTheNews(); });
    EXPECT_EQ(crowd.room().size(), members - 2);
    return costs;
  };
  const Costs few = measure(kFew);
  const Costs many = measure(kMany);
  for (const auto cost :
       {&Costs::first_leaves, &Costs::enters, &Costs::middle_leaves, &Costs::is_gone}) {
    EXPECT_LE((many.*cost).sends, 3U);
    EXPECT_EQ((many.*cost).sends, (few.*cost).sends);
    EXPECT_EQ((many.*cost).seals, (few.*cost).seals);
    EXPECT_NEAR(static_cast<double>((many.*cost).bytes), static_cast<double>((few.*cost).bytes), 8)
        << "a larger number is a byte longer";
  }
  // Four news, one send to each.
  EXPECT_EQ(many.news.sends, kMany - 2);
  EXPECT_EQ(few.news.sends, kFew - 2);
}

// Of 34,000 with the longest names, who can be sent 64 KiB: ten megabytes of names would end him.
TEST(LargeRoom, ANewcomerCanTakeWhatHeIsTold) {
  course_test::FakeServices fakes;
  net::ServerOptions net;
  net.session_max = 4;
  net.worker_threads = 1;
  net.receive_buffer = 8192;
  net.receive_memory_max = 64 * 1024;
  net.send_memory_max = 64 * 1024;
  chat::ChatServer server(net, {.room_members_max = kMany + 10, .rooms = 1}, {.threads = 1},
                          chat::ChatServices{fakes, fakes, fakes});
  ASSERT_EQ(server.Start().error(), "");
  chat::Room& room = *server.world().FindRoom(0);
  const std::string longest(255, 'n');
  for (std::uint32_t i = 0; i < kMany; ++i) room.Enter(MakeStay(i, longest), {});
  const auto deadline = std::chrono::steady_clock::now() + job_test::kDeadline;
  while (room.size() < kMany) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }

  client::ClientService clients({.session_max = 1, .worker_threads = 1});
  ASSERT_TRUE(clients.Start().ok());
  test::Player newcomer;
  ASSERT_TRUE(clients.Connect({0x7F000001, server.port()}, newcomer).ok());
  newcomer.LogIn({Protocol::REFUSAL_NONE, 1, "any"});
  ASSERT_TRUE(newcomer.AwaitLogin());
  ASSERT_TRUE(newcomer.Enter(0));
  const Protocol::S_ENTER_GAME told = newcomer.Now().enters.back();
  EXPECT_GT(told.players_size(), 10);
  EXPECT_EQ(static_cast<std::uint32_t>(told.players_size()) + told.unnamed(), kMany + 1);
  newcomer.Say("so many");
  EXPECT_TRUE(newcomer.Hears("so many"));
  EXPECT_FALSE(newcomer.Now().over);
  clients.Stop();
  server.Stop();
}

}  // namespace
