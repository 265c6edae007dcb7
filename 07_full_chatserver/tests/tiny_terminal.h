// A terminal that knows what terminal::Screen uses of one, and wraps as terminals do: a test can
// ask what a person would see.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "terminal/text.h"

namespace tests {

class TinyTerminal {
 public:
  explicit TinyTerminal(std::size_t columns) : columns_(columns), rows_(1) {}

  // Whole characters and escape sequences only.
  void Write(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
      if (bytes[at] == '\r') {
        column_ = 0;
        ++at;
      } else if (bytes[at] == '\n') {
        if (++row_ == rows_.size()) rows_.emplace_back();
        ++at;
      } else if (bytes[at] == '\x1b') {
        at = Obey(bytes, at + 2);
      } else {
        const std::size_t next = terminal::NextCharacter(bytes, at);
        Put(bytes.substr(at, next - at));
        at = next;
      }
    }
  }

  // The window has another width now. (What is on it stays as it is; many terminals wrap it anew.)
  void Resize(std::size_t columns) { columns_ = columns; }

  // The rows; a wide character's second column is not in the text.
  std::vector<std::string> Text() const {
    std::vector<std::string> text;
    for (const auto& row : rows_) {
      std::string line;
      for (const std::string& cell : row) line += cell;
      while (line.ends_with(' ')) line.pop_back();
      text.push_back(line);
    }
    return text;
  }
  // The last bytes of escape sequences that this terminal does not know; a test wants none.
  const std::string& unknown() const { return unknown_; }
  std::size_t row() const { return row_; }
  std::size_t column() const { return column_; }

 private:
  void Put(std::string_view character) {
    const std::size_t width = terminal::DisplayWidth(character);
    if (column_ + width > columns_) {
      column_ = 0;
      if (++row_ == rows_.size()) rows_.emplace_back();
    }
    if (rows_[row_].size() < column_ + width) rows_[row_].resize(column_ + width, " ");
    rows_[row_][column_] = character;
    if (width == 2) rows_[row_][column_ + 1] = "";
    column_ += width;
  }
  // `at` is the byte behind "ESC [".
  std::size_t Obey(std::string_view bytes, std::size_t at) {
    const bool question = at < bytes.size() && bytes[at] == '?';
    if (question) ++at;
    std::size_t number = 0;
    for (; at < bytes.size() && (bytes[at] == ';' || (bytes[at] >= '0' && bytes[at] <= '9'));
         ++at) {
      number = bytes[at] == ';' ? 0 : 10 * number + static_cast<std::size_t>(bytes[at] - '0');
    }
    if (at >= bytes.size()) return at;
    switch (bytes[at]) {
      case 'A':
        row_ -= std::min(row_, number);
        break;
      case 'C':
        column_ = std::min(column_ + number, columns_ - 1);
        break;
      case 'J':
        rows_.resize(row_ + 1);
        rows_[row_].resize(std::min(rows_[row_].size(), column_));
        break;
      case 'm':
        break;  // a colour
      case 'h':
      case 'l':
        if (question && number == 2004) break;
        [[fallthrough]];
      default:
        unknown_ += bytes[at];
    }
    return at + 1;
  }

  std::size_t columns_;
  std::vector<std::vector<std::string>> rows_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  std::string unknown_;
};

}  // namespace tests
