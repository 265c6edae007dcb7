// Clients that ask for too much, on the whole server with real connections: what the others get
// stays bounded, and who behaves is served.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "client_packet_handler.h"
#include "support/client/client_service.h"
#include "tests/support/chat_talker.h"
#include "tests/support/fake_services.h"
#include "tests/support/job_test_support.h"
#include "tests/support/test_player.h"
#include "tests/support/test_world.h"

namespace {

using namespace std::chrono_literals;
using test::Player;
using Clock = std::chrono::steady_clock;

net::ServerOptions Net() {
  net::ServerOptions options;
  options.session_max = 100;
  options.worker_threads = 2;
  return options;
}

// A chat server that lets everybody in, and its clients.
struct Rig {
  explicit Rig(const chat::WorldOptions& world, const net::ServerOptions& net = Net())
      : server(net, world, {.threads = 2}, chat::ChatServices{fakes, fakes, fakes}) {
    EXPECT_TRUE(server.Start().ok());
    EXPECT_TRUE(clients.Start().ok());
  }
  ~Rig() {
    clients.Stop();
    const chat::ChatServer::StopReport report = server.Stop();
    EXPECT_EQ(report.live_sessions, 0U);
    EXPECT_EQ(report.outstanding_operations, 0U);
  }
  Player& Connect() {
    players.emplace_back();
    EXPECT_TRUE(clients.Connect({0x7F000001, server.port()}, players.back()).ok());
    return players.back();
  }
  Player& LogIn(std::uint64_t account) {
    Player& player = Connect();
    player.LogIn({Protocol::REFUSAL_NONE, account, "any"});
    const auto answer = player.AwaitLogin();
    EXPECT_TRUE(answer && answer->success());
    return player;
  }
  Player& Join(std::uint64_t account, std::uint32_t room = 0) {
    Player& player = LogIn(account);
    EXPECT_TRUE(player.Enter(room));
    return player;
  }
  bool AwaitReceived(std::uint64_t packets) {
    const auto deadline = Clock::now() + test::kPatience;
    while (server.traffic().recv_packets < packets) {
      if (Clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  course_test::FakeServices fakes;
  chat::ChatServer server;
  client::ClientService clients{{.session_max = 100, .worker_threads = 1}};
  std::deque<Player> players;
};

double Seconds(Clock::time_point since) {
  return std::chrono::duration<double>(Clock::now() - since).count();
}

std::size_t Reasons(const Player::State& state, Protocol::Refusal reason) {
  std::size_t count = 0;
  for (const auto& chat : state.chats) count += chat.reason() == reason ? 1U : 0U;
  for (const auto& chat : state.sector_chats) count += chat.reason() == reason ? 1U : 0U;
  return count;
}

// --- what one client asks for ---------------------------------------------------------------------

TEST(ChatLimits, EnteringAndLeavingOverAndOverReachesNobody) {
  constexpr int kRounds = 3000;
  Rig rig({.limits = {{20, 40}, 1e6}, .rooms = 1});
  std::vector<Player*> witnesses;
  for (std::uint64_t i = 0; i < 30; ++i) witnesses.push_back(&rig.Join(100 + i));
  Player& flood = rig.LogIn(1);
  // The last newcomer has been told to all.
  witnesses[0]->Say("ready");
  for (Player* witness : witnesses) ASSERT_TRUE(witness->Hears("ready"));
  const std::size_t news = witnesses[0]->Now().news;
  const net::TrafficTotals before = rig.server.traffic();
  const auto start = Clock::now();
  for (int i = 0; i < kRounds; ++i) {
    flood.Send(Protocol::C_ENTER_GAME());
    flood.Send(Protocol::C_LEAVE_GAME());
  }
  ASSERT_TRUE(rig.AwaitReceived(before.recv_packets + 2 * kRounds));
  const double granted = 40 + 20 * Seconds(start);
  witnesses[0]->Say("quiet here");
  for (Player* witness : witnesses) ASSERT_TRUE(witness->Hears("quiet here"));
  // Coming and going costs six tokens, and is two news.
  EXPECT_LE(static_cast<double>(witnesses[0]->Now().news - news), 2 * (granted / 5 + 1));
  EXPECT_GT(rig.server.over_limit(), 0U);
  const double sent = static_cast<double>(rig.server.traffic().send_packets - before.send_packets);
  EXPECT_LE(sent, (granted + 2) * 31 + 100) << "packets out for " << 2 * kRounds << " in";
  EXPECT_FALSE(flood.Now().over) << "it is refused, and may live";
  EXPECT_EQ(Reasons(witnesses[0]->Now(), Protocol::REFUSAL_TOO_FAST), 0U);
}

TEST(ChatLimits, WhoGoesOnIsSentAwayAndComesBackToTheSameBudget) {
  Rig rig({.limits = {{5, 10}, 50}, .rooms = 1});
  Player& witness = rig.Join(2);
  const auto start = Clock::now();
  Player& flood = rig.Join(1);
  for (int i = 0; i < 500; ++i) flood.Say("spam");
  ASSERT_TRUE(flood.AwaitEnd());
  const double granted = 10 + 5 * Seconds(start);
  EXPECT_LE(static_cast<double>(flood.Now().chats.size()), granted + Seconds(start) + 2)
      << "refusals are told once a second";
  // (Its last packet says why; a client that only sends may be reset before it has read that.)
  EXPECT_GE(rig.server.over_limit(), 50U);
  witness.Say("peace");
  ASSERT_TRUE(witness.Hears("peace"));
  EXPECT_LE(static_cast<double>(witness.Now().chats.size()), granted + 2);
  // A new connection is no new budget.
  Player& again = rig.LogIn(1);
  for (int i = 0; i < 100; ++i) again.Send(Protocol::C_HEARTBEAT());
  EXPECT_TRUE(again.AwaitEnd());
  EXPECT_LT(again.Now().heartbeats.size(), 50U);
}

TEST(ChatLimits, HeartbeatsBeforeTheLogInAreLimitedToo) {
  Rig rig({.limits = {{5, 10}, 50}, .rooms = 1});
  Player& stranger = rig.Connect();
  const auto start = Clock::now();
  for (int i = 0; i < 500; ++i) stranger.Send(Protocol::C_HEARTBEAT());
  ASSERT_TRUE(stranger.AwaitEnd());
  EXPECT_LE(static_cast<double>(stranger.Now().heartbeats.size()), 10 + 5 * Seconds(start) + 1);
}

// --- what becomes of it ---------------------------------------------------------------------------

class FanOut : public testing::TestWithParam<bool> {};

TEST_P(FanOut, ARoomAndASectorSendNoMoreThanTheirBudget) {
  const bool sector = GetParam();
  constexpr double kBytes = 200'000;  // a second
  constexpr std::size_t kText = 500;
  Rig rig({.limits = {{0, 1}, 1}, .fan_out_bytes_per_second = kBytes, .rooms = 1});
  std::vector<Player*> inside;
  for (std::uint64_t i = 0; i < 20; ++i) inside.push_back(&rig.Join(1 + i));
  Player& honest = *inside[19];
  const auto say = [&](Player& player, const std::string& text) {
    sector ? player.SayToSector(text) : player.Say(text);
  };
  const auto start = Clock::now();
  for (int i = 0; i < 200; ++i) {
    for (std::size_t k = 0; k < 5; ++k) say(*inside[k], std::string(kText, 'x'));
  }
  ASSERT_TRUE(rig.AwaitReceived(rig.players.size() * 2 + 1000));
  say(honest, "let me speak");
  for (Player* player : inside) ASSERT_TRUE(player->Hears("let me speak"));
  const double seconds = Seconds(start);
  const Player::State heard = honest.Now();
  const std::size_t messages = sector ? heard.sector_chats.size() : heard.chats.size();
  EXPECT_LE(static_cast<double>(messages * kText * inside.size()), kBytes * (1 + seconds));
  EXPECT_GE(messages, 2U);
  EXPECT_EQ(Reasons(heard, Protocol::REFUSAL_ROOM_BUSY), 0U) << "who rarely speaks is not refused";
  const std::size_t told = Reasons(inside[0]->Now(), Protocol::REFUSAL_ROOM_BUSY);
  EXPECT_GE(told, 1U);
  EXPECT_LE(static_cast<double>(told), 1 + seconds);
}

INSTANTIATE_TEST_SUITE_P(Places, FanOut, testing::Bool(),
                         [](const auto& place) { return place.param ? "Sector" : "Room"; });

// --- who is not inside ----------------------------------------------------------------------------

// It does not read, so its last packet cannot leave; what it says meanwhile is nobody's business.
TEST(ChatLimits, ADroppedSessionIsNotHeardAnyMore) {
  net::ServerOptions net = Net();
  net.socket_options.send_buffer = 4096;
  net.linger_ms = 60'000;
  Rig rig({.limits = {{0, 1}, 1}, .rooms = 1}, net);
  Player& witness = rig.Join(2);
  support::TcpClient older(rig.server.port());
  Protocol::C_LOGIN login;
  login.set_account(1);
  ASSERT_TRUE(
      older.Send(course_test::ChatFrame(Protocol::PACKET_C_LOGIN, 1, login.SerializeAsString())));
  std::string in;  // until it has been let in: in the lobby it may enter
  while (in.size() < 20) in += older.Receive(1);
  ASSERT_TRUE(older.Send(course_test::ChatFrame(Protocol::PACKET_C_ENTER_GAME, 2, "")));
  ASSERT_TRUE(witness.Await([](const Player::State& now) { return now.news == 1; }));
  // More than the sockets take, less than what ends a session.
  for (int i = 0; i < 400; ++i) witness.Say(std::string(1000, 'x'));
  witness.Say("said");
  ASSERT_TRUE(witness.Hears("said"));

  Player& newer = rig.Join(1);
  ASSERT_EQ(rig.server.live_sessions(), 3U) << "the older one is still there";
  const std::uint64_t received = rig.server.traffic().recv_packets;
  Protocol::C_CHAT ghost;
  ghost.set_msg("ghost");
  for (std::uint32_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(older.Send(
        course_test::ChatFrame(Protocol::PACKET_C_CHAT, 3 + i, ghost.SerializeAsString())));
  }
  ASSERT_TRUE(rig.AwaitReceived(received + 3));
  newer.Say("it is me");
  ASSERT_TRUE(witness.Hears("it is me"));
  for (const auto& chat : witness.Now().chats) EXPECT_NE(chat.msg(), "ghost");
  ASSERT_EQ(rig.server.live_sessions(), 3U) << "and was there all the time";
  const auto deadline = Clock::now() + test::kPatience;
  while (rig.server.players() != 2 && Clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(rig.server.players(), 2U) << "it has left its room";
}

TEST(ChatLimits, JobsOfTheGridTakePermits) {
  course_test::FakeSender sender;
  std::array<chat::JobBudget, 4> budgets;
  job::UpdateThreads threads;
  course_test::TestWorld world({.rooms = 1, .client_jobs = 5}, sender, threads);
  course_test::TestSession session(net::SessionId::Make(1, 1), world, budgets[1]);
  session.LetIn();
  chat::Handle_C_ENTER_GAME(session, {});
  for (std::uint32_t i = 0; i < 2; ++i) {
    Protocol::C_MOVE_SECTOR move;
    move.set_x(i);
    chat::Handle_C_MOVE_SECTOR(session, move);
    Protocol::C_SECTOR_CHAT talk;
    talk.set_msg("waits");
    chat::Handle_C_SECTOR_CHAT(session, talk);
  }
  EXPECT_EQ(budgets[1].out(), 5U);
  EXPECT_TRUE(sender.Take(session.id()).empty());
  Protocol::C_SECTOR_CHAT talk;
  talk.set_msg("one too many");
  chat::Handle_C_SECTOR_CHAT(session, talk);
  const auto refused = sender.Take(session.id());
  ASSERT_EQ(refused.size(), 1U);
  Protocol::S_SECTOR_CHAT answer;
  ASSERT_TRUE(
      answer.ParseFromArray(refused[0].body.data(), static_cast<int>(refused[0].body.size())));
  EXPECT_EQ(answer.reason(), Protocol::REFUSAL_TOO_MANY_REQUESTS);
  threads.Start();
  EXPECT_TRUE(threads.Stop(job::StopPolicy::kDrain, job_test::kDeadline).drained);
  EXPECT_EQ(budgets[1].out(), 0U);
}

}  // namespace
