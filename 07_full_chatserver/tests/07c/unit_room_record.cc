// What a room writes down before anybody hears it: one record for a turn, with the numbers that are
// heard; and what is not written is not said.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client_packet_handler.h"
#include "tests/support/job_test_support.h"
#include "tests/support/task_input.h"
#include "tests/support/test_world.h"

namespace {

using course_test::TestSession;

class RoomRecord : public ::testing::Test {
 protected:
  // Three in room 0; the update threads have not started.
  void Make(chat::WorldOptions options) {
    options.rooms = 1;
    world_ = std::make_unique<course_test::TestWorld>(options, sender_, threads_);
    for (std::uint32_t index = 0; index < 3; ++index) {
      auto session =
          std::make_unique<TestSession>(net::SessionId::Make(1, index), *world_, budgets_[index]);
      session->LetIn();
      Protocol::C_ENTER_GAME enter;
      chat::Handle_C_ENTER_GAME(*session, enter);
      sessions_.push_back(std::move(session));
    }
  }
  ~RoomRecord() override { threads_.Stop(job::StopPolicy::kDrain, job_test::kDeadline); }

  void Say(std::size_t who, const std::string& text) {
    Protocol::C_CHAT chat;
    chat.set_msg(text);
    chat::Handle_C_CHAT(*sessions_[who], chat);
  }
  void Settle() {
    const auto deadline = std::chrono::steady_clock::now() + job_test::kDeadline;
    while (threads_.Ready().BusyQueues() != 0) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::yield();
    }
  }
  // "number text" of what `who` has heard, "refused" for a refusal; news are left out.
  std::vector<std::string> Heard(std::size_t who) {
    std::vector<std::string> heard;
    for (const wire::Frame& frame : sender_.Take(sessions_[who]->id())) {
      if (frame.type != Protocol::PACKET_S_CHAT) continue;
      Protocol::S_CHAT chat;
      EXPECT_TRUE(chat.ParseFromArray(frame.body.data(), static_cast<int>(frame.body.size())));
      heard.push_back(chat.reason() != Protocol::REFUSAL_NONE
                          ? "refused " + std::to_string(chat.reason())
                          : std::to_string(frame.sequence) + " " + chat.msg());
    }
    return heard;
  }

  course_test::FakeSender sender_;
  std::array<chat::JobBudget, 4> budgets_;
  job::UpdateThreads threads_{[] {
    job::UpdateOptions update;
    update.slice_time = std::chrono::seconds(30);  // a slice ends by its jobs, not by the clock
    return update;
  }()};
  std::unique_ptr<course_test::TestWorld> world_;
  std::vector<std::unique_ptr<TestSession>> sessions_;
};

using Lines = std::vector<std::string>;

// The room sends at once whatever there is, so that nothing hides behind the end of the slice.
TEST_F(RoomRecord, ATurnIsWrittenOnceAndBeforeItIsHeard) {
  TASK_INPUT("07c.1", "A says \"hi\" and \"again\", B says \"yo\", in one slice; most_unsent 1");
  chat::WorldOptions options;
  options.most_unsent = 1;
  Make(options);
  Lines written;
  int calls = 0;
  world_->services.on_talk = [&](std::span<const chat::TalkRecord> turn) {
    ++calls;
    for (const chat::TalkRecord& record : turn) {
      written.push_back(std::to_string(record.sequence) + " " + std::string(record.message));
      EXPECT_EQ(record.place, 0U);
      EXPECT_FALSE(record.sector);
      EXPECT_FALSE(record.name.empty());
      EXPECT_TRUE(record.session == sessions_[0]->id() || record.session == sessions_[1]->id());
    }
    EXPECT_EQ(Heard(2), Lines{}) << "heard before it was written down";
  };
  Say(0, "hi");
  Say(1, "yo");
  Say(0, "again");
  threads_.Start();
  Settle();
  EXPECT_EQ(calls, 1) << "one write for a turn";
  EXPECT_EQ(Heard(2), written);
  ASSERT_EQ(written.size(), 3U);
  EXPECT_TRUE(written[1].ends_with(" yo"));
}

TEST_F(RoomRecord, WhatIsRefusedIsHeardByNobodyAndTakesNoNumber) {
  TASK_INPUT("07c.1", "\"lost\" while the disk is full, \"kept\" afterwards");
  Make({});
  threads_.Start();
  Settle();
  for (std::size_t who = 0; who < 3; ++who) Heard(who);
  Say(0, "before");
  Settle();
  const Lines before = Heard(2);
  ASSERT_EQ(before.size(), 1U);
  const int number = std::stoi(before[0]);
  world_->services.full.store(true);
  Say(0, "lost");
  Settle();
  const std::string refused = "refused " + std::to_string(Protocol::REFUSAL_NOT_STORED);
  EXPECT_EQ(Heard(0), (Lines{before[0], refused}));
  EXPECT_EQ(Heard(1), before);
  EXPECT_EQ(Heard(2), Lines{});
  world_->services.full.store(false);
  Say(0, "kept");
  Settle();
  EXPECT_EQ(Heard(2), Lines{std::to_string(number + 1) + " kept"});
}

}  // namespace
