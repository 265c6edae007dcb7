// A terminal that knows what terminal::Screen uses of one, wraps as terminals do, and wraps anew
// when the window gets another width: a test can ask what a person would see.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "support/terminal/text.h"

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
        NextRow(false);
        ++at;
      } else if (bytes.substr(at).starts_with("\x1b"
                                              "7")) {
        saved_ = {row_, column_};
        at += 2;
      } else if (bytes.substr(at).starts_with("\x1b"
                                              "8")) {
        std::tie(row_, column_) = saved_;
        at += 2;
      } else if (bytes[at] == '\x1b') {
        at = Obey(bytes, at + 2);
      } else {
        const std::size_t next = terminal::NextCharacter(bytes, at);
        Put(bytes.substr(at, next - at));
        at = next;
      }
    }
  }

  // The window has another width now: what had wrapped is one line again, and is wrapped anew. The
  // cursor stays on its character; behind the last one of a row that is full it stays in that row.
  void Resize(std::size_t columns) {
    columns_ = columns;
    const auto old = std::exchange(rows_, std::vector<Row>(1));
    const auto [old_row, old_column] = std::pair(std::exchange(row_, 0), std::exchange(column_, 0));
    std::pair<std::size_t, std::size_t> cursor;
    for (std::size_t row = 0; row < old.size(); ++row) {
      if (row > 0 && !old[row].wrapped) {
        NextRow(false);
        column_ = 0;
      }
      const auto& cells = old[row].cells;
      const bool last = row + 1 == old.size() || !old[row + 1].wrapped;
      for (std::size_t at = 0; at < cells.size(); ++at) {
        if (cells[at].empty()) continue;  // of the wide character before it
        Put(cells[at]);
        if (row != old_row) continue;
        if (at == old_column) cursor = {row_, column_ - terminal::DisplayWidth(cells[at])};
        if (at < old_column && last) cursor = {row_, column_};
      }
      if (row == old_row && cells.empty()) cursor = {row_, 0};
    }
    std::tie(row_, column_) = cursor;
  }

  // The rows; a wide character's second column is not in the text.
  std::vector<std::string> Text() const {
    std::vector<std::string> text;
    for (const auto& row : rows_) {
      std::string line;
      for (const std::string& cell : row.cells) line += cell;
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
  struct Row {
    std::vector<std::string> cells;
    bool wrapped = false;  // goes on with the line of the row above
  };

  void NextRow(bool wrapped) {
    if (++row_ == rows_.size()) rows_.emplace_back();
    if (wrapped) rows_[row_].wrapped = true;
  }
  void Put(std::string_view character) {
    const std::size_t width = terminal::DisplayWidth(character);
    if (column_ + width > columns_) {
      column_ = wraps_ ? 0 : columns_ - std::min(columns_, width);
      if (wraps_) NextRow(true);
    }
    auto& cells = rows_[row_].cells;
    if (width == 0) {  // a mark with nothing of its own joins what stands before it
      if (column_ > 0 && column_ <= cells.size()) cells[column_ - 1] += character;
      return;
    }
    if (cells.size() < column_ + width) cells.resize(column_ + width, " ");
    cells[column_] = character;
    if (width == 2) cells[column_ + 1] = "";
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
      case 'J':
        rows_.resize(row_ + 1);
        rows_[row_].cells.resize(std::min(rows_[row_].cells.size(), column_));
        break;
      case 'm':
        break;  // a colour
      case 'h':
      case 'l':
        if (question && number == 7) wraps_ = bytes[at] == 'h';
        if (question && (number == 7 || number == 2004)) break;
        [[fallthrough]];
      default:
        unknown_ += bytes[at];
    }
    return at + 1;
  }

  std::size_t columns_;
  std::vector<Row> rows_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  std::pair<std::size_t, std::size_t> saved_;
  bool wraps_ = true;
  std::string unknown_;
};

}  // namespace tests
