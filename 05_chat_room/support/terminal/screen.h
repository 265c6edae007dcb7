// What a person sees: lines that scroll by, and below them the line being typed. Lines may arrive
// while the person types: the input line is taken away, the lines are written, and it is drawn
// again with the cursor where it was, all in one write.
//
// It makes bytes and knows no terminal, so a test can look at them. Threading: one thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "support/terminal/line_editor.h"

namespace terminal {

class Screen {
 public:
  // keys = false: there is no input line to be drawn, the output is just the lines.
  explicit Screen(bool keys) : keys_(keys) {}

  // A line above the input line, shown by the next Update. It may hold colours: whatever of it was
  // written by other people must have gone through Printable.
  void Print(std::string_view line);

  // In front of the line being typed. No colours.
  void SetPrompt(std::string prompt) { prompt_ = std::move(prompt); }

  // The bytes that bring the terminal up to date; empty when nothing has changed.
  [[nodiscard]] std::string Update(const LineEditor& editor, std::size_t columns);
  // Draw the input line again, whatever the terminal shows now.
  void Invalidate() { valid_ = false; }
  // The last bytes: pending lines, and no input line any more.
  [[nodiscard]] std::string Finish(std::size_t columns);

 private:
  [[nodiscard]] std::size_t CursorRow(std::size_t columns) const;
  // From the cursor's place in the input line to the beginning of it, and everything from there on
  // cleared.
  [[nodiscard]] std::string Erase(std::size_t columns) const;

  const bool keys_;
  std::string lines_;  // to be shown
  std::string prompt_;
  std::string drawn_;             // the input line on the terminal; empty: none
  std::size_t drawn_cursor_ = 0;  // the byte in it that the cursor stands on
  bool valid_ = false;            // drawn_ is what the terminal shows
};

}  // namespace terminal
