#include "terminal/screen.h"

#include <algorithm>
#include <utility>

#include "terminal/text.h"

namespace terminal {

void Screen::Print(std::string_view line) {
  lines_ += line;
  // A terminal in keys mode does not add the carriage return itself everywhere.
  lines_ += keys_ ? "\r\n" : "\n";
}

// A terminal that was made narrower has wrapped the input line: the cursor is some rows below the
// line's beginning then.
std::string Screen::Erase(std::size_t columns) const {
  const std::size_t rows = drawn_cursor_ / std::max<std::size_t>(columns, 1);
  std::string bytes;
  if (rows > 0) bytes += "\x1b[" + std::to_string(rows) + "A";
  return bytes + "\r\x1b[J";
}

// [update]
std::string Screen::Update(const LineEditor& editor, std::size_t columns) {
  if (!keys_) return std::exchange(lines_, {});
  const std::size_t prompt_width = DisplayWidth(prompt_);
  const bool with_prompt = prompt_width + 8 <= columns;  // in a tiny window the text matters more
  const std::size_t indent = with_prompt ? prompt_width : 0;
  const LineEditor::View view = editor.Render(columns > indent ? columns - indent : 1);

  std::string input = with_prompt ? prompt_ : std::string();
  input += view.text;
  const std::size_t cursor = indent + view.cursor_column;
  input += "\r";
  if (cursor > 0) input += "\x1b[" + std::to_string(cursor) + "C";

  if (lines_.empty() && input == drawn_) return {};
  std::string bytes = Erase(columns) + std::exchange(lines_, {}) + input;
  drawn_ = std::move(input);
  drawn_cursor_ = cursor;
  return bytes;
}
// [/update]

std::string Screen::Finish(std::size_t columns) {
  if (!keys_) return std::exchange(lines_, {});
  std::string bytes = Erase(columns) + std::exchange(lines_, {});
  drawn_.clear();
  drawn_cursor_ = 0;
  return bytes;
}

}  // namespace terminal
