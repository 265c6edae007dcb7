// Editing a line, and the screen that shows it between the lines that arrive.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/terminal/key_reader.h"
#include "support/terminal/line_editor.h"
#include "support/terminal/screen.h"
#include "support/terminal/text.h"
#include "tests/client/tiny_terminal.h"

namespace {

using terminal::DisplayWidth;
using terminal::IsUtf8;
using terminal::KeyReader;
using terminal::LineEditor;
using terminal::NextCharacter;
using terminal::Screen;
using tests::TinyTerminal;

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

TEST_F(TerminalEditor, WordsForwardAndBack) {
  Type("하나 둘 셋");
  Type("\x1b[1;5D");
  EXPECT_EQ(editor_.cursor(), std::string("하나 둘 ").size());
  Type("\x1b[1;5D\x1b[1;5D");
  EXPECT_EQ(editor_.cursor(), 0u);
  Type("\x1b[1;5C");
  EXPECT_EQ(editor_.cursor(), std::string("하나").size());
}

TEST_F(TerminalEditor, TheCursorNeverStandsInsideACharacter) {
  // What stands on both sides of an erased character becomes one: ㅎ and ㅏ as conjoining jamo.
  Type("\xE1\x84\x92x\xE1\x85\xA1z");
  Type("\x01\x06\x1b[3~");  // to the beginning, over ㅎ, Delete
  EXPECT_EQ(editor_.text(), "\xE1\x84\x92\xE1\x85\xA1z");
  EXPECT_EQ(editor_.cursor(), 6u);
  // At the very beginning it stays where it is.
  Type("\x01\x1b[3~");
  EXPECT_EQ(editor_.text(), "z");
  EXPECT_EQ(editor_.cursor(), 0u);
}

TEST_F(TerminalEditor, ALineHasALimit) {
  Type(std::string(LineEditor::kMaxBytes + 100, 'x'));
  EXPECT_EQ(editor_.text().size(), LineEditor::kMaxBytes);
}

// --- the screen ---

class TerminalScreen : public TerminalEditor {
 protected:
  void Show(std::size_t columns) { terminal_.Write(screen_.Update(editor_, columns)); }

  Screen screen_{true};
  TinyTerminal terminal_{20};
};

TEST_F(TerminalScreen, LinesArriveWhileOneIsTyped) {
  screen_.SetPrompt("나> ");
  Type("안녕하세요");
  Type(kLeft);
  Show(20);
  EXPECT_EQ(terminal_.Text(), std::vector<std::string>{"나> 안녕하세요"});
  EXPECT_EQ(terminal_.column(), 4u + 8u);

  screen_.Print("하나: 반가워요");
  screen_.Print("둘: hello");
  Show(20);
  EXPECT_EQ(terminal_.Text(),
            (std::vector<std::string>{"하나: 반가워요", "둘: hello", "나> 안녕하세요"}));
  EXPECT_EQ(terminal_.row(), 2u);
  EXPECT_EQ(terminal_.column(), 4u + 8u);

  Type("\x7f");
  Show(20);
  EXPECT_EQ(terminal_.Text().back(), "나> 안녕하요");
}

TEST_F(TerminalScreen, ALineWiderThanTheWindowScrollsSideways) {
  screen_.SetPrompt("> ");
  Type("가나다라마바사아자차카타파하");
  for (int step = 0; step < 20; ++step) {
    Show(20);
    EXPECT_EQ(terminal_.Text().size(), 1u) << "the input line has wrapped";
    EXPECT_LT(terminal_.column(), 20u);
    Type(kLeft);
  }
  EXPECT_EQ(terminal_.Text().back(), "> 가나다라마바사아자");
}

TEST_F(TerminalScreen, AMessageWiderThanTheWindowIsNotCut) {
  screen_.SetPrompt("> ");
  Type("x");
  Show(20);
  screen_.Print("가나다라마바사아자차카타");
  Show(20);
  EXPECT_EQ(terminal_.Text(), (std::vector<std::string>{"가나다라마바사아자차", "카타", "> x"}));
}

TEST_F(TerminalScreen, NothingIsWrittenWhenNothingHasChanged) {
  Type("abc");
  EXPECT_FALSE(screen_.Update(editor_, 20).empty());
  EXPECT_TRUE(screen_.Update(editor_, 20).empty());
  screen_.Invalidate();
  EXPECT_FALSE(screen_.Update(editor_, 20).empty());
}

TEST_F(TerminalScreen, ANarrowerWindowHasWrappedTheLine) {
  // 18 columns of text in a window of 20; in one of 10 they are two rows, the cursor in the second.
  screen_.SetPrompt("> ");
  Type("abcdefghijklmnop");
  static_cast<void>(screen_.Update(editor_, 20));
  TinyTerminal narrow(10);
  narrow.Write("said before\r\n> abcdefghijklmnop");
  narrow.Write(screen_.Update(editor_, 10));
  EXPECT_EQ(narrow.Text(), (std::vector<std::string>{"said befor", "e", "> jklmnop"}));
}

// A window that becomes narrower and wider: the line before the input line stays, and of the input
// line nothing is left behind.
TEST_F(TerminalScreen, ResizingLeavesNoFragments) {
  const std::vector<std::string> texts = {"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
                                          "",
                                          "가나다라마바사아자차카타파하가나다라마바사아자차카타파",
                                          "a가b나다라c마바사 아자차d카타파하 end"};
  const std::vector<std::size_t> widths = {60, 15, 60, 44, 43, 31, 30, 29, 17,
                                           15, 14, 40, 7,  3,  2,  60, 22};
  for (const std::string& text : texts) {
    for (const std::size_t lefts : {0u, 1u, 5u, 14u, 60u}) {
      SCOPED_TRACE(text + " and " + std::to_string(lefts) + " to the left");
      Type("\x05\x15" + text);
      for (std::size_t i = 0; i < lefts; ++i) Type(kLeft);
      terminal_ = TinyTerminal(60);
      Screen screen(true);
      screen.SetPrompt("기사1@0> ");
      screen.Print("before");
      terminal_.Write(screen.Update(editor_, 60));
      for (const std::size_t columns : widths) {
        terminal_.Resize(columns);
        screen.Invalidate();
        terminal_.Write(screen.Update(editor_, columns));
        std::string before;
        const std::vector<std::string> rows = terminal_.Text();
        for (std::size_t i = 0; i + 1 < rows.size(); ++i) before += rows[i];
        ASSERT_EQ(before, "before") << columns;
        const std::size_t indent = 9 + 8 <= columns ? 9 : 0;
        const std::string shown(editor_.Render(columns - indent).text);
        std::string input = (indent > 0 ? "기사1@0> " : "") + shown;
        while (input.ends_with(' ')) input.pop_back();
        ASSERT_EQ(rows.back(), input) << columns;
        ASSERT_EQ(terminal_.column(), indent + editor_.Render(columns - indent).cursor_column);
      }
      EXPECT_EQ(terminal_.unknown(), "");
    }
  }
}

// The line was drawn for a window that had just become narrower: it has wrapped as it was written.
TEST_F(TerminalScreen, DrawnForAWiderWindow) {
  for (const std::size_t lefts : {0u, 3u, 20u, 40u}) {
    SCOPED_TRACE(lefts);
    Type(
        "\x05\x15"
        "abcdefghijklmnopqrstuvwxyz가나다라마바사아자차");
    for (std::size_t i = 0; i < lefts; ++i) Type(kLeft);
    terminal_ = TinyTerminal(25);
    Screen screen(true);
    screen.SetPrompt("> ");
    screen.Print("before");
    terminal_.Write(screen.Update(editor_, 60));
    terminal_.Write(screen.Update(editor_, 25));
    ASSERT_EQ(terminal_.Text().size(), 2u);
    EXPECT_EQ(terminal_.Text().front(), "before");
  }
}

// Whatever is typed: the text stays UTF-8, the cursor stands between two characters, and the input
// line is one row that shows the cursor's surroundings.
TEST_F(TerminalScreen, RandomKeysNeverBreakTheLine) {
  const char* const given = std::getenv("COURSE_SEED");
  const std::uint32_t seed = given ? static_cast<std::uint32_t>(std::stoul(given)) : 2005u;
  SCOPED_TRACE("COURSE_SEED=" + std::to_string(seed));
  std::mt19937 dice(seed);
  const std::vector<std::string> keys = {"a",
                                         " ",
                                         "가",
                                         "힣",
                                         "\xE1\x84\x92",
                                         "\xE1\x85\xA1",
                                         "\xE1\x86\xAB",  // syllables, conjoining jamo
                                         "👍",
                                         "\xF0\x9F\x87\xB0",
                                         "\xF0\x9F\x87\xB7",
                                         "\xE2\x80\x8D",
                                         "👩",
                                         "💻",  // half flags, joiner
                                         "\xCC\x81",
                                         "\xFF",
                                         "\xEC\x95",
                                         "\x1b[D",
                                         "\x1b[C",
                                         "\x1b[1;5D",
                                         "\x1b[1;5C",
                                         "\x1b[A",
                                         "\x1b[B",
                                         "\x01",
                                         "\x05",
                                         "\x7f",
                                         "\x1b[3~",
                                         "\x17",
                                         "\r"};
  screen_.SetPrompt("나> ");
  for (int step = 0; step < 5'000; ++step) {
    if (Type(keys[dice() % keys.size()]) == LineEditor::Event::kSubmitted) editor_.TakeLine();
    if (dice() % 40 == 0) screen_.Print("하나: 말");
    ASSERT_TRUE(IsUtf8(editor_.text()));
    std::size_t boundary = 0;
    while (boundary < editor_.cursor()) boundary = NextCharacter(editor_.text(), boundary);
    ASSERT_EQ(boundary, editor_.cursor()) << "step " << step;
    const std::size_t rows = terminal_.Text().size();
    const std::string bytes = screen_.Update(editor_, 20);
    const auto printed = static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    terminal_.Write(bytes);
    ASSERT_EQ(terminal_.Text().size(), rows + printed) << "step " << step;
    ASSERT_EQ(terminal_.row() + 1, rows + printed);
    ASSERT_EQ(terminal_.column(), 4 + editor_.Render(16).cursor_column) << "step " << step;
    if (rows > 30) {
      terminal_ = TinyTerminal(20);
      screen_.Invalidate();
    }
  }
}

TEST_F(TerminalScreen, TheEndLeavesNoInputLine) {
  screen_.SetPrompt("> ");
  Type("half a line");
  Show(20);
  screen_.Print("bye");
  terminal_.Write(screen_.Finish(20));
  EXPECT_EQ(terminal_.Text(), (std::vector<std::string>{"bye", ""}));
}

TEST(TerminalScreenInAPipe, WritesPlainLines) {
  Screen screen(false);
  screen.SetPrompt("> ");
  screen.Print("하나");
  EXPECT_EQ(screen.Update(LineEditor(), 80), "하나\n");
  EXPECT_EQ(screen.Update(LineEditor(), 80), "");
  screen.Print("둘");
  EXPECT_EQ(screen.Finish(80), "둘\n");
}

}  // namespace
