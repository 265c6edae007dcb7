// The whole server in this process (SQLite, keys in memory): log-in and its refusals, one session
// per account, time-outs, sectors, a full journal, and what is in the database afterwards.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "server/chat_service.h"
#include "server/check_config.h"
#include "server/from_config.h"
#include "tests/support/fake_services.h"
#include "tests/support/service_config.h"
#include "tests/support/storage_support.h"
#include "tests/support/task_input.h"
#include "tests/support/test_player.h"

namespace {

using test::Player;

// The rows of one column, as text.
std::vector<std::string> Select(const std::filesystem::path& folder, const char* sql) {
  sqlite3* database = nullptr;
  std::vector<std::string> rows;
  if (sqlite3_open((folder / "chat.db").string().c_str(), &database) == SQLITE_OK) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) == SQLITE_OK) {
      while (sqlite3_step(statement) == SQLITE_ROW) {
        rows.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
      }
    }
    sqlite3_finalize(statement);
  }
  sqlite3_close(database);
  return rows;
}

class ChatServiceTest : public ::testing::Test {
 protected:
  void SetUp() override { config_ = course_test::SmallConfig(folder_); }
  void TearDown() override {
    clients_.Stop();
    players_.clear();
    if (service_) {
      const server::Summary summary = service_->Shutdown();
      EXPECT_TRUE(summary.clean());
      service_.reset();
    }
  }

  void StartServer() {
    service_ = std::make_unique<server::ChatService>(config_);
    const net::Status status = service_->Start();
    ASSERT_TRUE(status.ok()) << status.error();
    if (!std::exchange(clients_started_, true)) {
      ASSERT_TRUE(clients_.Start().ok());
    }
  }
  client::Ticket TicketOf(const std::string& name, const std::string& password = "secret") {
    std::vector<client::Ticket> tickets;
    const net::Status status = client::FetchTickets(
        {0x7F000001, service_->auth_port()}, {name}, password, test::kPatience,
        [] { return false; }, tickets);
    EXPECT_TRUE(status.ok()) << status.error();
    return tickets.at(0);
  }
  Player& Connect() {
    players_.push_back(std::make_unique<Player>());
    const net::Status status = clients_.Connect({0x7F000001, service_->port()}, *players_.back());
    EXPECT_TRUE(status.ok()) << status.error();
    return *players_.back();
  }
  // Logged in as `name`, in `room`.
  Player& Join(const std::string& name, std::uint32_t room) {
    Player& player = Connect();
    player.LogIn(TicketOf(name));
    const auto answer = player.AwaitLogin();
    EXPECT_TRUE(answer && answer->success());
    EXPECT_TRUE(player.Enter(room));
    return player;
  }

  const storage_test::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
  config::Config config_;
  std::unique_ptr<server::ChatService> service_;
  client::ClientService clients_{{.session_max = 16, .worker_threads = 1}};
  bool clients_started_ = false;
  std::vector<std::unique_ptr<Player>> players_;
};

// A build without prometheus-cpp (Windows) cannot start with it.
TEST_F(ChatServiceTest, WithMetricsItStartsWhereTheCheckSaysSo) {
  config_.monitor.metrics = true;
  config_.monitor.metrics_port = 0;
  server::ChatService service(config_);
  const bool starts = service.Start().ok();
  service.Shutdown();
  bool fine = true;
  for (const config::Check& check : server::ConfigProbes("chat_server").options) {
    fine = fine && check(config_).empty();
  }
  EXPECT_EQ(fine, starts);
}

TEST_F(ChatServiceTest, WhatIsHeardIsInTheDatabase) {
  TASK_INPUT("07e.6", "three clients in two rooms, room and sector chat, then Shutdown");
  StartServer();
  Player& one = Join("one", 1);
  Player& two = Join("two", 1);
  Player& distant = Join("far", 2);
  one.Say("안녕하세요");
  EXPECT_TRUE(two.Hears("안녕하세요"));
  EXPECT_TRUE(one.Hears("안녕하세요"));
  two.SayToSector("near me");  // all stand where one comes in
  EXPECT_TRUE(distant.Hears("near me"));
  ASSERT_TRUE(distant.MoveTo(0, 0));
  two.SayToSector("still here");
  EXPECT_TRUE(one.Hears("still here"));
  ASSERT_TRUE(distant.MoveTo(0, 1));  // a round trip through the grid: it has delivered all before
  EXPECT_EQ(distant.Now().sector_chats.size(), 1U);
  service_->Shutdown();
  EXPECT_EQ(Select(folder_, "SELECT msg FROM chat_log ORDER BY id"),
            (std::vector<std::string>{"안녕하세요", "near me", "still here"}));
  EXPECT_EQ(Select(folder_, "SELECT count(*) FROM login_log WHERE what = 1"),
            std::vector<std::string>{"3"});
  EXPECT_EQ(Select(folder_, "SELECT count(*) FROM login_log WHERE what = 2"),
            std::vector<std::string>{"3"});
  EXPECT_EQ(Select(folder_, "SELECT count(*) FROM login_log WHERE address LIKE '127.0.0.1:%'"),
            std::vector<std::string>{"6"});
  EXPECT_EQ(Select(folder_, "SELECT count(*) FROM login_log WHERE what = 2 AND reason <> ''"),
            std::vector<std::string>{"3"});
}

TEST_F(ChatServiceTest, AKeyOpensOneSessionAndAWrongOneNone) {
  TASK_INPUT("07a.3", "a forged key, the right one, the right one again");
  StartServer();
  client::Ticket ticket = TicketOf("one");
  ASSERT_EQ(ticket.refusal, Protocol::REFUSAL_NONE);
  EXPECT_EQ(ticket.session_key.size(), 64U);

  Player& thief = Connect();
  client::Ticket forged = ticket;
  forged.session_key[10] = forged.session_key[10] == 'x' ? 'y' : 'x';
  thief.LogIn(forged);
  const auto refused = thief.AwaitLogin();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->reason(), Protocol::REFUSAL_BAD_SESSION_KEY);
  EXPECT_TRUE(thief.AwaitEnd()) << "each guess costs a connection";

  // A wrong key has changed nothing: the right one works, once.
  Player& owner = Connect();
  owner.LogIn(ticket);
  const auto granted = owner.AwaitLogin();
  ASSERT_TRUE(granted);
  EXPECT_TRUE(granted->success());
  EXPECT_EQ(granted->players_size(), 2);
  Player& late = Connect();
  late.LogIn(ticket);
  const auto again = late.AwaitLogin();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->reason(), Protocol::REFUSAL_BAD_SESSION_KEY);
  EXPECT_TRUE(late.AwaitEnd());
  EXPECT_EQ(TicketOf("one", "guess").refusal, Protocol::REFUSAL_BAD_PASSWORD);
}

TEST_F(ChatServiceTest, NothingButALogInBeforeTheLogIn) {
  StartServer();
  Player& player = Connect();
  player.Say("hello?");
  ASSERT_TRUE(player.Await([](const Player::State& now) { return now.chats.size() == 1; }));
  EXPECT_EQ(player.Now().chats[0].reason(), Protocol::REFUSAL_NOT_LOGGED_IN);
  EXPECT_FALSE(player.Enter(1));
  EXPECT_EQ(player.Now().enters[0].reason(), Protocol::REFUSAL_NOT_LOGGED_IN);
  player.SayToSector("hello?");
  ASSERT_TRUE(player.Await([](const Player::State& now) { return now.sector_chats.size() == 1; }));
  EXPECT_EQ(player.Now().sector_chats[0].reason(), Protocol::REFUSAL_NOT_LOGGED_IN);
}

TEST_F(ChatServiceTest, TheOlderSessionOfAnAccountIsToldWhyAndEnds) {
  StartServer();
  Player& older = Join("one", 1);
  Player& friendly = Join("two", 1);
  Player& newer = Join("one", 1);
  ASSERT_TRUE(older.AwaitEnd());
  EXPECT_EQ(older.Now().logins.back().reason(), Protocol::REFUSAL_LOGGED_IN_ELSEWHERE);
  newer.Say("it is me");
  EXPECT_TRUE(friendly.Hears("it is me"));
}

TEST_F(ChatServiceTest, WhoDoesNotLogInInTimeIsSentAway) {
  config_.world.lobby.login_timeout = std::chrono::milliseconds(200);
  config_.world.lobby.check_interval = std::chrono::milliseconds(50);
  StartServer();
  Player& silent = Connect();
  ASSERT_TRUE(silent.AwaitEnd());
  ASSERT_EQ(silent.Now().logins.size(), 1U);
  EXPECT_EQ(silent.Now().logins[0].reason(), Protocol::REFUSAL_LOGIN_TIMEOUT);
}

TEST_F(ChatServiceTest, WhoIsSilentForTooLongIsSentAwayAndAHeartbeatKeepsOneIn) {
  config_.world.lobby.heartbeat_timeout = std::chrono::seconds(3);
  config_.world.lobby.check_interval = std::chrono::milliseconds(50);
  StartServer();
  Player& silent = Join("silent", 1);
  Player& alive = Join("alive", 1);
  std::uint64_t beats = 0;
  while (!silent.Now().over && beats < 600) {
    Protocol::C_HEARTBEAT beat;
    beat.set_client_time(++beats);
    alive.Send(beat);
    ASSERT_TRUE(
        alive.Await([&](const Player::State& now) { return now.heartbeats.size() == beats; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the pace of a client
  }
  ASSERT_TRUE(silent.AwaitEnd());
  EXPECT_EQ(silent.Now().logins.back().reason(), Protocol::REFUSAL_HEARTBEAT_TIMEOUT);
  EXPECT_FALSE(alive.Now().over);
}

TEST(FromConfig, HistorySecondsAreSecondsWhateverTheInterval) {
  config::Config config;
  config.monitor_server.history_s = 60;
  config.monitor.collector.interval = std::chrono::seconds(1);
  EXPECT_EQ(server::MonitorOptions(config).history_points, 60U);
  config.monitor.collector.interval = std::chrono::milliseconds(50);
  EXPECT_EQ(server::MonitorOptions(config).history_points, 1200U);
  config.monitor.collector.interval = std::chrono::minutes(1);
  EXPECT_EQ(server::MonitorOptions(config).history_points, 1U);
}

TEST_F(ChatServiceTest, TheNextOneAfterTheLastPlaceIsToldSo) {
  config_.server.session_max = 2;
  StartServer();
  Player& one = Join("one", 1);
  Connect();
  Player& third = Connect();
  ASSERT_TRUE(third.AwaitEnd());
  ASSERT_EQ(third.Now().logins.size(), 1U);
  EXPECT_EQ(third.Now().logins[0].reason(), Protocol::REFUSAL_SERVER_FULL);
  one.Say("still served");
  EXPECT_TRUE(one.Hears("still served"));
}

TEST_F(ChatServiceTest, ARoomThatIsFullRefusesAndAnotherOneIsOpen) {
  config_.world.room_members_max = 2;
  StartServer();
  Join("one", 1);
  Player& two = Join("two", 1);
  Player& three = Connect();
  three.LogIn(TicketOf("three"));
  ASSERT_TRUE(three.AwaitLogin());
  EXPECT_FALSE(three.Enter(1));
  EXPECT_EQ(three.Now().enters[0].reason(), Protocol::REFUSAL_ROOM_FULL);
  EXPECT_TRUE(three.Enter(2));
  three.Say("in another room");
  EXPECT_TRUE(three.Hears("in another room"));
  EXPECT_TRUE(two.Now().chats.empty());
}

// Not on the grid, not in the database, in no room.
TEST_F(ChatServiceTest, WhoWasRefusedByAFullRoomLeavesNoTrace) {
  config_.world.room_members_max = 2;
  StartServer();
  Player& one = Join("one", 1);
  Join("two", 1);
  Player& three = Connect();
  three.LogIn(TicketOf("three"));
  ASSERT_TRUE(three.AwaitLogin());
  ASSERT_FALSE(three.Enter(1));
  one.SayToSector("where are you?");
  EXPECT_TRUE(one.Hears("where are you?"));
  three.SayToSector("here");
  ASSERT_TRUE(three.Await([](const Player::State& now) { return !now.sector_chats.empty(); }));
  EXPECT_EQ(three.Now().sector_chats[0].reason(), Protocol::REFUSAL_NOT_IN_ROOM);
  EXPECT_TRUE(three.Now().moves.empty()) << "it stands nowhere";
  three.Close();
  ASSERT_TRUE(three.AwaitEnd());
  service_->Shutdown();
  EXPECT_EQ(Select(folder_, "SELECT count(*) FROM login_log WHERE what = 2"),
            std::vector<std::string>{"3"});
}

// What others get has the name that was chosen at registration, and no number of an account.
TEST_F(ChatServiceTest, OthersSeeTheNameAndNoAccountNumber) {
  StartServer();
  Player& one = Join("민지 K", 1);
  Player& two = Join("e\u0301", 1);  // in NFD
  one.Say("hi");
  ASSERT_TRUE(two.Hears("hi"));
  two.SayToSector("hello");
  ASSERT_TRUE(one.Hears("hello"));
  EXPECT_EQ(two.Now().chats[0].name(), "민지 K");
  EXPECT_EQ(one.Now().sector_chats[0].name(), "\u00E9") << "in NFC";
  const Player::State now = two.Now();
  const auto& inside = now.enters[0].players();
  ASSERT_EQ(inside.size(), 2);
  EXPECT_EQ(inside[0].name(), "민지 K");
  EXPECT_EQ(TicketOf("MINJI\u200B").refusal, Protocol::REFUSAL_BAD_NAME);
}

TEST(ChatServer, WhatCannotBeWrittenDownIsNotSaid) {
  TASK_INPUT("07c.1", "a chronicle that says no, then yes");
  course_test::FakeServices fakes;
  net::ServerOptions options;
  options.session_max = 4;
  options.worker_threads = 2;
  chat::ChatServer server(options, {}, {}, chat::ChatServices{fakes, fakes, fakes});
  ASSERT_TRUE(server.Start().ok());
  client::ClientService clients({.session_max = 4, .worker_threads = 1});
  ASSERT_TRUE(clients.Start().ok());
  Player one, two, late;
  std::uint64_t account = 0;
  for (Player* player : {&one, &two}) {
    ASSERT_TRUE(clients.Connect({0x7F000001, server.port()}, *player).ok());
    player->LogIn({Protocol::REFUSAL_NONE, ++account, "any"});
    ASSERT_TRUE(player->AwaitLogin());
    ASSERT_TRUE(player->Enter(0));
  }
  fakes.full.store(true);
  one.Say("lost");
  ASSERT_TRUE(one.Await([](const Player::State& now) { return now.chats.size() == 1; }));
  EXPECT_EQ(one.Now().chats[0].reason(), Protocol::REFUSAL_NOT_STORED);
  one.SayToSector("lost too");
  ASSERT_TRUE(one.Await([](const Player::State& now) { return now.sector_chats.size() == 1; }));
  EXPECT_EQ(one.Now().sector_chats[0].reason(), Protocol::REFUSAL_NOT_STORED);
  ASSERT_TRUE(clients.Connect({0x7F000001, server.port()}, late).ok());
  late.LogIn({Protocol::REFUSAL_NONE, 9, "any"});
  const auto refused = late.AwaitLogin();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->reason(), Protocol::REFUSAL_TRY_LATER);

  fakes.full.store(false);
  one.Say("kept");
  EXPECT_TRUE(two.Hears("kept"));
  EXPECT_EQ(two.Now().chats.size(), 1U) << "nobody has heard what was not written down";
  EXPECT_EQ(fakes.written.load(), 1U);
  late.LogIn({Protocol::REFUSAL_NONE, 9, "any"});
  const auto granted = late.AwaitLogin(2);
  ASSERT_TRUE(granted);
  EXPECT_TRUE(granted->success());
  clients.Stop();
  const chat::ChatServer::StopReport report = server.Stop();
  EXPECT_EQ(report.live_sessions, 0U);
  EXPECT_EQ(report.outstanding_operations, 0U);
}

TEST_F(ChatServiceTest, AServerThatStopsTellsEverybodyAndLosesNothing) {
  TASK_INPUT("07e.6", "15 messages in a room, then Shutdown");
  StartServer();
  Player& one = Join("one", 1);
  Player& two = Join("two", 1);
  for (int i = 0; i < 15; ++i) one.Say("message " + std::to_string(i));
  ASSERT_TRUE(two.Hears("message 14"));
  const server::Summary summary = service_->Shutdown();
  EXPECT_TRUE(summary.clean());
  EXPECT_EQ(summary.talk, 15U);
  EXPECT_EQ(summary.drain.left, 0U);
  EXPECT_TRUE(one.AwaitEnd());
  EXPECT_TRUE(two.AwaitEnd());
  EXPECT_EQ(Select(folder_, "SELECT count(*) FROM chat_log"), std::vector<std::string>{"15"});
}

TEST(LogOptionsOfTheServers, EachProgramHasAFileOfItsOwn) {
  config::Config config;
  EXPECT_EQ(server::LogOptions(config, "auth_server").file, "var/log/auth_server.log");
  EXPECT_EQ(server::LogOptions(config, "chat_server").file, "var/log/chat_server.log");
  EXPECT_FALSE(server::LogOptions(config, "chat_server").Validate());
  config.log.file = "one.log";
  EXPECT_EQ(server::LogOptions(config, "chat_server").file, "one.log");
}

}  // namespace
