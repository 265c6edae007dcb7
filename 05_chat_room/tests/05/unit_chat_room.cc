// The room and the session's states, each alone: what the room says to whom, and in which order
// also when many threads want something of it at once.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "chat/game_session.h"
#include "client_packet_handler.h"
#include "tests/support/fake_sender.h"
#include "tests/support/task_input.h"

namespace {

using chat::GameSession;
using chat::PlayerRef;
using chat::SessionState;
using course_test::FakeSender;

PlayerRef MakePlayer(std::uint32_t number) {
  return std::make_shared<const chat::Player>(
      chat::Player{number, "Knight" + std::to_string(number), Protocol::PLAYER_TYPE_KNIGHT,
                   net::SessionId::Make(1, number)});
}

template <typename Message>
Message Parse(const wire::Frame& frame) {
  Message message;
  EXPECT_TRUE(message.ParseFromArray(frame.body.data(), static_cast<int>(frame.body.size())));
  return message;
}

class RoomTest : public testing::Test {
 protected:
  PlayerRef Inside(std::uint32_t number) {
    PlayerRef player = MakePlayer(number);
    room_.Enter(player);
    sender_.Take(player->owner);
    return player;
  }

  FakeSender sender_;
  chat::Room room_{7, sender_};
};

TEST_F(RoomTest, TheNewcomerHearsWhoIsInsideAndTheOthersThatItCame) {
  TASK_INPUT("05.3", "player 1 is inside, player 2 enters");
  const PlayerRef first = Inside(1);
  const PlayerRef second = MakePlayer(2);
  room_.Enter(second);
  const std::vector<wire::Frame> told = sender_.Take(second->owner);
  ASSERT_EQ(told.size(), 1u) << "its own coming is no news to it";
  EXPECT_EQ(told[0].type, Protocol::PACKET_S_ENTER_GAME);
  EXPECT_EQ(told[0].sequence, 0u);
  const auto hello = Parse<Protocol::S_ENTER_GAME>(told[0]);
  EXPECT_TRUE(hello.success());
  EXPECT_EQ(hello.room_id(), 7u);
  EXPECT_EQ(hello.player_id(), 2u);
  EXPECT_EQ(hello.unnamed(), 0u);
  std::set<std::uint64_t> listed;
  for (const auto& player : hello.players()) listed.insert(player.id());
  EXPECT_EQ(listed, (std::set<std::uint64_t>{1, 2}));
  const std::vector<wire::Frame> news = sender_.Take(first->owner);
  ASSERT_EQ(news.size(), 1u);
  EXPECT_EQ(news[0].type, Protocol::PACKET_S_PLAYER_JOINED);
  EXPECT_EQ(news[0].sequence, 2u);
  EXPECT_EQ(Parse<Protocol::S_PLAYER_JOINED>(news[0]).player().name(), "Knight2");
  EXPECT_EQ(room_.size(), 2u);
}

TEST_F(RoomTest, WhoHasLeftHearsNothingMore) {
  TASK_INPUT("05.3", "players 1 and 2 are inside, player 2 leaves, twice");
  const PlayerRef first = Inside(1);
  const PlayerRef second = Inside(2);
  sender_.Take(first->owner);
  room_.Leave(*second);
  room_.Leave(*second);  // is not inside: nothing is said, no number is used
  EXPECT_TRUE(sender_.Take(second->owner).empty());
  const std::vector<wire::Frame> news = sender_.Take(first->owner);
  ASSERT_EQ(news.size(), 1u);
  EXPECT_EQ(news[0].type, Protocol::PACKET_S_PLAYER_LEFT);
  EXPECT_EQ(news[0].sequence, 3u);
  EXPECT_EQ(Parse<Protocol::S_PLAYER_LEFT>(news[0]).player_id(), 2u);
  EXPECT_EQ(room_.size(), 1u);
  const PlayerRef third = Inside(3);
  EXPECT_EQ(sender_.Take(first->owner).at(0).sequence, 4u);
}

TEST_F(RoomTest, OnePacketForAllSealedOnce) {
  TASK_INPUT("05.3", "three players are inside, the fourth enters");
  std::vector<PlayerRef> members;
  for (std::uint32_t i = 1; i <= 3; ++i) members.push_back(Inside(i));
  for (const PlayerRef& member : members) sender_.Take(member->owner);
  const std::size_t seals = sender_.seals;
  const PlayerRef fourth = Inside(4);
  EXPECT_EQ(sender_.seals, seals + 2) << "the news, and the answer";
  std::set<const net::Packet*> packets;
  for (const PlayerRef& member : members) {
    const auto sent = sender_.TakePackets(member->owner);
    ASSERT_EQ(sent.size(), 1u);
    packets.insert(sent[0].get());
  }
  EXPECT_EQ(packets.size(), 1u) << "a copy for each";
}

// What a newcomer is told of who is inside and what it hears afterwards fit together: nobody comes
// twice, nobody goes who was not there, whatever the other threads do.
TEST_F(RoomTest, TheListAndTheNewsFitTogether) {
  constexpr std::uint32_t kThreads = 4;
  constexpr std::uint32_t kRounds = 300;
  TASK_INPUT("05.3", kThreads << " threads, each enters and leaves " << kRounds << " times");
  std::atomic<int> contradictions{0};
  std::vector<std::thread> threads;
  for (std::uint32_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::uint32_t round = 0; round < kRounds; ++round) {
        const PlayerRef me = MakePlayer(1 + thread + round * kThreads);
        room_.Enter(me);
        room_.Chat(*me, "here");
        room_.Leave(*me);
        std::set<std::uint64_t> inside;
        bool first = true;
        for (const wire::Frame& frame : sender_.Take(me->owner)) {
          const bool is_hello = frame.type == Protocol::PACKET_S_ENTER_GAME;
          if (std::exchange(first, false) != is_hello) ++contradictions;
          if (is_hello) {
            const auto hello = Parse<Protocol::S_ENTER_GAME>(frame);
            for (const auto& player : hello.players()) inside.insert(player.id());
          } else if (frame.type == Protocol::PACKET_S_PLAYER_JOINED) {
            const auto joined = Parse<Protocol::S_PLAYER_JOINED>(frame);
            if (!inside.insert(joined.player().id()).second) ++contradictions;
          } else if (frame.type == Protocol::PACKET_S_PLAYER_LEFT) {
            const auto left = Parse<Protocol::S_PLAYER_LEFT>(frame);
            if (inside.erase(left.player_id()) != 1) ++contradictions;
          }
        }
        if (inside.count(me->id) != 1) ++contradictions;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(contradictions, 0);
  EXPECT_EQ(room_.size(), 0u);
}

TEST_F(RoomTest, ManyWhoSpeakAtOnceAreHeardInTheOrderOfTheNumbers) {
  constexpr std::uint32_t kSpeakers = 4;
  constexpr std::uint32_t kRounds = 5'000;
  TASK_INPUT("05.4", kSpeakers << " threads, each speaks " << kRounds << " times");
  const PlayerRef listener = Inside(1);
  std::vector<PlayerRef> speakers;
  for (std::uint32_t i = 0; i < kSpeakers; ++i) speakers.push_back(Inside(2 + i));
  sender_.Take(listener->owner);
  std::vector<std::thread> threads;
  for (const PlayerRef& speaker : speakers) {
    threads.emplace_back([this, &speaker] {
      for (std::uint32_t i = 0; i < kRounds; ++i) room_.Chat(*speaker, "hello");
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::uint32_t expected = 2 + kSpeakers;
  for (const wire::Frame& frame : sender_.Take(listener->owner)) {
    ASSERT_EQ(frame.sequence, expected++) << "the room's numbers come out of order";
  }
  EXPECT_EQ(expected, 2 + kSpeakers + kSpeakers * kRounds);
}

// --- the states ----------------------------------------------------------------------------------

TEST(SessionTest, WalksThroughItsStates) {
  TASK_INPUT("05.5", "log in, enter, leave, leave again, enter, the connection ends");
  FakeSender sender;
  chat::World world({.rooms = 2, .max_message_bytes = 100}, sender);
  chat::Room& room = *world.FindRoom(1);
  auto session = std::make_unique<GameSession>(net::SessionId::Make(1, 1), world);
  EXPECT_EQ(session->state(), SessionState::kConnected);
  const PlayerRef knight = MakePlayer(1);
  session->LogIn({knight, MakePlayer(2)});
  EXPECT_EQ(session->state(), SessionState::kLobby);
  EXPECT_EQ(session->players().size(), 2u);
  EXPECT_EQ(session->player(), nullptr);
  for (int i = 0; i < 2; ++i) {
    session->EnterRoom(knight, room);
    EXPECT_EQ(session->state(), SessionState::kInRoom);
    EXPECT_EQ(session->player(), knight);
    EXPECT_EQ(session->room(), &room);
    EXPECT_EQ(room.size(), 1u);
    if (i == 1) break;
    for (int times = 0; times < 2; ++times) {
      session->LeaveRoom();
      EXPECT_EQ(session->state(), SessionState::kLobby);
      EXPECT_EQ(session->player(), nullptr);
      EXPECT_EQ(session->room(), nullptr);
      EXPECT_EQ(room.size(), 0u);
    }
  }
  session.reset();
  EXPECT_EQ(room.size(), 0u) << "the connection has ended and its player is still inside";
  EXPECT_EQ(knight.use_count(), 1) << "somebody keeps the player of a session that is gone";
}

}  // namespace
