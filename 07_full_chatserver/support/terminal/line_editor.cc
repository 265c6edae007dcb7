#include "support/terminal/line_editor.h"

#include <utility>

#include "support/terminal/text.h"

namespace terminal {

using Event = LineEditor::Event;

Event LineEditor::Apply(const Key& key) {
  switch (key.kind) {
    case Key::Kind::kText:
      return Insert(key.text);
    case Key::Kind::kEnter:
      return Event::kSubmitted;
    case Key::Kind::kBackspace:
      return Erase(PreviousCharacter(text_, cursor_), cursor_);
    case Key::Kind::kDelete:
      return Erase(cursor_, NextCharacter(text_, cursor_));
    case Key::Kind::kLeft:
      return MoveTo(PreviousCharacter(text_, cursor_));
    case Key::Kind::kRight:
      return MoveTo(NextCharacter(text_, cursor_));
    case Key::Kind::kHome:
      return MoveTo(0);
    case Key::Kind::kEnd:
      return MoveTo(text_.size());
    case Key::Kind::kWordLeft:
      return MoveTo(WordStart());
    case Key::Kind::kWordRight:
      return MoveTo(WordEnd());
    case Key::Kind::kUp:
      return Recall(true);
    case Key::Kind::kDown:
      return Recall(false);
    case Key::Kind::kKillToStart:
      return Erase(0, cursor_);
    case Key::Kind::kKillToEnd:
      return Erase(cursor_, text_.size());
    case Key::Kind::kKillWord:
      return Erase(WordStart(), cursor_);
    case Key::Kind::kRedraw:
      return Event::kEdited;
    case Key::Kind::kInterrupt:
      return Event::kInterrupted;
    case Key::Kind::kEndOfInput:
      return text_.empty() ? Event::kEnded : Erase(cursor_, NextCharacter(text_, cursor_));
    case Key::Kind::kIgnored:
      return Event::kNone;
  }
  return Event::kNone;
}

Event LineEditor::Insert(const std::string& text) {
  if (text_.size() + text.size() > kMaxBytes) return Event::kNone;
  text_.insert(cursor_, text);
  cursor_ += text.size();
  SettleCursor();
  return Event::kEdited;
}

Event LineEditor::Erase(std::size_t from, std::size_t to) {
  if (from == to) return Event::kNone;
  text_.erase(from, to - from);
  cursor_ = from;
  SettleCursor();
  return Event::kEdited;
}

// An inserted combining mark joins the character before it, what stood on the two sides of an
// erased character may join now, and a word may begin with a mark that belongs to the space before
// it: the cursor must not stand in the middle of a character.
void LineEditor::SettleCursor() {
  if (cursor_ == 0 || cursor_ == text_.size()) return;
  const std::size_t start = PreviousCharacter(text_, cursor_);
  const std::size_t end = NextCharacter(text_, start);
  if (end > cursor_) cursor_ = end;
}

Event LineEditor::MoveTo(std::size_t offset) {
  if (offset == cursor_) return Event::kNone;
  cursor_ = offset;
  SettleCursor();
  return Event::kEdited;
}

Event LineEditor::Recall(bool older) {
  if (older ? recalled_ == 0 : recalled_ == history_.size()) return Event::kNone;
  if (recalled_ == history_.size()) draft_ = text_;
  recalled_ = older ? recalled_ - 1 : recalled_ + 1;
  text_ = recalled_ == history_.size() ? draft_ : history_[recalled_];
  cursor_ = text_.size();
  return Event::kEdited;
}

std::size_t LineEditor::WordStart() const {
  std::size_t at = cursor_;
  while (at > 0 && text_[at - 1] == ' ') --at;
  while (at > 0 && text_[at - 1] != ' ') --at;
  return at;
}

std::size_t LineEditor::WordEnd() const {
  std::size_t at = cursor_;
  while (at < text_.size() && text_[at] == ' ') ++at;
  while (at < text_.size() && text_[at] != ' ') ++at;
  return at;
}

std::string LineEditor::TakeLine() {
  std::string line = std::exchange(text_, {});
  cursor_ = 0;
  draft_.clear();
  if (!line.empty() && (history_.empty() || history_.back() != line)) {
    history_.push_back(line);
    if (history_.size() > kMaxHistory) history_.pop_front();
  }
  recalled_ = history_.size();
  return line;
}

LineEditor::View LineEditor::Render(std::size_t columns) const {
  const std::string_view text = text_;
  // Drop characters at the front until the cursor's own column fits.
  std::size_t begin = 0;
  std::size_t to_cursor = DisplayWidth(text.substr(0, cursor_));
  while (begin < cursor_ && to_cursor + 1 > columns) {
    const std::size_t next = NextCharacter(text, begin);
    to_cursor -= DisplayWidth(text.substr(begin, next - begin));
    begin = next;
  }
  // Then take what fits behind it.
  std::size_t end = cursor_;
  std::size_t used = to_cursor;
  while (end < text.size()) {
    const std::size_t next = NextCharacter(text, end);
    const std::size_t width = DisplayWidth(text.substr(end, next - end));
    if (used + width > columns) break;
    used += width;
    end = next;
  }
  return {text.substr(begin, end - begin), cursor_ - begin, to_cursor};
}

}  // namespace terminal
