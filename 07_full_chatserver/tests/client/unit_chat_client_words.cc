// chat_client's words: what a typed line means, and what is shown.
#include <gtest/gtest.h>

#include <string>

#include "apps/chat_client/command.h"
#include "apps/chat_client/lines.h"
#include "apps/chat_client/roster.h"

namespace {

using chat_client::Command;
using chat_client::Lines;
using chat_client::ParseCommand;
using chat_client::Roster;
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
  roster.Clear(2);
  roster.Add(1, "n1");
  EXPECT_EQ(roster.Text(1), "n1 (you) and 2 more");
  EXPECT_EQ(roster.Remove(99), "") << "one of those without a name";
  EXPECT_EQ(roster.Text(1), "n1 (you) and 1 more");
  EXPECT_EQ(roster.size(), 2u);
}

}  // namespace
