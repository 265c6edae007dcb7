// chat_client without a server and without a terminal: coming in, talking, changing the room,
// leaving.
#include "tests/client/unit_chat_client.h"

#include <string>

namespace {

using chat_client::Chat;
using chat_client::Disconnected;
using course_test::ChatClient;

TEST_F(ChatClient, APersonChoosesACharacter) {
  Chat& chat = Start({.character = {}, .room = 3});
  EXPECT_FALSE(chat.ready());
  ServerLogsIn();
  EXPECT_TRUE(chat.ready());
  EXPECT_EQ(chat.prompt(), "character 1-2> ");
  EXPECT_EQ(Shown(), "* your characters:");
  shown_.clear();
  for (const char* wrong : {"0", "3", "99999999999999999999999", "wizard"}) {
    chat.OnLine(wrong);
    EXPECT_NE(Shown().find("Knight1, Mage2"), std::string::npos) << wrong;
    EXPECT_TRUE(NothingSent());
  }
  chat.OnLine("MAGE");
  const auto enter = Sent<Protocol::C_ENTER_GAME>();
  EXPECT_EQ(enter.player_index(), 1u);
  EXPECT_EQ(enter.room_id(), 3u);
  EXPECT_FALSE(chat.ready());
  ServerLetsIn(3, 2);
  EXPECT_EQ(Shown(), "* you are Mage2 in room 3, with 1 other; /help");
  EXPECT_EQ(chat.prompt(), "Mage2@3> ");
}

TEST_F(ChatClient, ACharacterIsChosenByItsKindToo) {
  Chat& chat = Start({.character = "mage", .room = 3});
  Sent<Protocol::C_LOGIN>();
  Protocol::S_LOGIN login;
  login.set_success(true);
  for (const auto type : {Protocol::PLAYER_TYPE_KNIGHT, Protocol::PLAYER_TYPE_MAGE}) {
    Protocol::Player& player = *login.add_players();
    player.set_name("민지");
    player.set_player_type(type);
  }
  Server(login);
  EXPECT_EQ(Sent<Protocol::C_ENTER_GAME>().player_index(), 1u);
  EXPECT_FALSE(chat.over());
}

TEST_F(ChatClient, APipeTakesTheFirstCharacterAndEndsWhenRefused) {
  Chat& chat = Start({.character = {}, .room = 0, .person = false});
  ServerLogsIn();
  EXPECT_EQ(Sent<Protocol::C_ENTER_GAME>().player_index(), 0u);
  ServerRefusesRoom(Protocol::REFUSAL_BAD_ROOM);
  EXPECT_EQ(Shown(), "! room 0: there is no such room");
  EXPECT_TRUE(chat.over());
  EXPECT_EQ(chat.exit_code(), 1);
}

TEST_F(ChatClient, ALoginRefusedIsTheEnd) {
  Chat& chat = Start();
  Server(Protocol::S_LOGIN());
  EXPECT_TRUE(chat.over());
  EXPECT_EQ(chat.exit_code(), 1);
}

TEST_F(ChatClient, SaysAndHears) {
  Chat& chat = InRoom();
  chat.OnLine("안녕하세요");
  EXPECT_EQ(Sent<Protocol::C_CHAT>().msg(), "안녕하세요");
  EXPECT_EQ(Shown(), "(nothing)")
      << "one's own words come back from the server, in the room's order";
  ServerSays(9, "Archer9", "먼저", 70);
  ServerSays(1, "Knight1", "안녕하세요", 71);
  EXPECT_EQ(Shown(), "Archer9: 먼저");
  EXPECT_EQ(Shown(), "Knight1: 안녕하세요");
  EXPECT_EQ(Shown(), "(nothing)");
}

TEST_F(ChatClient, RefusalsAreSaidInWords) {
  Chat& chat = InRoom();
  chat.OnLine("something");
  Protocol::S_CHAT refused;
  refused.set_reason(Protocol::REFUSAL_MESSAGE_TOO_LONG);
  Server(refused);
  EXPECT_EQ(Shown(), "! not sent: the message is too long");
  for (int i = Protocol::Refusal_MIN; i <= Protocol::Refusal_MAX; ++i) {
    if (i == Protocol::REFUSAL_NONE || !Protocol::Refusal_IsValid(i)) continue;
    EXPECT_EQ(chat_client::InWords(static_cast<Protocol::Refusal>(i)).find("does not know"),
              std::string_view::npos)
        << "no words for " << Protocol::Refusal_Name(static_cast<Protocol::Refusal>(i));
  }
}

TEST_F(ChatClient, WhatCannotBeAPacketIsNotSent) {
  Chat& chat = InRoom();
  chat.OnLine("\xEC\x95");
  EXPECT_EQ(Shown(), "! not sent: the line is not UTF-8");
  chat.OnLine(std::string(Chat::kMaxMessage + 1, 'x'));
  EXPECT_EQ(Shown(), "! not sent: a message has 4000 bytes at most");
  chat.OnLongLine();
  EXPECT_EQ(Shown(), "! not sent: a message has 4000 bytes at most");
  EXPECT_TRUE(NothingSent());
  chat.OnLine(std::string(Chat::kMaxMessage, 'x'));
  EXPECT_EQ(Sent<Protocol::C_CHAT>().msg().size(), Chat::kMaxMessage);
}

TEST_F(ChatClient, PeopleComeAndGo) {
  Chat& chat = InRoom();
  Protocol::S_PLAYER_JOINED joined;
  AddPlayer(*joined.mutable_player(), 12, "마법사");
  Server(joined, 8);
  EXPECT_EQ(Shown(), "* 마법사 has come in");
  chat.OnLine("/who");
  EXPECT_EQ(Shown(), "* 3 players in room 5: Knight1 (you), Archer9, 마법사");
  Protocol::S_PLAYER_LEFT left;
  left.set_player_id(12);
  Server(left, 9);
  EXPECT_EQ(Shown(), "* 마법사 has left");
  // One of those that S_ENTER_GAME did not name.
  left.set_player_id(13);
  Server(left, 10);
  EXPECT_EQ(Shown(), "(nothing)");
}

TEST_F(ChatClient, AHoleInTheRoomsNumbersIsTold) {
  InRoom();
  ServerSays(9, "Archer9", "a", 40);
  ServerSays(9, "Archer9", "b", 41);
  ServerSays(9, "Archer9", "e", 44);
  EXPECT_EQ(Shown(), "Archer9: a");
  EXPECT_EQ(Shown(), "Archer9: b");
  EXPECT_EQ(Shown(), "! 2 messages of this room did not arrive");
  EXPECT_EQ(Shown(), "Archer9: e");
}

TEST_F(ChatClient, ChangesTheRoom) {
  Chat& chat = InRoom();
  chat.OnLine("/room 5");
  EXPECT_EQ(Shown(), "* you are in room 5 already");
  chat.OnLine("/room 6");
  Sent<Protocol::C_LEAVE_GAME>();
  EXPECT_FALSE(chat.ready()) << "a line now would be said in the wrong room";
  ServerLetsOut();
  EXPECT_EQ(Sent<Protocol::C_ENTER_GAME>().room_id(), 6u);
  ServerLetsIn(6);
  EXPECT_EQ(Shown(), "* you are Knight1 in room 6, with 1 other; /help");
  EXPECT_TRUE(chat.ready());
  // The new room has numbers of its own: not a hole.
  ServerSays(9, "Archer9", "hi", 1000);
  EXPECT_EQ(Shown(), "Archer9: hi");
}

TEST_F(ChatClient, ARoomThatRefusesLeadsBack) {
  Chat& chat = InRoom();
  chat.OnLine("/room 77");
  Sent<Protocol::C_LEAVE_GAME>();
  ServerLetsOut();
  EXPECT_EQ(Sent<Protocol::C_ENTER_GAME>().room_id(), 77u);
  ServerRefusesRoom(Protocol::REFUSAL_BAD_ROOM);
  EXPECT_EQ(Shown(), "! room 77: there is no such room");
  EXPECT_EQ(Sent<Protocol::C_ENTER_GAME>().room_id(), 5u);
  ServerRefusesRoom(Protocol::REFUSAL_BAD_ROOM);  // now that one, too: the lobby
  EXPECT_FALSE(chat.over());
  EXPECT_EQ(chat.prompt(), "no room> ");
  shown_.clear();
  chat.OnLine("hello?");
  EXPECT_EQ(Shown(), "! you are in no room; /room N enters one");
  chat.OnLine("/who");
  EXPECT_EQ(Shown(), "! you are in no room");
  EXPECT_TRUE(NothingSent());
  chat.OnLine("/room 1");
  EXPECT_EQ(Sent<Protocol::C_ENTER_GAME>().room_id(), 1u);
}

TEST_F(ChatClient, LeavesTheRoomBeforeItGoes) {
  Chat& chat = InRoom();
  chat.OnLine("last words");
  chat.OnLine("/quit");
  Sent<Protocol::C_CHAT>();
  Sent<Protocol::C_LEAVE_GAME>();
  EXPECT_TRUE(chat.leaving());
  EXPECT_FALSE(chat.over());
  ServerSays(1, "Knight1", "last words", 2);
  EXPECT_EQ(Shown(), "Knight1: last words");
  ServerLetsOut();
  EXPECT_TRUE(chat.over());
  EXPECT_EQ(chat.exit_code(), 0);
}

TEST_F(ChatClient, LeavesOnTheWayToAnotherRoom) {
  Chat& chat = InRoom();
  chat.OnLine("/room 6");
  chat.Leave();  // Ctrl-C
  Sent<Protocol::C_LEAVE_GAME>();
  EXPECT_TRUE(NothingSent()) << "one goodbye is enough";
  ServerLetsOut();
  EXPECT_TRUE(chat.over());
  EXPECT_EQ(chat.exit_code(), 0);
  EXPECT_TRUE(NothingSent());
}

TEST_F(ChatClient, LeavesAtOnceWhereThereIsNobodyToTell) {
  Chat& chat = Start();
  ServerLogsIn();
  chat.Leave();
  EXPECT_TRUE(chat.over());
  EXPECT_EQ(chat.exit_code(), 0);
}

TEST_F(ChatClient, TheServerGoesAway) {
  Chat& chat = InRoom();
  Server(Disconnected{"closed by the peer"});
  EXPECT_EQ(Shown(), "! the connection to the server is over: closed by the peer");
  EXPECT_TRUE(chat.over());
  EXPECT_EQ(chat.exit_code(), 1);
  ServerSays(9, "Archer9", "too late", 1);
  EXPECT_EQ(Shown(), "(nothing)");
}

TEST_F(ChatClient, ASendThatFailsIsTheEnd) {
  Chat& chat = InRoom();
  connected_ = false;
  chat.OnLine("hello");
  EXPECT_TRUE(chat.over());
  EXPECT_EQ(chat.exit_code(), 1);
}

TEST_F(ChatClient, APersonWhoIsTiredOfWaiting) {
  Chat& chat = InRoom();
  EXPECT_FALSE(chat.waiting());
  chat.Leave();
  EXPECT_TRUE(chat.waiting());
  chat.GiveUp();
  EXPECT_TRUE(chat.over());
  EXPECT_EQ(chat.exit_code(), 1);
}

TEST_F(ChatClient, AFileInAPipeWaitsForItsEcho) {
  Chat& chat = InRoom();
  for (std::size_t i = 0; i < Chat::kMaxUnanswered; ++i) {
    ASSERT_TRUE(chat.ready());
    chat.OnLine("x");
  }
  EXPECT_FALSE(chat.ready());
  ServerSays(9, "Archer9", "not ours", 1);
  EXPECT_FALSE(chat.ready());
  ServerSays(1, "Knight1", "x", 2);
  EXPECT_TRUE(chat.ready());
  chat.OnLine("y");
  EXPECT_FALSE(chat.ready());
  Protocol::S_CHAT refused;
  refused.set_reason(Protocol::REFUSAL_EMPTY_MESSAGE);
  Server(refused);
  EXPECT_TRUE(chat.ready()) << "a refusal is an answer, too";
}

TEST_F(ChatClient, HelpNamesEveryCommand) {
  Chat& chat = InRoom();
  chat.OnLine("/help");
  std::string help;
  for (const std::string& line : shown_) (help += line) += "\n";
  for (const char* command : {"/who", "/room N", "/quit", "//text"}) {
    EXPECT_NE(help.find(command), std::string::npos) << command;
  }
}

}  // namespace
