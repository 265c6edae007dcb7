// The whole server on a real disk of 16 MiB that fills up and has room again: what `refuse` and
// `continue` do, what they count, and that both go on afterwards.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/chat_service.h"
#include "tests/support/service_config.h"
#include "tests/support/storage_support.h"
#include "tests/support/test_player.h"

namespace {

using storage_test::WaitUntil;
using test::Player;

class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::mount("course-test", disk_.path().c_str(), "tmpfs", 0, "size=16m") != 0) {
      GTEST_SKIP() << "mounting a small disk is not permitted here";
    }
    mounted_ = true;
    config_ = course_test::SmallConfig(disk_.path());
    config_.world.limits.requests.per_second = 0;
    config_.database.writer.backoff_min = std::chrono::milliseconds(1);
    config_.database.writer.backoff_max = std::chrono::milliseconds(50);
  }
  void TearDown() override {
    clients_.Stop();
    players_.clear();
    service_.reset();
    if (mounted_) ::umount2(disk_.path().c_str(), MNT_DETACH);
  }

  void Start(db::OnFull on_full) {
    config_.database.writer.on_full = on_full;
    service_ = std::make_unique<server::ChatService>(config_);
    ASSERT_EQ(service_->Start().error(), "");
    ASSERT_TRUE(clients_.Start().ok());
  }
  client::Ticket TicketOf(const std::string& name) {
    std::vector<client::Ticket> tickets;
    const net::Status status = client::FetchTickets(
        {0x7F000001, service_->auth_port()}, {name}, "secret", test::kPatience,
        [] { return false; }, tickets);
    EXPECT_EQ(status.error(), "");
    return tickets.at(0);
  }
  Player& Connect() {
    players_.push_back(std::make_unique<Player>());
    EXPECT_TRUE(clients_.Connect({0x7F000001, service_->port()}, *players_.back()).ok());
    return *players_.back();
  }
  Player& Join(const std::string& name) {
    Player& player = Connect();
    player.LogIn(TicketOf(name));
    const auto answer = player.AwaitLogin();
    EXPECT_TRUE(answer && answer->success());
    EXPECT_TRUE(player.Enter(1));
    return player;
  }

  void Fill() {
    std::ofstream ballast(disk_.File("ballast"), std::ios::binary);
    const std::string page(4096, 'x');
    while (ballast.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) {
    }
  }
  void MakeRoom() { std::filesystem::remove(disk_.File("ballast")); }

  // Says the next line; true: it was said (its speaker hears it), false: refused, for the disk.
  bool Say(Player& speaker, std::size_t padding = 200) {
    const std::size_t before = speaker.Now().chats.size();
    const std::string line = std::to_string(++lines_) + std::string(padding, '.');
    speaker.Say(line);
    EXPECT_TRUE(speaker.Await([&](const Player::State& now) { return now.chats.size() > before; }));
    const Protocol::S_CHAT answer = speaker.Now().chats.back();
    if (answer.reason() == Protocol::REFUSAL_NONE) {
      EXPECT_EQ(answer.msg(), line);
      said_.push_back(line);
      return true;
    }
    EXPECT_EQ(answer.reason(), Protocol::REFUSAL_NOT_STORED);
    ++refused_;
    return false;
  }

  // In the order of what was said.
  std::vector<std::string> Stored() {
    std::vector<std::string> rows;
    sqlite3* database = nullptr;
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_open(disk_.File("chat.db").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_prepare_v2(database, "SELECT msg FROM chat_log ORDER BY sequence", -1,
                                 &statement, nullptr),
              SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
      rows.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
    }
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return rows;
  }

  storage_test::TemporaryFolder disk_;
  bool mounted_ = false;
  config::Config config_;
  std::unique_ptr<server::ChatService> service_;
  client::ClientService clients_{{.session_max = 16, .worker_threads = 1}};
  std::vector<std::unique_ptr<Player>> players_;
  int lines_ = 0;
  std::uint64_t refused_ = 0;
  std::vector<std::string> said_;
};

TEST_F(FullDisk, RefuseSaysSoToEverybodyAndGoesOnWhenThereIsRoom) {
  Start(db::OnFull::kRefuse);
  Player& one = Join("one");
  Player& two = Join("two");
  ASSERT_TRUE(Say(one));
  const std::vector<client::Ticket> tickets = {TicketOf("late0"), TicketOf("late1")};
  Fill();
  for (const std::size_t padding :
       {200U, 50U, 0U}) {  // a page that was begun has room for a little
    while (Say(one, padding)) {
    }
  }
  EXPECT_TRUE(
      WaitUntil([&] { return service_->StatusLine().find("database=full") != std::string::npos; }));
  one.SayToSector("not heard");
  ASSERT_TRUE(one.Await([](const Player::State& now) { return now.sector_chats.size() == 1; }));
  EXPECT_EQ(one.Now().sector_chats[0].reason(), Protocol::REFUSAL_NOT_STORED);
  // A log-in needs less room than any chat; there is none for two.
  Protocol::Refusal reason = Protocol::REFUSAL_NONE;
  for (const client::Ticket& ticket : tickets) {
    if (reason != Protocol::REFUSAL_NONE) break;
    Player& late = Connect();
    late.LogIn(ticket);
    const auto answer = late.AwaitLogin();
    ASSERT_TRUE(answer);
    reason = answer->reason();
  }
  EXPECT_EQ(reason, Protocol::REFUSAL_TRY_LATER);
  refused_ += 2;

  MakeRoom();
  EXPECT_TRUE(WaitUntil([&] { return Say(one); }));
  EXPECT_TRUE(two.Hears(said_.back()));
  EXPECT_EQ(two.Now().chats.size(), said_.size()) << "nobody has heard what was refused";
  Player& late = *players_.back();
  late.LogIn(TicketOf("late2"));
  const auto granted = late.AwaitLogin(2);
  ASSERT_TRUE(granted);
  EXPECT_TRUE(granted->success());
  const server::Summary summary = service_->Shutdown();
  EXPECT_TRUE(summary.clean());
  EXPECT_EQ(summary.drain.left, 0U);
  EXPECT_EQ(summary.database.refused, refused_);
  EXPECT_EQ(summary.database.unjournaled, 0U);
  EXPECT_EQ(Stored(), said_) << "all that was said, and nothing that was refused";
}

TEST_F(FullDisk, ContinueTalksOnAndWritesItDownWhenThereIsRoom) {
  Start(db::OnFull::kContinue);
  Player& one = Join("one");
  Player& two = Join("two");
  const client::Ticket ticket = TicketOf("late");
  Fill();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(Say(one));
  EXPECT_TRUE(two.Hears(said_.back()));
  Player& late = Connect();
  late.LogIn(ticket);
  const auto answer = late.AwaitLogin();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->success());

  MakeRoom();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Say(one));
  const server::Summary summary = service_->Shutdown();
  EXPECT_TRUE(summary.clean());
  EXPECT_EQ(summary.database.refused, 0U);
  EXPECT_GT(summary.database.unjournaled, 200U) << "counted";
  EXPECT_EQ(summary.database.lost, 0U);
  EXPECT_EQ(Stored(), said_);
}

// Memory has a bound, too: then what nobody can keep is counted, and the exit says so.
TEST_F(FullDisk, ContinueCountsWhatItLoses) {
  config_.database.writer.queue_memory_bytes = 16 * 1024;
  Start(db::OnFull::kContinue);
  Player& one = Join("one");
  Fill();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(Say(one));
  MakeRoom();
  const server::Summary summary = service_->Shutdown();
  EXPECT_FALSE(summary.clean());
  EXPECT_GT(summary.database.lost, 100U);
  EXPECT_EQ(Stored().size() + summary.database.lost, said_.size());
}

}  // namespace
