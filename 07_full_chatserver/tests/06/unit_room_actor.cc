// The room as an actor: nothing runs on the poster's thread, a slice is one send, the flush
// interval, the bound on a client's jobs, many posters at once, and the stop.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "client_packet_handler.h"
#include "tests/support/job_test_support.h"
#include "tests/support/task_input.h"
#include "tests/support/test_world.h"

namespace {

using namespace std::chrono_literals;
using chat::SessionState;
using course_test::FakeSender;
using GameSession = course_test::TestSession;

// A world whose update threads run when the test says so.
struct Rig {
  explicit Rig(const chat::WorldOptions& options = {.rooms = 4}, job::UpdateOptions update = {})
      : threads(update), world(options, sender, threads) {}
  ~Rig() { threads.Stop(job::StopPolicy::kDrain, job_test::kDeadline); }

  std::unique_ptr<GameSession> LogIn() {
    const std::uint32_t index = next_index++;
    auto session =
        std::make_unique<GameSession>(net::SessionId::Make(1, index), world, budgets[index]);
    session->LetIn();
    sender.Take(session->id());
    return session;
  }
  std::unique_ptr<GameSession> Inside(std::uint32_t room = 0) {
    auto session = LogIn();
    Enter(*session, room);
    return session;
  }
  static void Enter(GameSession& session, std::uint32_t room) {
    Protocol::C_ENTER_GAME enter;
    enter.set_room_id(room);
    chat::Handle_C_ENTER_GAME(session, enter);
  }
  static void Say(GameSession& session, const std::string& text) {
    Protocol::C_CHAT chat;
    chat.set_msg(text);
    chat::Handle_C_CHAT(session, chat);
  }
  static void Leave(GameSession& session) { chat::Handle_C_LEAVE_GAME(session, {}); }

  void Settle() {
    const auto deadline = std::chrono::steady_clock::now() + job_test::kDeadline;
    while (threads.Ready().BusyQueues() != 0) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::yield();
    }
  }

  FakeSender sender;
  std::array<chat::JobBudget, 64> budgets;
  job::UpdateThreads threads;
  course_test::TestWorld world;
  std::uint32_t next_index = 0;
};

Protocol::Refusal ChatRefusal(const wire::Frame& frame) {
  Protocol::S_CHAT chat;
  EXPECT_EQ(frame.type, Protocol::PACKET_S_CHAT);
  EXPECT_TRUE(chat.ParseFromArray(frame.body.data(), static_cast<int>(frame.body.size())));
  return chat.reason();
}

std::vector<std::uint16_t> Types(const std::vector<wire::Frame>& frames) {
  std::vector<std::uint16_t> types;
  for (const wire::Frame& frame : frames) types.push_back(frame.type);
  return types;
}
using TypeList = std::vector<std::uint16_t>;

// --- who closes his side has left, but is answered ---------------------------------------------------

TEST(RoomActor, WhoSaysNoMoreHearsHisOwnWordsAndThenItEnds) {
  Rig rig;
  const auto speaker = rig.Inside(), other = rig.Inside();
  rig.threads.Start();
  rig.Settle();
  rig.sender.Take(speaker->id());
  rig.sender.Take(other->id());
  Rig::Say(*speaker, "one");
  Rig::Say(*speaker, "two");
  speaker->Finished();
  speaker->Disconnected();  // changes nothing: it has left
  rig.Settle();
  EXPECT_EQ(Types(rig.sender.Take(speaker->id())),
            (TypeList{Protocol::PACKET_S_CHAT, Protocol::PACKET_S_CHAT}));
  EXPECT_EQ(rig.sender.finished(), std::vector{speaker->id()});
  EXPECT_EQ(
      Types(rig.sender.Take(other->id())),
      (TypeList{Protocol::PACKET_S_CHAT, Protocol::PACKET_S_CHAT, Protocol::PACKET_S_PLAYER_LEFT}));
  EXPECT_EQ(rig.world.FindRoom(0)->size(), 1u);
}

TEST(RoomActor, WhoEntersLeavesAndSaysNoMoreIsAnswered) {
  TASK_INPUT("06.5", "three sessions whose clients say no more");
  Rig rig;
  const auto guest = rig.LogIn(), visitor = rig.Inside(), outside = rig.LogIn();
  Rig::Enter(*guest, 0);
  guest->Finished();
  Rig::Leave(*visitor);
  visitor->Finished();
  outside->Finished();
  EXPECT_TRUE(rig.sender.finished().empty()) << "the way out is behind all that was asked";
  rig.threads.Start();
  rig.Settle();
  EXPECT_EQ(rig.sender.finished().size(), 3u);
  const TypeList to_guest = Types(rig.sender.Take(guest->id()));
  ASSERT_FALSE(to_guest.empty());
  EXPECT_EQ(to_guest.front(), Protocol::PACKET_S_ENTER_GAME);
  const TypeList to_visitor = Types(rig.sender.Take(visitor->id()));
  ASSERT_FALSE(to_visitor.empty());
  EXPECT_EQ(to_visitor.back(), Protocol::PACKET_S_LEAVE_GAME);
}

// --- a room whose list is larger than a packet ---------------------------------------------------------

TEST(RoomActor, OfManyMembersWithTheLongestNamesThoseAreNamedThatFit) {
  constexpr std::uint32_t kMembers = 900;
  const std::string longest(255, 'n');  // that a server may allow
  Rig rig;
  rig.threads.Start();
  net::SessionId last;
  for (std::uint32_t i = 0; i < kMembers; ++i) {
    last = net::SessionId::Make(1, i);
    const auto player = std::make_shared<const chat::Player>(
        chat::Player{i + 1, longest, Protocol::PLAYER_TYPE_KNIGHT, last});
    rig.world.FindRoom(0)->Enter(std::make_shared<chat::Stay>(player), {});
    rig.Settle();
    if (i > 0) rig.sender.TakePackets(net::SessionId::Make(1, i - 1));
  }
  const std::vector<wire::Frame> told = rig.sender.Take(last);
  ASSERT_EQ(told.size(), 1u);
  Protocol::S_ENTER_GAME answer;
  ASSERT_TRUE(answer.ParseFromArray(told[0].body.data(), static_cast<int>(told[0].body.size())));
  EXPECT_EQ(answer.players_size(), static_cast<int>(chat::Room::kMostListed));
  EXPECT_EQ(answer.unnamed(), kMembers - chat::Room::kMostListed);
}

TEST(RoomActor, ThePosterGoesOnAndASliceIsOneSend) {
  TASK_INPUT("06.5", "100 messages while the room is held");
  Rig rig;
  const auto a = rig.Inside(), b = rig.Inside();
  rig.threads.Start();
  rig.Settle();
  rig.sender.Take(a->id());
  rig.sender.Take(b->id());
  // Holds the room, so that what follows waits for one slice.
  std::atomic<bool> holding{false}, release{false};
  rig.world.FindRoom(0)->Post([&] {
    holding = true;
    while (!release) std::this_thread::yield();
  });
  while (!holding) std::this_thread::yield();
  for (int i = 0; i < 100; ++i) Rig::Say(*a, std::to_string(i));
  EXPECT_TRUE(rig.sender.TakePackets(a->id()).empty()) << "nothing runs on the poster's thread";
  const std::uint64_t flushes = rig.world.FindRoom(0)->flushes();
  release = true;
  rig.Settle();
  for (const auto& session : {a->id(), b->id()}) {
    const auto packets = rig.sender.TakePackets(session);
    // One slice; or two, when the time slice was over in the meantime.
    EXPECT_EQ(packets.size(), rig.world.FindRoom(0)->flushes() - flushes);
    std::size_t frames = 0;
    for (const auto& packet : packets) {
      const auto bytes = packet->frame();
      frames += wire::NaiveRead({bytes.begin(), bytes.end()}, 0xA9, 65535, false).frames.size();
    }
    EXPECT_EQ(frames, 100u);
  }
}

// The packet that a handler reads lies in memory that the next packet uses again.
TEST(RoomActor, WhatWasSaidIsWhatIsHeardHoweverLateTheJobRuns) {
  TASK_INPUT("06.6", "two messages from one buffer, before the room's first job runs");
  Rig rig;
  const auto speaker = rig.Inside();
  Protocol::C_CHAT chat;
  for (const char* text : {"the first thing that was said", "the other thing that was said"}) {
    chat.set_msg(text);
    chat::Handle_C_CHAT(*speaker, chat);
  }
  chat.set_msg("nobody has ever said this text");
  rig.threads.Start();
  rig.Settle();
  std::vector<std::string> heard;
  for (const wire::Frame& frame : rig.sender.Take(speaker->id())) {
    if (frame.type != Protocol::PACKET_S_CHAT) continue;
    Protocol::S_CHAT said;
    ASSERT_TRUE(said.ParseFromArray(frame.body.data(), static_cast<int>(frame.body.size())));
    heard.push_back(said.msg());
  }
  EXPECT_EQ(heard, (std::vector<std::string>{"the first thing that was said",
                                             "the other thing that was said"}));
}

TEST(RoomActor, TheFlushIntervalCollectsAndNothingIsLost) {
  job_test::ManualClock clock;
  job::UpdateOptions update;
  update.threads = 1;
  update.clock = &clock;
  Rig rig({.rooms = 1, .flush_interval = 5ms}, update);
  rig.threads.Start();
  const auto a = rig.Inside();
  rig.Settle();
  Rig::Say(*a, "one");
  rig.Settle();
  Rig::Say(*a, "two");
  rig.Settle();
  EXPECT_TRUE(rig.sender.TakePackets(a->id()).empty());
  ASSERT_TRUE(clock.WaitForSleeper(clock.Now() + 5ms));
  clock.Advance(5ms);
  const auto deadline = std::chrono::steady_clock::now() + job_test::kDeadline;
  while (rig.world.FindRoom(0)->flushes() == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  rig.Settle();
  auto packets = rig.sender.TakePackets(a->id());
  EXPECT_EQ(packets.size(), 1u) << "hello and both messages are one send";
  // The next interval begins with the next message.
  Rig::Say(*a, "three");
  rig.Settle();
  EXPECT_TRUE(rig.sender.TakePackets(a->id()).empty());
  ASSERT_TRUE(clock.WaitForSleeper(clock.Now() + 5ms));
  clock.Advance(5ms);
  while (rig.world.FindRoom(0)->flushes() == 1 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  rig.Settle();
  EXPECT_EQ(rig.sender.Take(a->id()).size(), 1u);
}

TEST(RoomActor, MuchOutputDoesNotWaitForTheInterval) {
  job_test::ManualClock clock;
  job::UpdateOptions update;
  update.clock = &clock;
  Rig rig({.rooms = 1, .flush_interval = 5ms, .most_unsent = 10'000}, update);
  const auto a = rig.Inside();
  for (int i = 0; i < 24; ++i) Rig::Say(*a, std::string(900, 'x'));
  rig.threads.Start();
  rig.Settle();
  EXPECT_GE(rig.world.FindRoom(0)->flushes(), 2u) << "the clock stands still";
}

TEST(RoomActor, WhoComesAndGoesInABigRoomIsToldTogether) {
  constexpr std::size_t kOld = chat::Room::kManyMembers + 1;
  constexpr std::size_t kNew = 20;
  job_test::ManualClock clock;
  job::UpdateOptions update;
  update.threads = 1;
  update.clock = &clock;
  Rig rig({.rooms = 1, .news_interval = 100ms}, update);
  rig.threads.Start();
  std::vector<std::unique_ptr<GameSession>> old, fresh;
  for (std::size_t i = 0; i < kOld + 1; ++i) {
    old.push_back(rig.Inside());
    rig.Settle();
  }
  const std::uint64_t flushes = rig.world.FindRoom(0)->flushes();
  ASSERT_TRUE(clock.WaitForSleeper(clock.Now() + 100ms));
  clock.Advance(100ms);
  const auto deadline = std::chrono::steady_clock::now() + job_test::kDeadline;
  while (rig.world.FindRoom(0)->flushes() == flushes) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nobody waits for ever";
    std::this_thread::yield();
  }
  rig.Settle();
  for (const auto& member : old) rig.sender.Take(member->id());
  // Each in a slice of its own.
  for (std::size_t i = 0; i < kNew; ++i) {
    fresh.push_back(rig.Inside());
    rig.Settle();
    const auto hello = rig.sender.Take(fresh.back()->id());
    ASSERT_FALSE(hello.empty()) << "whoever comes in is answered at once";
    EXPECT_EQ(hello.front().type, Protocol::PACKET_S_ENTER_GAME);
  }
  Rig::Leave(*fresh.back());
  rig.Settle();
  EXPECT_EQ(fresh.back()->state(), SessionState::kLobby) << "whoever leaves is answered at once";
  for (const auto& member : old) {
    EXPECT_TRUE(rig.sender.TakePackets(member->id()).empty()) << "the others are told together";
  }
  // What is said waits for nothing, and comes behind what happened before it.
  Rig::Say(*old.front(), "who are you?");
  rig.Settle();
  for (const auto& member : old) {
    const auto packets = rig.sender.TakePackets(member->id());
    ASSERT_EQ(packets.size(), 1u) << "one send, not one for each of the twenty";
    const auto bytes = packets[0]->frame();
    const auto frames = wire::NaiveRead({bytes.begin(), bytes.end()}, 0xA9, 65535, false).frames;
    ASSERT_EQ(frames.size(), kNew + 2);
    for (std::size_t i = 0; i < kNew; ++i) {
      EXPECT_EQ(frames[i].type, Protocol::PACKET_S_PLAYER_JOINED);
    }
    EXPECT_EQ(frames[kNew].type, Protocol::PACKET_S_PLAYER_LEFT);
    EXPECT_EQ(frames[kNew + 1].type, Protocol::PACKET_S_CHAT);
  }
}

TEST(RoomActor, AClientMayHaveOnlySoManyJobsWaiting) {
  Rig rig({.rooms = 1, .client_jobs = 10});
  const auto a = rig.Inside(), b = rig.Inside();  // one job of ten each
  for (int i = 0; i < 9; ++i) Rig::Say(*a, "waits");
  EXPECT_TRUE(rig.sender.Take(a->id()).empty());
  Rig::Say(*a, "one too many");
  Rig::Leave(*a);
  const auto refused = rig.sender.Take(a->id());
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_EQ(ChatRefusal(refused[0]), Protocol::REFUSAL_TOO_MANY_REQUESTS);
  EXPECT_EQ(refused[1].type, Protocol::PACKET_S_LEAVE_GAME);
  EXPECT_EQ(a->state(), SessionState::kInRoom);
  Rig::Say(*b, "others have their own budget");
  EXPECT_EQ(rig.budgets[0].out(), 10u);
  rig.threads.Start();
  rig.Settle();
  EXPECT_EQ(rig.budgets[0].out(), 0u);
  EXPECT_EQ(rig.sender.Take(a->id()).size(), 1u + 1 + 9 + 1) << "hello, b, 9 of a, 1 of b";
  Rig::Say(*a, "again");
  rig.Settle();
  EXPECT_EQ(rig.sender.Take(a->id()).size(), 1u);
}

TEST(RoomActor, RefusalsKeepTheirPlaceAndLeavingEndsWhenItIsTold) {
  TASK_INPUT("06.5", "enter 1, enter 2, say, say nothing, leave, leave, enter 2");
  Rig rig;
  const auto a = rig.LogIn();
  Rig::Enter(*a, 1);
  Rig::Enter(*a, 2);  // refused behind the hello, though the room has not run yet
  Rig::Say(*a, "hello");
  Rig::Say(*a, "");
  Rig::Leave(*a);
  EXPECT_EQ(a->state(), SessionState::kLeaving);
  Rig::Leave(*a);
  Rig::Enter(*a, 2);
  EXPECT_TRUE(rig.sender.Take(a->id()).empty());
  rig.threads.Start();
  rig.Settle();
  std::vector<std::pair<int, std::uint32_t>> got;
  for (const wire::Frame& frame : rig.sender.Take(a->id())) {
    got.emplace_back(frame.type, frame.sequence);
  }
  const int enter = Protocol::PACKET_S_ENTER_GAME, chat = Protocol::PACKET_S_CHAT,
            leave = Protocol::PACKET_S_LEAVE_GAME;
  EXPECT_EQ(got,
            (std::vector<std::pair<int, std::uint32_t>>{
                {enter, 0}, {enter, 0}, {chat, 2}, {chat, 0}, {leave, 0}, {leave, 0}, {enter, 0}}));
  EXPECT_EQ(a->state(), SessionState::kLobby);
  EXPECT_EQ(a->room(), nullptr);
  Rig::Enter(*a, 2);
  rig.Settle();
  EXPECT_EQ(rig.world.FindRoom(2)->size(), 1u);
}

// --- many posters ---------------------------------------------------------------------------------

TEST(RoomActorStress, EveryMemberHearsEveryNumberOnce) {
  constexpr int kTalkers = 4;
  const int rounds = static_cast<int>(job_test::Scaled(800));
  Rig rig({.rooms = 2, .client_jobs = 100'000}, {.threads = 3});
  rig.threads.Start();
  const auto witness = rig.Inside(1);
  rig.Settle();
  std::vector<std::unique_ptr<GameSession>> talkers;
  for (int i = 0; i < kTalkers; ++i) talkers.push_back(rig.LogIn());
  std::vector<std::thread> threads;
  for (const auto& talker : talkers) {
    threads.emplace_back([&talker, rounds] {
      for (int i = 0; i < rounds; ++i) {
        Rig::Enter(*talker, 1);
        Rig::Say(*talker, "hello");
        Rig::Say(*talker, "hello again");
        Rig::Leave(*talker);
        while (talker->state() != SessionState::kLobby) std::this_thread::yield();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  rig.Settle();
  std::uint32_t next = 2;  // 1 was its own entering
  for (const wire::Frame& frame : rig.sender.Take(witness->id())) {
    if (frame.sequence != 0) {
      ASSERT_EQ(frame.sequence, next++);
    }
  }
  EXPECT_EQ(next, 2u + 4u * kTalkers * static_cast<std::uint32_t>(rounds));
  EXPECT_EQ(rig.world.FindRoom(1)->size(), 1u);
  // A talker hears, stay for stay, consecutive numbers between its hello and its good-bye.
  for (const auto& talker : talkers) {
    std::uint32_t last = 0;
    int stays = 0;
    for (const wire::Frame& frame : rig.sender.Take(talker->id())) {
      if (frame.type == Protocol::PACKET_S_ENTER_GAME) {
        last = 0;
        ++stays;
      } else if (frame.sequence != 0) {
        if (last != 0) {
          ASSERT_EQ(frame.sequence, last + 1);
        }
        last = frame.sequence;
      }
    }
    EXPECT_EQ(stays, rounds);
  }
}

TEST(RoomActorStress, SessionsThatEndInTheMiddleLeaveNothingBehind) {
  const std::int64_t sessions = chat::LiveObjects<chat::GameSession>::count();
  const std::int64_t players = chat::LiveObjects<chat::Player>::count();
  const std::int64_t packets = net::Packet::LiveCount();
  const int rounds = static_cast<int>(job_test::Scaled(300));
  {
    Rig rig({.rooms = 4}, {.threads = 3});
    rig.threads.Start();
    std::vector<std::thread> threads;
    for (std::uint32_t index = 0; index < 4; ++index) {
      threads.emplace_back([&rig, rounds, index] {
        for (int i = 0; i < rounds; ++i) {
          GameSession session(net::SessionId::Make(static_cast<std::uint32_t>(i) + 1, index),
                              rig.world, rig.budgets[index]);
          session.LetIn();
          if (i % 5 != 0) Rig::Enter(session, static_cast<std::uint32_t>(i) % 2);
          if (i % 3 != 0) Rig::Say(session, "x");
          if (i % 7 == 0) Rig::Leave(session);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    rig.Settle();
    for (std::uint32_t room = 0; room < 4; ++room) EXPECT_EQ(rig.world.FindRoom(room)->size(), 0u);
    for (const chat::JobBudget& budget : rig.budgets) EXPECT_EQ(budget.out(), 0u);
  }
  EXPECT_EQ(chat::LiveObjects<chat::GameSession>::count(), sessions);
  EXPECT_EQ(chat::LiveObjects<chat::Player>::count(), players);
  EXPECT_EQ(net::Packet::LiveCount(), packets);
}

TEST(RoomActor, AStopThatDropsTheJobsFreesWhatTheyHold) {
  const std::int64_t players = chat::LiveObjects<chat::Player>::count();
  const std::int64_t packets = net::Packet::LiveCount();
  {
    Rig rig;
    const auto a = rig.Inside();
    for (int i = 0; i < 20; ++i) Rig::Say(*a, "never said");
    const job::StopReport report = rig.threads.Stop(job::StopPolicy::kDrop);
    EXPECT_EQ(report.dropped_jobs, 21u + 1) << "and that of the lobby";
    EXPECT_EQ(rig.budgets[0].out(), 0u) << "the permits came back with the jobs";
    Rig::Say(*a, "to nobody");  // refused by the queue: the server has stopped
  }
  EXPECT_EQ(chat::LiveObjects<chat::Player>::count(), players);
  EXPECT_EQ(net::Packet::LiveCount(), packets);
}

}  // namespace
