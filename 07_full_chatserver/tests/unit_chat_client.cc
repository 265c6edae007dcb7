// chat_client without a server and without a terminal: commands, and the chat as a state machine
// whose two other ends the test plays.
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "apps/chat_client/chat.h"

namespace {

using chat_client::Chat;
using chat_client::ChatOptions;
using chat_client::Command;
using chat_client::Disconnected;
using chat_client::Lines;
using chat_client::ParseCommand;
using chat_client::Request;
using chat_client::Roster;
using chat_client::ServerEvent;
using Kind = Command::Kind;

// --- commands ---

TEST(ChatClientCommand, WhatALineMeans) {
  EXPECT_EQ(ParseCommand("").kind, Kind::kNothing);
  EXPECT_EQ(ParseCommand("  \t ").kind, Kind::kNothing);
  EXPECT_EQ(ParseCommand(" 안녕 ").text, " 안녕 ");
  EXPECT_EQ(ParseCommand("/help").kind, Kind::kHelp);
  EXPECT_EQ(ParseCommand(" /who ").kind, Kind::kWho);
  EXPECT_EQ(ParseCommand("/quit").kind, Kind::kQuit);
  EXPECT_EQ(ParseCommand("//quit").kind, Kind::kSay);
  EXPECT_EQ(ParseCommand("//quit").text, "/quit");
  const Command room = ParseCommand("/room  4294967295");
  EXPECT_EQ(room.kind, Kind::kRoom);
  EXPECT_EQ(room.room, 4294967295u);
}

TEST(ChatClientCommand, AMistakeIsExplained) {
  for (const char* line : {"/room", "/room x", "/room -1", "/room 1 2", "/room 4294967296"}) {
    EXPECT_EQ(ParseCommand(line).kind, Kind::kMistake) << line;
    EXPECT_NE(ParseCommand(line).text.find("/room 3"), std::string::npos) << line;
  }
  EXPECT_NE(ParseCommand("/quit now").text.find("stands alone"), std::string::npos);
  EXPECT_NE(ParseCommand("/wo").text.find("did you mean /who?"), std::string::npos);
  EXPECT_NE(ParseCommand("/q").text.find("did you mean /quit?"), std::string::npos);
  EXPECT_NE(ParseCommand("/romo 3").text.find("did you mean /room?"), std::string::npos);
  EXPECT_EQ(ParseCommand("/somethingelse").text.find("did you mean"), std::string::npos);
  EXPECT_NE(ParseCommand("/").text.find("/help"), std::string::npos);
  EXPECT_EQ(ParseCommand("/\x1b[2J").text.find('\x1b'), std::string::npos);
}

// --- lines ---

TEST(ChatClientLines, OtherPeoplesTextCannotCommandTheTerminal) {
  const Lines lines({});
  EXPECT_EQ(lines.Chat(7, "Mage\x1b[2J", "hi\r\x07\xC2\x9B", false),
            "Mage\xEF\xBF\xBD[2J: hi\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(lines.Notice("\x1b]0;title\x07"), "* \xEF\xBF\xBD]0;title\xEF\xBF\xBD");
}

TEST(ChatClientLines, ColoursOnlyWhereTheyAreWanted) {
  EXPECT_EQ(Lines({}).Chat(1, "나", "안녕", true), "나: 안녕");
  const std::string mine = Lines({true, false}).Chat(1, "나", "안녕", true);
  const std::string yours = Lines({true, false}).Chat(1, "나", "안녕", false);
  EXPECT_NE(mine.find("\x1b["), std::string::npos);
  EXPECT_NE(mine, yours);
  EXPECT_TRUE(mine.ends_with("\x1b[0m: 안녕")) << "the text itself has no colour";
}

TEST(ChatClientRoster, IsShortened) {
  Roster roster;
  for (std::uint64_t id = 1; id <= 45; ++id)
    roster.Add(id, std::string("n").append(std::to_string(id)));
  EXPECT_NE(roster.Text(1).find("n1 (you), n2, "), std::string::npos);
  EXPECT_TRUE(roster.Text(1).ends_with("n40 and 5 more"));
  EXPECT_EQ(roster.Remove(45), "n45");
  EXPECT_EQ(roster.Remove(45), "");
}

// --- the chat ---

class ChatClient : public testing::Test {
 protected:
  Chat& Start(ChatOptions options = {}) {
    chat_.emplace(
        options, Lines({}),
        [this](const Request& request) {
          if (connected_) requests_.push_back(request);
          return connected_;
        },
        [this](std::string_view line) { shown_.emplace_back(line); });
    chat_->Begin();
    return *chat_;
  }

  // The next request, which must be a T.
  template <typename T>
  T Sent() {
    if (requests_.empty() || !std::holds_alternative<T>(requests_.front())) {
      ADD_FAILURE() << "no " << T().GetTypeName() << " was sent";
      return {};
    }
    T request = std::get<T>(requests_.front());
    requests_.pop_front();
    return request;
  }
  bool NothingSent() const { return requests_.empty(); }

  // The next line that was shown.
  std::string Shown() {
    if (shown_.empty()) return "(nothing)";
    std::string line = shown_.front();
    shown_.pop_front();
    return line;
  }

  template <typename T>
  void Server(const T& packet, std::uint32_t sequence = 0) {
    chat_->OnPacket({packet, sequence});
  }
  void ServerLogsIn() {
    Sent<Protocol::C_LOGIN>();
    Protocol::S_LOGIN login;
    login.set_success(true);
    login.add_players()->set_name("Knight1");
    login.add_players()->set_name("Mage2");
    Server(login);
  }
  void ServerLetsIn(std::uint32_t room, std::uint64_t me = 1) {
    Protocol::S_ENTER_GAME enter;
    enter.set_success(true);
    enter.set_room_id(room);
    enter.set_player_id(me);
    AddPlayer(*enter.add_players(), me, me == 1 ? "Knight1" : "Mage2");
    AddPlayer(*enter.add_players(), 9, "Archer9");
    Server(enter);
  }
  void ServerRefusesRoom(Protocol::Refusal reason) {
    Protocol::S_ENTER_GAME enter;
    enter.set_reason(reason);
    Server(enter);
  }
  void ServerLetsOut() {
    Protocol::S_LEAVE_GAME leave;
    leave.set_success(true);
    Server(leave);
  }
  void ServerSays(std::uint64_t id, const char* name, const char* text, std::uint32_t sequence) {
    Protocol::S_CHAT chat;
    chat.set_player_id(id);
    chat.set_name(name);
    chat.set_msg(text);
    Server(chat, sequence);
  }
  // In room 5 as Knight1 (id 1); nothing is left over of the way there.
  Chat& InRoom(ChatOptions options = {.character = "knight", .room = 5}) {
    Chat& chat = Start(options);
    ServerLogsIn();
    Sent<Protocol::C_ENTER_GAME>();
    ServerLetsIn(5);
    shown_.clear();
    return chat;
  }

  static void AddPlayer(Protocol::Player& player, std::uint64_t id, const char* name) {
    player.set_id(id);
    player.set_name(name);
  }

  bool connected_ = true;
  std::deque<Request> requests_;
  std::deque<std::string> shown_;
  std::optional<Chat> chat_;
};

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
  // A member that did not fit into S_ENTER_GAME's list is no event.
  AddPlayer(*joined.mutable_player(), 13, "quiet");
  Server(joined, 0);
  EXPECT_EQ(Shown(), "(nothing)");
  chat.OnLine("/who");
  EXPECT_NE(Shown().find("quiet"), std::string::npos);
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
