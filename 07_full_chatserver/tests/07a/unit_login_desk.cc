// Letting a session in, step by step: what is written down, filled in and said, in which order, and
// a client that goes in between.
#include "chat/login_desk.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/fake_sender.h"
#include "tests/support/fake_services.h"
#include "tests/support/task_input.h"

namespace {

using chat::LoginState;
using net::SessionId;

class LoginDeskTest : public ::testing::Test {
 protected:
  LoginDeskTest() {
    services_.on_login = [this](const chat::LoginRecord& login) {
      log_.push_back((login.in ? "in " : "out ") + std::to_string(login.account));
      if (when_written_) when_written_();
    };
    slot_->state.store(LoginState::kLoggingIn);
  }
  static chat::PlayerRef Knight(SessionId owner, std::uint64_t account, const std::string& name) {
    return std::make_shared<const chat::Player>(
        chat::Player{5, name, Protocol::PLAYER_TYPE_KNIGHT, owner, {}, account});
  }
  std::vector<chat::PlayerRef> MakePlayers(SessionId owner, std::uint64_t account,
                                           const std::string& name) {
    EXPECT_NE(slot_->state.load(), LoginState::kIn) << "the worker reads the players by now";
    return {Knight(owner, account, name)};
  }
  bool Admit(SessionId id) { return static_cast<chat::LobbyPort&>(desk_).Admit(id, 77, "minji"); }
  // The answers of S_LOGIN that the client got.
  std::vector<Protocol::S_LOGIN> Answers() {
    std::vector<Protocol::S_LOGIN> answers;
    for (const wire::Frame& frame : sender_.Take(kId)) {
      EXPECT_EQ(frame.type, Protocol::PACKET_S_LOGIN);
      Protocol::S_LOGIN& answer = answers.emplace_back();
      EXPECT_TRUE(answer.ParseFromArray(frame.body.data(), static_cast<int>(frame.body.size())));
    }
    return answers;
  }

  static inline const SessionId kId = SessionId::Make(1, 3);
  std::vector<std::string> log_;
  std::function<void()> when_written_;
  course_test::FakeServices services_;
  course_test::FakeSender sender_;
  chat::LoginDesk desk_{8,
                        sender_,
                        services_,
                        {[this](SessionId owner, std::uint64_t account, const std::string& name) {
                           return MakePlayers(owner, account, name);
                         },
                         [](SessionId) {}}};
  const std::shared_ptr<chat::LoginSlot> slot_ = desk_.Open(kId);
};

using Lines = std::vector<std::string>;

TEST_F(LoginDeskTest, WhoIsLetInIsWrittenDownFilledInAndTold) {
  TASK_INPUT("07a.3", "session 1:3 is logging in as account 77");
  when_written_ = [&] {
    EXPECT_EQ(slot_->state.load(), LoginState::kLoggingIn) << "written down before anybody sees it";
    EXPECT_TRUE(Answers().empty()) << "written down before it is said";
  };
  EXPECT_TRUE(Admit(kId));
  EXPECT_EQ(log_, Lines{"in 77"});
  EXPECT_EQ(slot_->state.load(), LoginState::kIn);
  EXPECT_EQ(slot_->account, 77U);
  ASSERT_EQ(slot_->players.size(), 1U);
  EXPECT_NE(slot_->account_requests, nullptr);
  const auto answers = Answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(answers[0].success());
  ASSERT_EQ(answers[0].players_size(), 1);
  EXPECT_EQ(answers[0].players(0).name(), "minji");
}

TEST_F(LoginDeskTest, WhoGoesWhileItIsWrittenIsLoggedOutAgain) {
  TASK_INPUT("07a.3", "the worker sets kGone while the log-in is written down");
  when_written_ = [&] { slot_->state.store(LoginState::kGone); };  // as OnClientLeave's exchange
  EXPECT_FALSE(Admit(kId));
  EXPECT_EQ(log_, (Lines{"in 77", "out 77"})) << "one log-out for each log-in, and behind it";
  EXPECT_EQ(slot_->state.load(), LoginState::kGone);
  EXPECT_TRUE(Answers().empty());
}

TEST_F(LoginDeskTest, WhatCannotBeWrittenIsPutOff) {
  TASK_INPUT("07a.3", "the chronicle says no, then yes");
  services_.full.store(true);
  EXPECT_FALSE(Admit(kId));
  auto answers = Answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].reason(), Protocol::REFUSAL_TRY_LATER);
  EXPECT_EQ(slot_->state.load(), LoginState::kOut) << "the client may try again";
  services_.full.store(false);
  slot_->state.store(LoginState::kLoggingIn);
  EXPECT_TRUE(Admit(kId));
  answers = Answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(answers[0].success());
}

TEST_F(LoginDeskTest, AServerThatStopsLetsNobodyIn) {
  TASK_INPUT("07a.3", "Shut() was called");
  desk_.Shut();
  EXPECT_FALSE(Admit(kId));
  EXPECT_EQ(log_, Lines{}) << "nothing is written down that does not happen";
  const auto answers = Answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].reason(), Protocol::REFUSAL_TRY_LATER);
}

TEST_F(LoginDeskTest, WhoHasGoneBeforeOrIsSomebodyElseIsNotLetIn) {
  TASK_INPUT("07a.3", "the slot's next tenant; a session that is gone; one that has not asked");
  EXPECT_FALSE(Admit(SessionId::Make(2, 3)));
  EXPECT_FALSE(Admit(SessionId::Make(1, 4)));
  for (const LoginState state : {LoginState::kOut, LoginState::kGone, LoginState::kIn}) {
    slot_->state.store(state);
    EXPECT_FALSE(Admit(kId));
    EXPECT_EQ(slot_->state.load(), state);
  }
  EXPECT_EQ(log_, Lines{});
  EXPECT_TRUE(Answers().empty());
}

}  // namespace
