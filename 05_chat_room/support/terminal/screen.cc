#include "support/terminal/screen.h"

#include <algorithm>
#include <utility>

#include "support/terminal/text.h"

namespace terminal {

void Screen::Print(std::string_view line) {
  lines_ += line;
  // A terminal in keys mode does not add the carriage return itself everywhere.
  lines_ += keys_ ? "\r\n" : "\n";
}

// The cursor's row below the line's beginning. A window that was made narrower has wrapped the
// line, and a wide character that did not fit went to the next row whole.
std::size_t Screen::CursorRow(std::size_t columns) const {
  std::size_t row = 0;
  std::size_t column = 0;
  const std::string_view text = drawn_;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = NextCharacter(text, at);
    const std::size_t width = DisplayWidth(text.substr(at, next - at));
    if (column + width > columns) {
      ++row;
      column = 0;
    }
    if (at >= drawn_cursor_) return row;  // it stands on this character
    column += width;
    at = next;
  }
  return row;
}

std::string Screen::Erase(std::size_t columns) const {
  const std::size_t rows = CursorRow(columns);
  std::string bytes;
  if (rows > 0) bytes += "\x1b[" + std::to_string(rows) + "A";
  return bytes + "\r\x1b[J";
}

// A window may become narrower between our asking for its columns and its reading our bytes. So the
// text before the cursor is written so that it may wrap, as it does in a window made narrower
// later, and the text behind it so that it cannot (7l), or the window would scroll under the saved
// place.
// [update]
std::string Screen::Update(const LineEditor& editor, std::size_t columns) {
  if (!keys_) return std::exchange(lines_, {});
  const std::size_t prompt_width = DisplayWidth(prompt_);
  const bool with_prompt = prompt_width + 8 <= columns;  // in a tiny window the text matters more
  const std::size_t indent = with_prompt ? prompt_width : 0;
  const LineEditor::View view = editor.Render(columns > indent ? columns - indent : 1);

  std::string input = with_prompt ? prompt_ : std::string();
  const std::size_t cursor = input.size() + view.cursor;
  input += view.text;
  if (valid_ && lines_.empty() && input == drawn_ && cursor == drawn_cursor_) return {};

  std::string bytes = Erase(columns) + std::exchange(lines_, {}) + input.substr(0, cursor);
  if (cursor < input.size())
    bytes +=
        "\x1b"
        "7\x1b[?7l" +
        input.substr(cursor) +
        "\x1b[?7h\x1b"
        "8";
  drawn_ = std::move(input);
  drawn_cursor_ = cursor;
  valid_ = true;
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
