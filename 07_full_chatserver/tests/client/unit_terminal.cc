// What comes from a terminal or a pipe and what may go there: widths, keys out of bytes, lines.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/terminal/key_reader.h"
#include "support/terminal/line_splitter.h"
#include "support/terminal/text.h"

namespace {

using namespace std::string_view_literals;
using terminal::DisplayWidth;
using terminal::IsUtf8;
using terminal::Key;
using terminal::KeyReader;
using terminal::LineSplitter;
using terminal::NextCharacter;
using terminal::PreviousCharacter;
using terminal::Printable;

// --- text ---

TEST(TerminalText, KoreanTakesTwoColumns) {
  EXPECT_EQ(DisplayWidth("hello"), 5u);
  EXPECT_EQ(DisplayWidth("안녕하세요"), 10u);
  EXPECT_EQ(DisplayWidth("ab 가 c"), 7u);
  EXPECT_EQ(DisplayWidth(""), 0u);
}

TEST(TerminalText, ACombiningMarkTakesNoColumn) {
  const std::string e_acute = "e\xCC\x81";  // e and U+0301
  EXPECT_EQ(DisplayWidth(e_acute), 1u);
  EXPECT_EQ(NextCharacter(e_acute, 0), e_acute.size());
}

TEST(TerminalText, JamoThatFormOneSyllableAreOneCharacter) {
  const std::string han = "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB";  // ㅎ ㅏ ㄴ as conjoining jamo
  EXPECT_EQ(NextCharacter(han, 0), han.size());
  EXPECT_EQ(DisplayWidth(han), 2u);
}

TEST(TerminalText, NextAndPreviousAreInverse) {
  const std::string text =
      "a가e\xCC\x81나\xF0\x9F\x87\xB0\xF0\x9F\x87\xB7z";  // with the Korean flag
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at < text.size(); at = NextCharacter(text, at)) starts.push_back(at);
  EXPECT_EQ(starts.size(), 6u);
  std::size_t at = text.size();
  while (!starts.empty()) {
    at = PreviousCharacter(text, at);
    EXPECT_EQ(at, starts.back());
    starts.pop_back();
  }
  EXPECT_EQ(PreviousCharacter(text, 0), 0u);
}

TEST(TerminalText, Utf8IsCheckedStrictly) {
  EXPECT_TRUE(IsUtf8("안녕"));
  EXPECT_FALSE(IsUtf8("\xC0\x80"));          // overlong
  EXPECT_FALSE(IsUtf8("\xED\xA0\x80"));      // a surrogate
  EXPECT_FALSE(IsUtf8("\xEC\x95"));          // cut off
  EXPECT_FALSE(IsUtf8("\xF5\x80\x80\x80"));  // beyond Unicode
}

TEST(TerminalText, NothingThatATerminalObeysGetsThrough) {
  EXPECT_EQ(Printable("hi \x1b[2J\x07"), "hi \xEF\xBF\xBD[2J\xEF\xBF\xBD");
  EXPECT_EQ(Printable("\xC2\x9B"
                      "31m"),
            "\xEF\xBF\xBD"
            "31m");  // CSI as one C1 character
  EXPECT_EQ(Printable("\xFF"), "\xEF\xBF\xBD");
  EXPECT_EQ(Printable("\xE2\x80\xAE"
                      "abc"),
            "\xEF\xBF\xBD"
            "abc");  // right-to-left override
  EXPECT_EQ(Printable("안녕 👩‍💻"), "안녕 👩‍💻");
  EXPECT_EQ(Printable("a\nb\r\tc"),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\xEF\xBF\xBD"
            "c");
  EXPECT_TRUE(terminal::IsHarmless("안녕 👩‍💻"));
  EXPECT_FALSE(terminal::IsHarmless("안녕\x1b[2J"));
}

TEST(TerminalText, EmojiAndFlagsTakeTwoColumns) {
  EXPECT_EQ(DisplayWidth("👍"), 2u);
  EXPECT_EQ(DisplayWidth("👩‍💻"), 2u);  // three code points, one picture
  EXPECT_EQ(DisplayWidth("🇰🇷"), 2u);
  EXPECT_EQ(DisplayWidth("🇰🇷🇯🇵"), 4u);
}

// --- keys ---

std::vector<Key> Keys(std::string_view bytes, std::size_t piece) {
  KeyReader reader;
  std::vector<Key> keys;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    reader.Feed(bytes.substr(at, piece));
    while (auto key = reader.Next()) keys.push_back(*key);
  }
  return keys;
}

TEST(TerminalKeys, ArriveInAnyPieces) {
  const std::string bytes = "가\x1b[Ab\x1b[3~\x1bOH\x7f\r";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    const std::vector<Key> keys = Keys(bytes, piece);
    ASSERT_EQ(keys.size(), 7u) << "pieces of " << piece;
    EXPECT_EQ(keys[0].text, "가");
    EXPECT_EQ(keys[1].kind, Key::Kind::kUp);
    EXPECT_EQ(keys[2].text, "b");
    EXPECT_EQ(keys[3].kind, Key::Kind::kDelete);
    EXPECT_EQ(keys[4].kind, Key::Kind::kHome);
    EXPECT_EQ(keys[5].kind, Key::Kind::kBackspace);
    EXPECT_EQ(keys[6].kind, Key::Kind::kEnter);
  }
}

TEST(TerminalKeys, BadUtf8IsDroppedAndTheNextKeyIsWhole) {
  const std::vector<Key> keys = Keys(
      "\xFF\x80"
      "a\xC0"
      "b",
      1);
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].text, "a");
  EXPECT_EQ(keys[1].text, "b");
}

TEST(TerminalKeys, AnEndlessSequenceIsGivenUp) {
  std::string bytes = "\x1b[";
  bytes.append(100, '1');
  bytes += 'x';
  const std::vector<Key> keys = Keys(bytes, 1);
  ASSERT_FALSE(keys.empty());
  EXPECT_LT(keys.size(), 100u);
  EXPECT_EQ(keys.back().text, "x");
}

TEST(TerminalKeys, BytesThatCannotBecomeUtf8HoldNothingBack) {
  // The Enter behind half a syllable must not wait for the syllable's last byte.
  const std::vector<Key> keys = Keys("\xEC\x95\r", 1);
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(keys[0].kind, Key::Kind::kEnter);
}

TEST(TerminalKeys, TheEscKeyEatsNothing) {
  // Esc and then a syllable: Alt is not held down with an input method.
  std::vector<Key> keys = Keys("\x1b가", 1);
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(keys[0].text, "가");

  KeyReader reader;
  reader.Feed("\x1b");
  EXPECT_EQ(reader.Next(), std::nullopt);
  EXPECT_TRUE(reader.InEscape());
  reader.GiveUp();  // nothing followed: it was the key
  EXPECT_FALSE(reader.InEscape());
  reader.Feed("[A");
  EXPECT_EQ(reader.Next()->text, "[");
  EXPECT_EQ(reader.Next()->text, "A");
}

TEST(TerminalKeys, ASequenceEndsWhereItIsBroken) {
  const std::vector<Key> keys = Keys("\x1b[1가\x1b[\r\x1b[1;5Cb", 1);
  ASSERT_EQ(keys.size(), 4u);
  EXPECT_EQ(keys[0].text, "가");
  EXPECT_EQ(keys[1].kind, Key::Kind::kEnter);
  EXPECT_EQ(keys[2].kind, Key::Kind::kWordRight);
  EXPECT_EQ(keys[3].text, "b");
}

TEST(TerminalKeys, WhatMovesTheCursorCannotBeTyped) {
  EXPECT_TRUE(Keys("\xC2\x9B", 1).empty());      // CSI as one character
  EXPECT_TRUE(Keys("\xE2\x80\xAE", 1).empty());  // right-to-left override
  EXPECT_TRUE(Keys("\t\x1a\x00"sv, 1).empty());  // Tab, Ctrl-Z, Ctrl-Space
}

TEST(TerminalKeys, PastedLinesAreOneLine) {
  const std::string bytes = "a\x1b[200~하나\r\n둘\n\n셋\t\x03\x1b[201~\r";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    std::string text;
    std::vector<Key> keys = Keys(bytes, piece);
    ASSERT_FALSE(keys.empty());
    EXPECT_EQ(keys.back().kind, Key::Kind::kEnter);  // the one behind the paste
    keys.pop_back();
    for (const Key& key : keys) {
      ASSERT_EQ(key.kind, Key::Kind::kText);
      text += key.text;
    }
    EXPECT_EQ(text, "a하나 둘  셋 ") << "pieces of " << piece;
  }
}

// --- lines of a pipe ---

std::vector<std::string> Lines(std::string_view bytes, std::size_t piece) {
  LineSplitter splitter;
  std::vector<std::string> lines;
  const auto take = [&] {
    while (auto line = splitter.Next()) lines.push_back(line->too_long ? "(long)" : line->text);
  };
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    splitter.Feed(bytes.substr(at, piece));
    take();
  }
  splitter.End();
  take();
  return lines;
}

TEST(TerminalLines, AnyEndsInAnyPieces) {
  const std::string bytes = "\xEF\xBB\xBF하나\r\n\n둘\n셋";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    EXPECT_EQ(Lines(bytes, piece), (std::vector<std::string>{"하나", "", "둘", "셋"}));
  }
  EXPECT_TRUE(Lines("", 1).empty());
}

TEST(TerminalLines, AnEndlessLineIsNotCollected) {
  std::string bytes = "a\n";
  bytes.append(5 * LineSplitter::kMaxBytes, 'x');
  bytes += "\nb\n";
  bytes.append(2 * LineSplitter::kMaxBytes, 'y');
  for (const std::size_t piece : {1000u, 4096u, 1000000u}) {
    EXPECT_EQ(Lines(bytes, piece), (std::vector<std::string>{"a", "(long)", "b", "(long)"}));
  }
}

}  // namespace
