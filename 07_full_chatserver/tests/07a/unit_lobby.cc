// The lobby, one step at a time: logins, keys, duplicates, time-outs.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/support/lobby_test_support.h"
#include "tests/support/task_input.h"

namespace {

using namespace std::chrono_literals;
using chat::KeyAnswer;
using lobby_test::Id;
using lobby_test::Lines;
using lobby_test::Room;

TEST(Lobby, TheRightKeyLetsInAndIsUsedUp) {
  TASK_INPUT("07a.2", "account 77, the right key, twice");
  Room room;
  room.keys.Put(77, "secret");
  room.lobby->Connected(Id(1));
  room.lobby->Login(Id(1), 77, "secret");
  EXPECT_EQ(room.Lines(), Lines{}) << "nothing is answered before the key is compared";
  room.keys.Answer();
  EXPECT_EQ(room.Lines(), Lines{"admit 1 as 77"});

  room.lobby->Leave(Id(1));
  room.lobby->Connected(Id(1, 2));
  room.lobby->Login(Id(1, 2), 77, "secret");
  room.Settle();
  room.keys.Answer();
  EXPECT_EQ(room.Lines(), Lines{"drop 1: no session key"});
  EXPECT_EQ(room.lobby->counts().logins, 1u);
}

TEST(Lobby, ARefusedLoginMayBeTriedAgain) {
  TASK_INPUT("07a.2", "the store is away, then answers");
  Room room;
  room.keys.Put(5, "good");
  room.lobby->Connected(Id(2));
  room.lobby->Login(Id(2), 5, "good");
  room.Settle();
  room.keys.AnswerWith(KeyAnswer::kUnavailable);
  room.lobby->Login(Id(2), 5, "good");
  room.Settle();
  room.keys.Answer();
  EXPECT_EQ(room.Lines(),
            (Lines{"refuse 2: login is not possible now, try later", "admit 2 as 5"}));
}

TEST(Lobby, AWrongKeyEndsTheConnection) {
  TASK_INPUT("07a.2", "a wrong key, then the right one on the same and on a new connection");
  Room room;
  room.keys.Put(5, "good");
  room.lobby->Connected(Id(2));
  room.lobby->Login(Id(2), 5, "bad");
  room.Settle();
  room.keys.Answer();
  EXPECT_EQ(room.Lines(), Lines{"drop 2: wrong session key"});
  room.lobby->Login(Id(2), 5, "good");  // sent before it heard of that
  room.Settle();
  EXPECT_EQ(room.keys.open(), 0u);
  EXPECT_EQ(room.lobby->counts().refused, 1u);
  room.lobby->Connected(Id(3));
  room.lobby->Login(Id(3), 5, "good");
  room.Settle();
  room.keys.Answer();
  EXPECT_EQ(room.Lines(), Lines{"admit 3 as 5"}) << "the right key is still there";
}

TEST(Lobby, OneLoginAtATimePerSession) {
  TASK_INPUT("07a.2", "two C_LOGIN at once, one before Connected, one after the log-in");
  Room room;
  room.lobby->Login(Id(9), 1, "k");  // never connected
  room.lobby->Connected(Id(1));
  room.lobby->Login(Id(1), 1, "k");
  room.lobby->Login(Id(1), 2, "k");
  room.Settle();
  EXPECT_EQ(room.keys.open(), 1u);
  room.keys.AnswerWith(KeyAnswer::kRight);
  room.Settle();
  room.lobby->Login(Id(1), 3, "k");
  EXPECT_EQ(room.Lines(), (Lines{"refuse 1: already logging in or logged in", "admit 1 as 1",
                                 "refuse 1: already logging in or logged in"}));
  EXPECT_EQ(room.keys.open(), 0u);
}

TEST(Lobby, AnAnswerForSomebodyWhoHasGoneReachesNobody) {
  TASK_INPUT("07a.2", "the client leaves while its key is looked up; the slot has a new tenant");
  Room room;
  room.lobby->Connected(Id(1));
  room.lobby->Login(Id(1), 1, "k");
  room.lobby->Leave(Id(1));
  room.lobby->Connected(Id(1, 2));  // the slot's next tenant
  room.Settle();
  EXPECT_EQ(room.lobby->counts().lookups_pending, 0u);
  room.keys.AnswerWith(KeyAnswer::kRight);
  EXPECT_EQ(room.Lines(), Lines{});
  EXPECT_EQ(room.lobby->counts().answers_for_nobody, 1u);
  EXPECT_EQ(room.lobby->counts().logged_in, 0u);
}

TEST(Lobby, TheOlderConnectionIsDroppedAndItsLeaveTakesNothing) {
  TASK_INPUT("07a.4", "sessions 1, 2, 3 as account 77; the Leave of 1 comes late");
  Room room;
  room.LogIn(1, 77);
  room.LogIn(2, 77);
  EXPECT_EQ(room.Lines(), (Lines{"admit 1 as 77", "admit 2 as 77",
                                 "drop 1: the account has logged in on another connection"}));
  room.lobby->Leave(Id(1));  // late, as the socket takes its time
  room.Settle();
  EXPECT_EQ(room.lobby->counts().logged_in, 1u);
  // The account is still the second's: a third drops the second.
  room.LogIn(3, 77);
  EXPECT_EQ(room.Lines(),
            (Lines{"admit 3 as 77", "drop 2: the account has logged in on another connection"}));
}

TEST(Lobby, TheLaterLoginWinsWhenTheAnswersComeInTheOtherOrder) {
  TASK_INPUT("07a.4", "C_LOGIN of 1, then of 2; the answer for 2, then for 1");
  Room room;
  room.lobby->Connected(Id(1));
  room.lobby->Connected(Id(2));
  room.lobby->Login(Id(1), 7, "a");
  room.lobby->Login(Id(2), 7, "b");
  room.Settle();
  room.keys.AnswerWith(KeyAnswer::kRight, 1);
  room.keys.AnswerWith(KeyAnswer::kRight, 0);
  EXPECT_EQ(room.Lines(),
            (Lines{"admit 2 as 7", "drop 1: the account has logged in on another connection"}));
  EXPECT_EQ(room.lobby->counts().superseded, 1u);
}

// The newcomer is gone before he is let in: nobody else loses his place for it.
TEST(Lobby, ANewcomerWhoHasGoneDropsNobody) {
  TASK_INPUT("07a.4", "session 2 is gone when it is let in as account 77");
  Room room;
  room.LogIn(1, 77);
  room.ledger.SetGone(Id(2));
  room.LogIn(2, 77);
  EXPECT_EQ(room.Lines(), Lines{"admit 1 as 77"});
  room.lobby->Leave(Id(2));
  room.Settle();
  EXPECT_EQ(room.lobby->counts().logged_in, 1u);
  EXPECT_EQ(room.lobby->counts().connected, 1u);
}

// The process stood still for a minute: what the clients have sent meanwhile is read after the
// check.
TEST(Lobby, APauseOfTheProcessIsNobodysSilence) {
  TASK_INPUT("07e.5", "checks each second, one comes after a minute");
  chat::LobbyOptions options;
  options.login_timeout = 10s;
  options.heartbeat_timeout = 10s;
  options.check_interval = 1s;
  Room room(options);
  room.LogIn(1, 77);
  room.lobby->Connected(Id(2));
  const auto check = [&] {
    room.lobby->CheckLoginTimeouts();
    room.lobby->CheckHeartbeats();
    room.Settle();
  };
  check();
  room.Lines();
  room.clock.Advance(60s);
  check();
  room.lobby->Heard(Id(1));
  EXPECT_EQ(room.Lines(), Lines{});
  for (int second = 0; second < 9; ++second) {
    room.clock.Advance(1s);
    check();
  }
  EXPECT_EQ(room.Lines(), Lines{}) << "everybody has the whole time again";
  room.clock.Advance(1s);
  check();
  EXPECT_EQ(room.Lines(), (Lines{"drop 2: login time-out", "drop 1: heartbeat time-out"}));
}

TEST(Lobby, LoginTimeoutDropsThoseOverIt) {
  TASK_INPUT("07e.5", "login_timeout 10 s; 1 connects at 0 s, 2 at 4 s");
  chat::LobbyOptions options;
  options.login_timeout = 10s;
  Room room(options);
  room.lobby->Connected(Id(1));
  room.lobby->Login(Id(1), 1, "k");  // the store never answers: his time is up too
  room.Settle();
  room.clock.Advance(4s);
  room.lobby->Connected(Id(2));
  room.Settle();
  room.LogIn(3, 33);
  EXPECT_EQ(room.Lines(), Lines{"admit 3 as 33"});
  room.clock.Advance(6s - 1ns);
  room.lobby->CheckLoginTimeouts();
  EXPECT_EQ(room.Lines(), Lines{});
  room.clock.Advance(1ns);
  room.lobby->CheckLoginTimeouts();
  EXPECT_EQ(room.Lines(), Lines{"drop 1: login time-out"});
  room.keys.AnswerWith(KeyAnswer::kRight);  // too late
  room.clock.Advance(100s);
  room.lobby->CheckLoginTimeouts();
  room.lobby->CheckLoginTimeouts();
  EXPECT_EQ(room.Lines(), Lines{"drop 2: login time-out"});
  EXPECT_EQ(room.lobby->counts().timed_out, 2u);
  EXPECT_EQ(room.lobby->counts().answers_for_nobody, 1u);
}

TEST(Lobby, HeartbeatTimeoutDropsTheSilent) {
  TASK_INPUT("07a.5", "2 is dropped, 3 logs in as its account, the Leave of 2 comes late");
  chat::LobbyOptions options;
  options.heartbeat_timeout = 40s;
  Room room(options);
  room.LogIn(1, 11);
  room.LogIn(2, 22);
  room.Lines();
  room.clock.Advance(30s);
  room.lobby->Heard(Id(1));
  room.lobby->Heard(Id(2, 9));  // a stale id keeps nobody alive
  room.Settle();
  room.clock.Advance(10s);
  room.lobby->CheckHeartbeats();
  EXPECT_EQ(room.Lines(), Lines{"drop 2: heartbeat time-out"});
  // His account is free at once, although his Leave has not come yet.
  room.LogIn(3, 22);
  EXPECT_EQ(room.Lines(), Lines{"admit 3 as 22"});
  room.lobby->Leave(Id(2));
  room.Settle();
  EXPECT_EQ(room.lobby->counts().logged_in, 2u);
}

TEST(Lobby, ATimeoutOfZeroIsNone) {
  TASK_INPUT("07e.5", "both time-outs 0, a day of silence");
  chat::LobbyOptions options;
  options.login_timeout = options.heartbeat_timeout = 0s;
  Room room(options);
  room.lobby->Connected(Id(1));
  room.LogIn(2, 2);
  room.Lines();
  room.clock.Advance(std::chrono::hours(24));
  room.lobby->CheckLoginTimeouts();
  room.lobby->CheckHeartbeats();
  EXPECT_EQ(room.Lines(), Lines{});
}

// An answer that comes after the lobby has gone: the store keeps its `done` for as long as it
// likes.
TEST(Lobby, AnAnswerAfterTheEndIsHarmless) {
  TASK_INPUT("07a.2", "the answer comes when the lobby is gone");
  lobby_test::ManualKeys keys;
  lobby_test::Ledger ledger;
  {
    job::UpdateThreads threads;
    auto lobby = std::make_shared<chat::Lobby>(threads.Ready(), chat::LobbyOptions{}, keys, ledger);
    lobby->Connected(Id(1));
    lobby->Login(Id(1), 1, "k");
    threads.Start();
    threads.Stop(job::StopPolicy::kDrain, job_test::kDeadline);
  }
  keys.AnswerWith(KeyAnswer::kRight);
  EXPECT_EQ(ledger.Take(), Lines{});
}

}  // namespace
