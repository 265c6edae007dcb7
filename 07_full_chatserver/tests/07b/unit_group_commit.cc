// The chat on a disk whose sync takes 10 ms, with journal.sync = "turn": 150 rooms talk, and what
// they hear has been synced; a stranger's heartbeat does not wait for all of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "chat/chat_server.h"
#include "server/journal_chronicle.h"
#include "services/db/db_writer.h"
#include "tests/support/fake_services.h"
#include "tests/support/faulty_ops.h"
#include "tests/support/storage_support.h"
#include "tests/support/test_player.h"

namespace {

using test::Player;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kSync{10};
constexpr std::uint32_t kRooms = 150;

class GroupCommit : public ::testing::Test {
 protected:
  void SetUp() override {
    ops_.sync_takes = kSync;
    journal::JournalOptions options;
    options.folder = folder_.File("journal");
    options.sync = true;
    options.ops = &ops_;
    ASSERT_TRUE(journal_.Open(options).ok());
    writer_ = std::make_unique<db::DbWriter>(
        db::WriterOptions{}, db::MakeSqlite({.path = folder_.File("chat.db")}), journal_);
    ASSERT_TRUE(writer_->Start().ok());
    chronicle_ = std::make_unique<server::JournalChronicle>(*writer_, 1);
    net::ServerOptions net;
    net.host = "127.0.0.1";
    net.port = 0;
    net.session_max = kRooms + 8;
    net.worker_threads = 2;
    chat::WorldOptions world;
    world.rooms = kRooms;
    world.limits.requests = {0, 0};
    job::UpdateOptions update;
    update.threads = 2;
    chat_ = std::make_unique<chat::ChatServer>(net, world, update,
                                               chat::ChatServices{*chronicle_, fakes_, fakes_});
    ASSERT_EQ(chat_->Start().error(), "");
    ASSERT_TRUE(clients_.Start().ok());
  }
  void TearDown() override {
    clients_.Stop();
    if (chat_) chat_->Stop();
    chat_.reset();
    if (!writer_) return;
    EXPECT_TRUE(writer_->Stop(30s).drained);
  }
  Player& Connect(std::uint64_t account) {
    players_.push_back(std::make_unique<Player>());
    EXPECT_TRUE(clients_.Connect({0x7F000001, chat_->port()}, *players_.back()).ok());
    players_.back()->LogIn({Protocol::REFUSAL_NONE, account, "any"});
    return *players_.back();
  }

  storage_test::TemporaryFolder folder_;
  storage_test::FaultyOps ops_;
  journal::Journal journal_;
  std::unique_ptr<db::DbWriter> writer_;
  std::unique_ptr<server::JournalChronicle> chronicle_;
  course_test::FakeServices fakes_;
  std::unique_ptr<chat::ChatServer> chat_;
  client::ClientService clients_{{.session_max = kRooms + 8, .worker_threads = 1}};
  std::vector<std::unique_ptr<Player>> players_;
};

TEST_F(GroupCommit, ManyRoomsShareASync) {
  for (std::uint32_t room = 0; room < kRooms; ++room) Connect(room + 1);
  for (const auto& player : players_) ASSERT_TRUE(player->AwaitLogin());
  for (std::uint32_t room = 0; room < kRooms; ++room) ASSERT_TRUE(players_[room]->Enter(room));
  constexpr int kRounds = 10;
  const int before = ops_.syncs;
  std::vector<Clock::duration> took;
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = "round " + std::to_string(round);
    const auto said = Clock::now();
    for (const auto& player : players_) player->Say(text);
    for (const auto& player : players_) {
      ASSERT_TRUE(player->Hears(text));
      took.push_back(Clock::now() - said);
    }
  }
  const int syncs = ops_.syncs - before;
  std::ranges::sort(took);
  const auto p50 = std::chrono::duration_cast<std::chrono::microseconds>(took[took.size() / 2]);
  std::cout << "p50 " << static_cast<double>(p50.count()) / 1000.0 << " ms, " << kRounds * kRooms
            << " messages, " << syncs << " syncs\n";
  RecordProperty("p50_us", static_cast<int>(p50.count()));
  // One by one they would be 1,500 syncs and 15 s.
  EXPECT_LE(syncs, kRounds * kRooms / 5);
}

// What somebody hears has been synced by then: seen by the disk, which is slow enough to be caught.
TEST_F(GroupCommit, NothingIsHeardBeforeItsSync) {
  Player& player = Connect(1);
  ASSERT_TRUE(player.AwaitLogin());
  ASSERT_TRUE(player.Enter(0));
  ops_.sync_takes = 500ms;
  const std::uint64_t before = journal_.written_id();
  player.Say("written first");
  ASSERT_TRUE(storage_test::WaitUntil([&] { return journal_.written_id() > before; }));
  const auto chats = player.Now().chats.size();
  if (journal_.safe_id() <= before) {
    EXPECT_EQ(chats, 0U);
  }
  ASSERT_TRUE(player.Hears("written first"));
  EXPECT_GT(journal_.safe_id(), before);
}

// A sync that fails holds what was said; it is heard when the disk is well again, and nothing is
// missing or twice.
TEST_F(GroupCommit, AFailingDiskHoldsWhatWasSaid) {
  Player& player = Connect(1);
  ASSERT_TRUE(player.AwaitLogin());
  ASSERT_TRUE(player.Enter(0));
  ops_.sync_fails = true;
  const int before = ops_.syncs;
  player.Say("held");
  ASSERT_TRUE(storage_test::WaitUntil([&] { return ops_.syncs > before + 2; }));
  EXPECT_TRUE(player.Now().chats.empty());
  ops_.sync_fails = false;
  ASSERT_TRUE(player.Hears("held"));
  player.Say("and on");
  ASSERT_TRUE(player.Hears("and on"));
  EXPECT_EQ(player.Now().chats.size(), 2U);
}

// Nobody is let in that could not be written down; how often that was is told.
TEST_F(GroupCommit, ALoginOnAFullDiskIsPutOffAndCounted) {
  std::atomic<bool> full = true;
  ops_.on_write = [&](journal::FileHandle file, std::uint64_t offset, std::string_view data) {
    if (full) return journal::IoResult{0, make_error_code(std::errc::no_space_on_device)};
    return ops_.real().WriteSome(file, offset, data);
  };
  Player& player = Connect(1);
  const auto refused = player.AwaitLogin();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->reason(), Protocol::REFUSAL_TRY_LATER);
  EXPECT_EQ(chronicle_->refused_logins(), 1U);
  full = false;
  player.LogIn({Protocol::REFUSAL_NONE, 1, "any"});
  const auto granted = player.AwaitLogin(2);
  ASSERT_TRUE(granted);
  EXPECT_TRUE(granted->success());
  EXPECT_EQ(chronicle_->refused_logins(), 1U);
  clients_.Stop();
  chat_->Stop();
  ops_.on_write = nullptr;
}

}  // namespace
