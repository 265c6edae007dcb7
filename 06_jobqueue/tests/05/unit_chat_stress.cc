// The whole server under load: dummy clients talk, and meanwhile others come, break off at every
// step of the way in, and go. Nobody misses anything, and everything is freed.
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "chat/chat_server.h"
#include "support/client/dummy_crowd.h"
#include "tests/support/test_support.h"

namespace {

using course_test::kDeadline;

int StressFactor() {
  const char* const given = std::getenv("COURSE_STRESS");
  return given ? std::max(1, std::atoi(given)) : 1;
}

net::PeerAddress AddressOf(const chat::ChatServer& server) {
  return {0x7F000001, server.port()};
}

void ExpectNothingLeft(chat::ChatServer& server) {
  const auto report = server.Stop();  // from 06 on it says more than net::StopReport
  EXPECT_EQ(report.live_sessions, 0u);
  EXPECT_EQ(report.outstanding_operations, 0u);
  EXPECT_EQ(chat::LiveObjects<chat::GameSession>::count(), 0);
  EXPECT_EQ(chat::LiveObjects<chat::Player>::count(), 0);
  EXPECT_EQ(net::Packet::LiveCount(), 0);
}

net::ServerOptions FourWorkers() {
  net::ServerOptions options;
  options.worker_threads = 4;
  options.running_threads = 4;
  return options;
}

class ChatStress : public testing::Test {
 protected:
  static void SetUpTestSuite() { spdlog::set_level(spdlog::level::warn); }  // hundreds come and go
};

// A client that goes away after `steps` of its requests, without waiting for answers.
class Quitter final : public client::ServerSession {
 public:
  Quitter(std::uint32_t room, unsigned steps) : room_(room), steps_(steps) {}

 private:
  void OnConnected() override {
    Protocol::C_ENTER_GAME enter;
    enter.set_room_id(room_);
    Protocol::C_CHAT chat;
    chat.set_msg("I was here");
    if (steps_ > 0) Send(Protocol::C_LOGIN());
    if (steps_ > 1) Send(enter);
    if (steps_ > 2) Send(chat);
    if (steps_ > 3) Send(Protocol::C_LEAVE_GAME());
    if (steps_ > 4) Send(enter);
    Close();
  }

  const std::uint32_t room_;
  const unsigned steps_;
};

TEST_F(ChatStress, QuittersDisturbNobodyAndEverythingIsFreed) {
  const std::uint64_t seed = course_test::TestSeed();
  chat::ChatServer server(FourWorkers(), {});
  ASSERT_EQ(server.Start().error(), "");
  {
    client::CrowdOptions options;
    options.server = AddressOf(server);
    options.sessions = 20;
    options.rooms = 2;
    options.worker_threads = 2;
    options.seed = seed;
    client::DummyCrowd crowd(options);
    ASSERT_EQ(crowd.Enter(kDeadline).error(), "");

    std::jthread quitters([&server, seed](const std::stop_token& stop) {
      std::mt19937_64 dice(seed);
      while (!stop.stop_requested()) {
        std::vector<std::unique_ptr<Quitter>> sessions;
        client::ClientService service({.session_max = 16, .worker_threads = 1});
        ASSERT_EQ(service.Start().error(), "");
        for (int i = 0; i < 16; ++i) {
          sessions.push_back(std::make_unique<Quitter>(static_cast<std::uint32_t>(dice() % 2),
                                                       static_cast<unsigned>(dice() % 6)));
          ASSERT_EQ(service.Connect(AddressOf(server), *sessions.back()).error(), "");
        }
        service.Stop();
      }
    });
    crowd.Talk(50, 1.0 * StressFactor());
    EXPECT_TRUE(crowd.AwaitEverything(kDeadline));
    quitters.request_stop();
    quitters.join();
    const client::CrowdReport report = crowd.Report();
    EXPECT_TRUE(report.clean()) << "missing " << report.missing << ", duplicated "
                                << report.duplicated << ", out of order " << report.out_of_order
                                << ", disconnected " << report.disconnected;
  }
  ExpectNothingLeft(server);
}

TEST_F(ChatStress, AThousandRooms) {
  chat::ChatServer server(FourWorkers(), {.rooms = 1000, .max_message_bytes = 1000});
  ASSERT_EQ(server.Start().error(), "");
  const std::uint32_t sessions = course_test::RunningUnderWine() ? 100 : 200;
  {
    client::CrowdOptions options;
    options.server = AddressOf(server);
    options.sessions = sessions;
    options.rooms = sessions / 2;
    options.first_room = 1000 - options.rooms;
    client::DummyCrowd crowd(options);
    ASSERT_EQ(crowd.Enter(kDeadline).error(), "");
    for (std::uint32_t room = options.first_room; room < 1000; ++room) {
      EXPECT_EQ(server.world().FindRoom(room)->size(), 2u);
    }
    crowd.Talk(5, 1);
    EXPECT_TRUE(crowd.AwaitEverything(kDeadline));
    const client::CrowdReport report = crowd.Report();
    EXPECT_EQ(report.received, 2 * report.sent);
    EXPECT_TRUE(report.clean());
  }
  ExpectNothingLeft(server);
}

TEST_F(ChatStress, StopsInTheMiddleOfTheTalk) {
  for (int round = 0; round < 3; ++round) {
    chat::ChatServer server(FourWorkers(), {});
    ASSERT_EQ(server.Start().error(), "");
    client::CrowdOptions options;
    options.server = AddressOf(server);
    options.sessions = 30;
    client::DummyCrowd crowd(options);
    ASSERT_EQ(crowd.Enter(kDeadline).error(), "");
    std::thread talk([&crowd] { crowd.Talk(100, 30); });
    EXPECT_TRUE(course_test::Eventually([&crowd] { return crowd.received() > 1000; }));
    EXPECT_EQ(server.Stop().live_sessions, 0u);
    talk.join();  // the talk ends when the connections do
    EXPECT_GT(crowd.Report().disconnected, 0u);
    ExpectNothingLeft(server);
  }
}

}  // namespace
