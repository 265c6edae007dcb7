// RoomTurn against a model that gives every session its own stream: the pieces must come out as if
// each packet had been sent to each member at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "chat/room_turn.h"
#include "chat/roster.h"
#include "tests/support/fake_sender.h"
#include "tests/support/job_test_support.h"
#include "tests/support/task_input.h"

namespace {

using chat::RoomTurn;
using chat::StayRef;
using course_test::FakeSender;

StayRef MakeStay(std::uint32_t index) {
  return std::make_shared<chat::Stay>(std::make_shared<const chat::Player>(
      chat::Player{index, "p", Protocol::PLAYER_TYPE_MAGE, net::SessionId::Make(1, index)}));
}

class RoomTurnTest : public testing::Test {
 protected:
  net::PacketRef Packet(std::uint32_t number) {
    net::PacketRef packet = net::Packet::Make(7, 64);
    packet->SetSequence(number);
    sender_.Seal(*packet);
    return packet;
  }
  std::vector<std::uint32_t> Numbers(const StayRef& stay) {
    std::vector<std::uint32_t> numbers;
    for (const wire::Frame& frame : sender_.Take(stay->player->owner)) {
      numbers.push_back(frame.sequence);
    }
    return numbers;
  }
  using List = std::vector<std::uint32_t>;

  FakeSender sender_;
  RoomTurn turn_{sender_};
};

TEST_F(RoomTurnTest, WhateverIsSaidIsOnePacketForEveryMember) {
  TASK_INPUT("06.7", "three members, fifty packets, one flush");
  std::vector<StayRef> stays;
  for (std::uint32_t i = 0; i < 3; ++i) {
    stays.push_back(MakeStay(i));
    turn_.Add(stays.back(), Packet(100 + i));
  }
  turn_.Flush();
  for (const StayRef& stay : stays) EXPECT_EQ(Numbers(stay).size(), 1u);
  const std::int64_t alive = net::Packet::LiveCount();
  for (std::uint32_t number = 1; number <= 50; ++number) turn_.Say(Packet(number));
  turn_.Flush();
  const auto first = sender_.TakePackets(stays[0]->player->owner);
  ASSERT_EQ(first.size(), 1u);
  for (const StayRef& stay : {stays[1], stays[2]}) {
    const auto packets = sender_.TakePackets(stay->player->owner);
    ASSERT_EQ(packets.size(), 1u);
    EXPECT_EQ(packets[0].get(), first[0].get()) << "stored once";
  }
  EXPECT_EQ(net::Packet::LiveCount(), alive + 1) << "only the joined packet is left";
}

TEST_F(RoomTurnTest, NewcomersAndLeaversHearTheirPart) {
  TASK_INPUT("06.7", "one member, a newcomer, a visitor; five packets");
  const StayRef old = MakeStay(1), newcomer = MakeStay(2), visitor = MakeStay(3);
  turn_.Add(old, Packet(101));
  turn_.Flush();
  turn_.Say(Packet(1));
  turn_.Add(newcomer, Packet(102));
  turn_.Say(Packet(2));
  turn_.Add(visitor, Packet(103));
  turn_.Say(Packet(3));
  EXPECT_FALSE(visitor->over);
  EXPECT_TRUE(turn_.Remove(visitor, Packet(203)));
  EXPECT_FALSE(turn_.Remove(visitor, Packet(203)));
  turn_.Say(Packet(4));
  turn_.Tell(old, Packet(301));
  turn_.Tell(visitor, Packet(303));  // not a member any more: behind its good-bye
  turn_.Say(Packet(5));
  EXPECT_FALSE(visitor->over) << "not before it is told so";
  turn_.Flush();
  EXPECT_TRUE(visitor->over);
  EXPECT_EQ(Numbers(old), (List{101, 1, 2, 3, 4, 301, 5}));
  EXPECT_EQ(Numbers(newcomer), (List{102, 2, 3, 4, 5}));
  EXPECT_EQ(Numbers(visitor), (List{103, 3, 203, 303}));
  EXPECT_TRUE(turn_.empty());
  EXPECT_EQ(turn_.bytes(), 0u);
}

TEST_F(RoomTurnTest, WhoComesBackInTheSameTurnHearsItInOrder) {
  TASK_INPUT("06.7", "enters, leaves and enters again before one flush");
  const StayRef first = MakeStay(1);
  turn_.Add(first, Packet(101));
  turn_.Say(Packet(1));
  turn_.Remove(first, Packet(201));
  turn_.Say(Packet(2));
  const StayRef again = MakeStay(1);
  turn_.Add(again, Packet(102));
  turn_.Say(Packet(3));
  turn_.Flush();
  EXPECT_EQ(Numbers(first), (List{101, 1, 201, 102, 3}));
}

TEST_F(RoomTurnTest, RandomTurnsAgreeWithOneStreamPerSession) {
  const std::uint64_t seed = job_test::Seed();
  TASK_INPUT("06.7", "turns by chance, seed " << seed);
  std::mt19937_64 random(seed);
  for (std::uint64_t round = 0; round < job_test::Scaled(60); ++round) {
    std::map<std::uint32_t, StayRef> inside;
    std::map<std::uint32_t, List> expected;
    RoomTurn turn(sender_);
    std::uint32_t next = 1;
    for (int step = 0; step < 300; ++step) {
      const auto index = static_cast<std::uint32_t>(random() % 8);
      const auto member = inside.find(index);
      const std::uint32_t number = next++;
      switch (random() % 8) {
        case 0:
          random() % 3 == 0 ? turn.FlushAnswers() : turn.Flush();
          break;
        case 1:
        case 2:
          if (member == inside.end()) {
            inside[index] = MakeStay(index);
            turn.Add(inside[index], Packet(number));
            expected[index].push_back(number);
          } else if (random() % 2 == 0) {
            ASSERT_TRUE(turn.Remove(member->second, Packet(number)));
            expected[index].push_back(number);
            inside.erase(member);
          }
          break;
        case 3:
          if (member == inside.end()) break;
          turn.Tell(member->second, Packet(number));
          expected[index].push_back(number);
          break;
        default:
          turn.Say(Packet(number));
          for (const auto& [other, stay] : inside) expected[other].push_back(number);
      }
      ASSERT_EQ(turn.size(), inside.size());
    }
    turn.Flush();
    for (std::uint32_t index = 0; index < 8; ++index) {
      ASSERT_EQ(Numbers(MakeStay(index)), expected[index]) << "session " << index;
    }
  }
}

TEST_F(RoomTurnTest, NothingIsSentToAConnectionThatHasEnded) {
  const StayRef stays = MakeStay(1), goes = MakeStay(2);
  turn_.Add(stays, Packet(101));
  turn_.Add(goes, Packet(102));
  turn_.Flush();
  Numbers(goes);
  turn_.Say(Packet(1));
  EXPECT_TRUE(turn_.Forget(goes));
  EXPECT_FALSE(turn_.Forget(goes));
  turn_.Flush();
  EXPECT_EQ(Numbers(goes), List{});
  EXPECT_EQ(Numbers(stays), (List{101, 1}));
}

TEST_F(RoomTurnTest, AnswersGoAheadAndTheOthersHearTheRestLater) {
  TASK_INPUT("06.7", "FlushAnswers, then Flush");
  const StayRef old = MakeStay(1), leaver = MakeStay(2), newcomer = MakeStay(3);
  turn_.Add(old, Packet(101));
  turn_.Add(leaver, Packet(102));
  turn_.Flush();
  Numbers(old);
  turn_.Say(Packet(1));
  turn_.Add(newcomer, Packet(103));
  turn_.Say(Packet(2));
  turn_.Remove(leaver, Packet(202));
  turn_.FlushAnswers();
  EXPECT_TRUE(leaver->over);
  EXPECT_EQ(Numbers(leaver), (List{102, 1, 2, 202}));
  EXPECT_EQ(Numbers(newcomer), (List{103, 2}));
  EXPECT_EQ(Numbers(old), List{});
  EXPECT_EQ(turn_.said(), 2u);
  turn_.Say(Packet(3));
  turn_.Flush();
  EXPECT_EQ(Numbers(old), (List{1, 2, 3}));
  EXPECT_EQ(Numbers(newcomer), List{3});
}

// --- the list for newcomers -----------------------------------------------------------------------

class RosterTest : public RoomTurnTest {
 protected:
  StayRef Enter(std::uint32_t index) {
    const StayRef stay = MakeStay(index);
    turn_.Add(stay, Packet(1));
    roster_.Changed(stay->place);
    return stay;
  }
  void Leave(const StayRef& stay) {
    const std::size_t place = stay->place;
    ASSERT_TRUE(turn_.Forget(stay));
    roster_.Changed(place);
    roster_.Changed(turn_.size());
  }
  Protocol::S_ENTER_GAME HelloTo(const chat::Player& newcomer) {
    const net::PacketRef packet = roster_.Hello(newcomer);
    const auto bytes = packet->frame();
    const auto frames = wire::NaiveRead({bytes.begin(), bytes.end()}, 0xA9, 65535, false).frames;
    Protocol::S_ENTER_GAME hello;
    EXPECT_EQ(frames.size(), 1u);
    EXPECT_TRUE(
        hello.ParseFromArray(frames.at(0).body.data(), static_cast<int>(frames.at(0).body.size())));
    return hello;
  }

  chat::Roster roster_{7, turn_, sender_, 128 * 1024};
};

// Against a set of who is inside: nobody twice, nobody who has gone, nobody left out of the number.
TEST_F(RosterTest, SomeAreNamedAndTheOthersCounted) {
  std::mt19937_64 random(job_test::Seed());
  std::vector<StayRef> inside;
  std::set<std::uint64_t> ids;
  std::uint32_t next = 1;
  const auto check = [&] {
    const StayRef newcomer = MakeStay(next++);
    const std::uint64_t self = newcomer->player->id;
    const Protocol::S_ENTER_GAME hello = HelloTo(*newcomer->player);
    EXPECT_TRUE(hello.success());
    EXPECT_EQ(hello.player_id(), self);
    std::set<std::uint64_t> named;
    for (const auto& player : hello.players()) {
      EXPECT_TRUE(named.insert(player.id()).second) << "twice";
      EXPECT_TRUE(player.id() == self || ids.contains(player.id())) << "not inside";
    }
    ASSERT_EQ(named.size(), std::min(ids.size(), chat::Roster::kNamed) + 1);
    ASSERT_TRUE(named.contains(self));
    ASSERT_EQ(named.size() + hello.unnamed(), ids.size() + 1);
  };
  for (int step = 0; step < 1200; ++step) {
    const bool grows = step < 700 ? random() % 8 != 0 : random() % 8 == 0;
    if (grows || inside.empty()) {
      ids.insert(next);
      inside.push_back(Enter(next++));
    } else {
      std::swap(inside[random() % inside.size()], inside.back());
      ids.erase(inside.back()->player->id);
      Leave(inside.back());
      inside.pop_back();
    }
    if (step % 20 == 0) check();
  }
  check();
}

// Whoever can take little is named few.
TEST_F(RosterTest, TheLongestNamesFitIntoWhatANewcomerMayBeSent) {
  const std::string longest(255, 'n');
  for (std::uint32_t index = 1; index < 300; ++index) {
    turn_.Add(std::make_shared<chat::Stay>(std::make_shared<const chat::Player>(
                  chat::Player{~std::uint64_t{0} - index, longest, Protocol::PLAYER_TYPE_MAGE,
                               net::SessionId::Make(1, index)})),
              Packet(1));
  }
  const StayRef newcomer = MakeStay(300);
  std::size_t before = 0;
  for (const std::size_t most : {std::size_t{0}, std::size_t{8192}, std::size_t{1} << 20}) {
    chat::Roster roster(7, turn_, sender_, most);
    const std::size_t bytes = roster.Hello(*newcomer->player)->frame().size();
    EXPECT_GT(bytes, before);
    EXPECT_LE(bytes, most + 400) << "one is named in any case, and oneself";
    before = bytes;
  }
}

}  // namespace
