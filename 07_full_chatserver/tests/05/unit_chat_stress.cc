// The whole server under load: dummy clients talk, and meanwhile others come, break off at every
// step of the way in, and go. Nobody misses anything, and everything is freed.
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "server/chat_service.h"
#include "support/client/dummy_crowd.h"
#include "support/client/tickets.h"
#include "tests/support/service_config.h"
#include "tests/support/storage_support.h"
#include "tests/support/test_support.h"

namespace {

using course_test::kDeadline;

int StressFactor() {
  const char* const given = std::getenv("COURSE_STRESS");
  return given ? std::max(1, std::atoi(given)) : 1;
}

// The whole server in this process, with four workers.
struct Service {
  explicit Service(std::uint32_t rooms = 4) : service(Config(folder.path(), rooms)) {}
  static config::Config Config(const std::string& folder, std::uint32_t rooms) {
    config::Config config = course_test::SmallConfig(folder);
    config.server.worker_threads = 4;
    config.server.running_threads = 4;
    config.server.session_max = 1000;
    config.world.rooms = rooms;
    config.world.limits.requests.per_second = 0;
    return config;
  }
  client::CrowdOptions Crowd() const {
    client::CrowdOptions options;
    options.server = {0x7F000001, service.port()};
    options.auth = {0x7F000001, service.auth_port()};
    options.sector_every = 0;
    return options;
  }

  const storage_test::TemporaryFolder folder;
  server::ChatService service;
};

void ExpectNothingLeft(Service& server) {
  const server::Summary summary = server.service.Shutdown();
  EXPECT_TRUE(summary.clean());
  EXPECT_EQ(chat::LiveObjects<chat::GameSession>::count(), 0);
  EXPECT_EQ(chat::LiveObjects<chat::Player>::count(), 0);
  EXPECT_EQ(net::Packet::LiveCount(), 0);
}

class ChatStress : public testing::Test {
 protected:
  static void SetUpTestSuite() { spdlog::set_level(spdlog::level::warn); }  // hundreds come and go
};

// A client that goes away after `steps` of its requests, without waiting for answers but the one to
// its log-in.
class Quitter final : public client::ServerSession {
 public:
  Quitter(std::uint32_t room, unsigned steps, client::Ticket ticket)
      : room_(room), steps_(steps), ticket_(std::move(ticket)) {}

 private:
  void OnConnected() override {
    Protocol::C_LOGIN login;
    login.set_account(ticket_.account);
    login.set_session_key(ticket_.session_key);
    if (steps_ > 0) Send(login);
    if (steps_ < 2) Close();
  }
  void OnLogin(const Protocol::S_LOGIN&) override {
    Protocol::C_ENTER_GAME enter;
    enter.set_room_id(room_);
    Protocol::C_CHAT chat;
    chat.set_msg("I was here");
    if (steps_ > 1) Send(enter);
    if (steps_ > 2) Send(chat);
    if (steps_ > 3) Send(Protocol::C_LEAVE_GAME());
    if (steps_ > 4) Send(enter);
    Close();
  }

  const std::uint32_t room_;
  const unsigned steps_;
  const client::Ticket ticket_;
};

TEST_F(ChatStress, QuittersDisturbNobodyAndEverythingIsFreed) {
  const std::uint64_t seed = course_test::TestSeed();
  Service server;
  ASSERT_EQ(server.service.Start().error(), "");
  {
    client::CrowdOptions options = server.Crowd();
    options.sessions = 20;
    options.rooms = 2;
    options.worker_threads = 2;
    options.seed = seed;
    client::DummyCrowd crowd(options);
    ASSERT_EQ(crowd.Enter(kDeadline).error(), "");

    std::jthread quitters([&server, seed](const std::stop_token& stop) {
      std::mt19937_64 dice(seed);
      std::vector<std::string> names;
      for (int i = 0; i < 16; ++i) names.push_back("quitter" + std::to_string(i));
      while (!stop.stop_requested()) {
        std::vector<client::Ticket> tickets;
        ASSERT_EQ(
            client::FetchTickets(
                server.Crowd().auth, names, "password", kDeadline, [] { return false; }, tickets)
                .error(),
            "");
        std::vector<std::unique_ptr<Quitter>> sessions;
        client::ClientService service({.session_max = 16, .worker_threads = 1});
        ASSERT_EQ(service.Start().error(), "");
        for (int i = 0; i < 16; ++i) {
          sessions.push_back(std::make_unique<Quitter>(static_cast<std::uint32_t>(dice() % 2),
                                                       static_cast<unsigned>(dice() % 6),
                                                       tickets[static_cast<std::size_t>(i)]));
          ASSERT_EQ(service.Connect(server.Crowd().server, *sessions.back()).error(), "");
        }
        // Who waits for an answer to the log-in gets it, unless the end comes first.
        if (dice() % 4 != 0) {
          EXPECT_TRUE(course_test::Eventually([&sessions] {
            return std::none_of(sessions.begin(), sessions.end(),
                                [](const auto& session) { return session->connected(); });
          }));
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
  Service server(1000);
  ASSERT_EQ(server.service.Start().error(), "");
  const std::uint32_t sessions = course_test::RunningUnderWine() ? 100 : 200;
  {
    client::CrowdOptions options = server.Crowd();
    options.sessions = sessions;
    options.rooms = sessions / 2;
    options.first_room = 1000 - options.rooms;
    client::DummyCrowd crowd(options);
    ASSERT_EQ(crowd.Enter(kDeadline).error(), "");
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
    Service server;
    ASSERT_EQ(server.service.Start().error(), "");
    client::CrowdOptions options = server.Crowd();
    options.sessions = 30;
    client::DummyCrowd crowd(options);
    ASSERT_EQ(crowd.Enter(kDeadline).error(), "");
    std::thread talk([&crowd] { crowd.Talk(100, 30); });
    EXPECT_TRUE(course_test::Eventually([&crowd] { return crowd.received() > 1000; }));
    const server::Summary summary = server.service.Shutdown();
    talk.join();  // the talk ends when the connections do
    EXPECT_TRUE(summary.clean());
    EXPECT_GT(crowd.Report().disconnected, 0u);
  }
}

}  // namespace
