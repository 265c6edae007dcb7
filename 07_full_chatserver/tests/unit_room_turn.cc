// RoomTurn against a model that gives every session its own stream: the pieces must come out as if
// each packet had been sent to each member at once.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "chat/room_turn.h"
#include "tests/fake_sender.h"
#include "tests/job_test_support.h"

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
  std::mt19937_64 random(job_test::Seed());
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
          turn.Flush();
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

}  // namespace
