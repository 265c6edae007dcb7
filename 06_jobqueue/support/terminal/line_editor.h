// The line a person is typing: text, cursor, history. It knows nothing of a screen; Render says
// what a terminal of so many columns should show.
//
// Threading: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "support/terminal/key_reader.h"

namespace terminal {

class LineEditor {
 public:
  enum class Event : std::uint8_t {
    kNone,         // nothing changed
    kEdited,       // draw the line again
    kSubmitted,    // Enter: TakeLine() has the line
    kInterrupted,  // Ctrl-C
    kEnded         // Ctrl-D on an empty line
  };

  // What fits into the columns, and where the cursor stands in it (0 = the first byte, the first
  // column of the slice).
  struct View {
    std::string_view text;
    std::size_t cursor = 0;
    std::size_t cursor_column = 0;
  };

  static constexpr std::size_t kMaxBytes = 4096;
  static constexpr std::size_t kMaxHistory = 200;

  Event Apply(const Key& key);

  // The submitted line; the editor is empty then and the line is in the history.
  std::string TakeLine();

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::size_t cursor() const {
    return cursor_;
  }  // byte offset, at a character's beginning

  // A slice of whole characters that holds the cursor and leaves a column for it behind the last
  // one.
  [[nodiscard]] View Render(std::size_t columns) const;

 private:
  Event Insert(const std::string& text);
  Event Erase(std::size_t from, std::size_t to);
  Event MoveTo(std::size_t offset);
  Event Recall(bool older);
  void SettleCursor();
  [[nodiscard]] std::size_t WordStart() const;
  [[nodiscard]] std::size_t WordEnd() const;

  std::string text_;
  std::size_t cursor_ = 0;
  std::deque<std::string> history_;  // oldest first
  std::size_t recalled_ = 0;  // index into history_; history_.size() = the line being written
  std::string draft_;         // that line, while an older one is shown
};

}  // namespace terminal
