#include "peers/chat_core.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "load/wire.h"

namespace {

struct Heard {
  std::uint16_t type = 0;
  std::uint32_t sequence = 0;
  std::string body;
};

// Remembers who was sent what.
struct Recorder final : peers::Output {
  void Answer(peers::Member& to, net::PacketRef packet) override { Note(to, packet); }
  void Broadcast(peers::Room& room, net::PacketRef packet) override {
    for (peers::Member* const member : room.members()) Note(*member, packet);
  }
  void Entered(peers::Member& member) override { ++entered[&member]; }

  void Note(peers::Member& to, const net::PacketRef& packet) {
    load::FrameHead head;
    ASSERT_EQ(load::PeekFrame(packet->frame(), head), load::Peek::kFrame);
    std::vector<std::uint8_t> run;
    const auto body = load::DecodeFrame(packet->frame(), run);
    ASSERT_TRUE(body);
    heard[&to].push_back({head.type, head.sequence, std::string(body->begin(), body->end())});
  }

  std::map<peers::Member*, std::vector<Heard>> heard;
  std::map<peers::Member*, int> entered;
};

class ChatCoreTest : public testing::Test {
 protected:
  template <typename Message>
  bool Give(peers::Member& member, Protocol::PacketId id, const Message& message) {
    const std::string body = message.SerializeAsString();
    return core_.OnPacket(member, static_cast<std::uint16_t>(id),
                          {reinterpret_cast<const std::uint8_t*>(body.data()), body.size()});
  }
  void Enter(peers::Member& member, std::uint32_t room) {
    Protocol::C_ENTER_GAME enter;
    enter.set_room_id(room);
    EXPECT_TRUE(Give(member, Protocol::PACKET_C_LOGIN, Protocol::C_LOGIN()));
    EXPECT_TRUE(Give(member, Protocol::PACKET_C_ENTER_GAME, enter));
  }
  void Say(peers::Member& member, const std::string& text) {
    Protocol::C_CHAT chat;
    chat.set_msg(text);
    EXPECT_TRUE(Give(member, Protocol::PACKET_C_CHAT, chat));
  }
  template <typename Message>
  Message Last(peers::Member& member, Protocol::PacketId id) {
    Message message;
    const Heard& heard = recorder_.heard[&member].back();
    EXPECT_EQ(heard.type, id);
    EXPECT_TRUE(message.ParseFromString(heard.body));
    return message;
  }

  Recorder recorder_;
  peers::ChatCore core_{recorder_, 2};
};

TEST_F(ChatCoreTest, ANewcomerIsToldWhoIsThereAndTheOthersThatItCame) {
  peers::Member first;
  peers::Member second;
  Enter(first, 1);
  Enter(second, 1);
  const auto hello = Last<Protocol::S_ENTER_GAME>(second, Protocol::PACKET_S_ENTER_GAME);
  EXPECT_TRUE(hello.success());
  EXPECT_EQ(hello.room_id(), 1U);
  ASSERT_EQ(hello.players_size(), 2);
  EXPECT_EQ(hello.players(0).id(), first.id);
  EXPECT_EQ(hello.player_id(), second.id);
  const auto joined = Last<Protocol::S_PLAYER_JOINED>(first, Protocol::PACKET_S_PLAYER_JOINED);
  EXPECT_EQ(joined.player().id(), second.id);
  EXPECT_EQ(recorder_.entered[&second], 1);
}

TEST_F(ChatCoreTest, EverybodyInTheRoomHearsTheSameNumbers) {
  peers::Member members[3];
  for (peers::Member& member : members) Enter(member, 0);
  peers::Member elsewhere;
  Enter(elsewhere, 1);
  const std::size_t before = recorder_.heard[&elsewhere].size();
  Say(members[0], "one");
  Say(members[2], "two");
  for (peers::Member& member : members) {
    const auto& heard = recorder_.heard[&member];
    ASSERT_GE(heard.size(), 2U);
    const auto two = Last<Protocol::S_CHAT>(member, Protocol::PACKET_S_CHAT);
    EXPECT_EQ(two.msg(), "two");
    EXPECT_EQ(two.player_id(), members[2].id);
    EXPECT_EQ(heard.back().sequence, 5U);  // behind three newcomers and "one"
    EXPECT_EQ(heard[heard.size() - 2].sequence, 4U);
  }
  EXPECT_EQ(recorder_.heard[&elsewhere].size(), before);
  EXPECT_EQ(core_.said(), 2U);
}

TEST_F(ChatCoreTest, WhatMakesNoSenseIsAnsweredAndTheSessionLives) {
  peers::Member member;
  Say(member, "too early");
  const auto refused = [&] {
    return Last<Protocol::S_CHAT>(member, Protocol::PACKET_S_CHAT).reason();
  };
  EXPECT_EQ(refused(), Protocol::REFUSAL_NOT_LOGGED_IN);
  Enter(member, 5);
  EXPECT_EQ(Last<Protocol::S_ENTER_GAME>(member, Protocol::PACKET_S_ENTER_GAME).reason(),
            Protocol::REFUSAL_BAD_ROOM);
  Say(member, "no room");
  EXPECT_EQ(refused(), Protocol::REFUSAL_NOT_IN_ROOM);
  Protocol::C_ENTER_GAME enter;
  EXPECT_TRUE(Give(member, Protocol::PACKET_C_ENTER_GAME, enter));
  Say(member, "");
  EXPECT_EQ(refused(), Protocol::REFUSAL_EMPTY_MESSAGE);
  Say(member, std::string(peers::ChatCore::kMostMessageBytes + 1, 'x'));
  EXPECT_EQ(refused(), Protocol::REFUSAL_MESSAGE_TOO_LONG);
  Say(member, "\xFF");
  EXPECT_EQ(refused(), Protocol::REFUSAL_NOT_UTF8);
  EXPECT_EQ(core_.said(), 0U);
}

TEST_F(ChatCoreTest, AfterLeavingTheNamesAreRightAgain) {
  peers::Member members[4];
  for (peers::Member& member : members) Enter(member, 0);
  core_.Gone(members[1]);
  EXPECT_EQ(Last<Protocol::S_PLAYER_LEFT>(members[3], Protocol::PACKET_S_PLAYER_LEFT).player_id(),
            members[1].id);
  core_.Gone(members[0]);
  peers::Member newcomer;
  Enter(newcomer, 0);
  const auto hello = Last<Protocol::S_ENTER_GAME>(newcomer, Protocol::PACKET_S_ENTER_GAME);
  std::map<std::uint64_t, int> named;
  for (const auto& player : hello.players()) ++named[player.id()];
  EXPECT_EQ(named, (std::map<std::uint64_t, int>{
                       {members[2].id, 1}, {members[3].id, 1}, {newcomer.id, 1}}));
}

TEST_F(ChatCoreTest, OfManySomeAreNamed) {
  std::vector<std::unique_ptr<peers::Member>> members;
  for (std::size_t i = 0; i <= peers::ChatCore::kMostNamed + 5; ++i) {
    members.push_back(std::make_unique<peers::Member>());
    Enter(*members.back(), 0);
  }
  const auto hello = Last<Protocol::S_ENTER_GAME>(*members.back(), Protocol::PACKET_S_ENTER_GAME);
  EXPECT_EQ(static_cast<std::size_t>(hello.players_size()), peers::ChatCore::kMostNamed + 1);
  EXPECT_EQ(hello.unnamed(), 5U);
}

TEST_F(ChatCoreTest, ABodyThatDoesNotParseEndsTheSession) {
  peers::Member member;
  const std::vector<std::uint8_t> garbage = {0xFF};
  EXPECT_FALSE(core_.OnPacket(member, Protocol::PACKET_C_LOGIN, garbage));
}

}  // namespace
