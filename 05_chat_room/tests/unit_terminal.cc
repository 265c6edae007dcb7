// The pure parts of the terminal client: widths, keys out of bytes, editing a line.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "terminal/key_reader.h"
#include "terminal/line_editor.h"
#include "terminal/text.h"

namespace {

using terminal::DisplayWidth;
using terminal::IsUtf8;
using terminal::Key;
using terminal::KeyReader;
using terminal::LineEditor;
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
  const std::vector<Key> keys = Keys("\x1b[" + std::string(100, '1') + "x", 1);
  ASSERT_FALSE(keys.empty());
  EXPECT_EQ(keys.front().kind, Key::Kind::kIgnored);
  EXPECT_EQ(keys.back().text, "x");
}

// --- editing ---

class TerminalEditor : public testing::Test {
 protected:
  LineEditor::Event Type(std::string_view bytes) {
    reader_.Feed(bytes);
    LineEditor::Event last = LineEditor::Event::kNone;
    while (auto key = reader_.Next()) last = editor_.Apply(*key);
    return last;
  }
  static constexpr const char* kLeft = "\x1b[D";
  static constexpr const char* kUp = "\x1b[A";
  static constexpr const char* kDown = "\x1b[B";

  KeyReader reader_;
  LineEditor editor_;
};

TEST_F(TerminalEditor, BackspaceRemovesAWholeKoreanSyllable) {
  Type("안녕\x7f");
  EXPECT_EQ(editor_.text(), "안");
  Type("\x7f\x7f");
  EXPECT_EQ(editor_.text(), "");
}

TEST_F(TerminalEditor, InsertsInTheMiddle) {
  Type("가다");
  Type(kLeft);
  Type("나");
  EXPECT_EQ(editor_.text(), "가나다");
  EXPECT_EQ(editor_.Render(80).cursor_column, 4u);
}

TEST_F(TerminalEditor, HistoryKeepsTheDraft) {
  EXPECT_EQ(Type("first\r"), LineEditor::Event::kSubmitted);
  EXPECT_EQ(editor_.TakeLine(), "first");
  Type("second\r");
  editor_.TakeLine();
  Type("draft");
  Type(kUp);
  EXPECT_EQ(editor_.text(), "second");
  Type(kUp);
  Type(kUp);
  EXPECT_EQ(editor_.text(), "first");
  Type(kDown);
  Type(kDown);
  EXPECT_EQ(editor_.text(), "draft");
}

TEST_F(TerminalEditor, RenderScrollsByWholeCharactersAndKeepsTheCursorVisible) {
  Type("가나다라마바사");  // 14 columns
  LineEditor::View view = editor_.Render(7);
  EXPECT_EQ(view.text, "마바사");
  EXPECT_EQ(view.cursor_column, 6u);
  Type("\x01");  // to the beginning
  view = editor_.Render(7);
  EXPECT_EQ(view.text, "가나다");
  EXPECT_EQ(view.cursor_column, 0u);
}

TEST_F(TerminalEditor, RenderNeverNeedsMoreThanItsColumns) {
  Type("a가b나c다d\xCC\x81라e");
  for (std::size_t columns = 1; columns < 20; ++columns) {
    Type("\x01");
    for (int step = 0; step < 12; ++step) {
      const LineEditor::View view = editor_.Render(columns);
      EXPECT_LE(DisplayWidth(view.text), columns);
      EXPECT_LT(view.cursor_column, columns);
      Type("\x06");
    }
  }
}

TEST_F(TerminalEditor, CtrlDEndsOnlyAnEmptyLine) {
  Type("ab\x01");
  EXPECT_EQ(Type("\x04"), LineEditor::Event::kEdited);
  EXPECT_EQ(editor_.text(), "b");
  Type("\x04");
  EXPECT_EQ(Type("\x04"), LineEditor::Event::kEnded);
}

TEST_F(TerminalEditor, KillsAndWords) {
  Type("one two  three");
  Type("\x17");
  EXPECT_EQ(editor_.text(), "one two  ");
  Type("\x17");
  EXPECT_EQ(editor_.text(), "one ");
  Type("\x02\x0b");
  EXPECT_EQ(editor_.text(), "one");
  Type("\x15");
  EXPECT_EQ(editor_.text(), "");
}

TEST_F(TerminalEditor, ALineHasALimit) {
  Type(std::string(LineEditor::kMaxBytes + 100, 'x'));
  EXPECT_EQ(editor_.text().size(), LineEditor::kMaxBytes);
}

}  // namespace
