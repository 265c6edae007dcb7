// From the bytes a terminal sends to keys. A key may arrive in pieces (a Korean syllable is three
// bytes, an arrow key is an escape sequence of three or more), so the reader keeps what is not
// complete yet.
//
// Pasted text comes between two escape sequences ("bracketed paste", asked for by the console). In
// it a line end is a space: a page that somebody pastes by mistake must not become forty messages.
//
// Threading: one thread. Errors: unknown sequences, bad UTF-8 and characters that would move the
// terminal's own cursor are skipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace terminal {

struct Key {
  enum class Kind : std::uint8_t {
    kText,  // `text` is one code point in UTF-8
    kEnter,
    kBackspace,
    kDelete,
    kLeft,
    kRight,
    kWordLeft,   // Ctrl and the arrow
    kWordRight,  // Ctrl and the arrow
    kUp,
    kDown,
    kHome,
    kEnd,
    kKillToStart,  // Ctrl-U
    kKillToEnd,    // Ctrl-K
    kKillWord,     // Ctrl-W
    kRedraw,       // Ctrl-L
    kInterrupt,    // Ctrl-C
    kEndOfInput,   // Ctrl-D
    kIgnored       // nothing; Next skips these
  };
  Kind kind = Kind::kIgnored;
  std::string text;
};

class KeyReader {
 public:
  void Feed(std::string_view bytes);

  // The next complete key; nullopt: feed more.
  std::optional<Key> Next();

  // True while an escape character waits for the rest of its sequence. It may also have been the
  // Esc key, after which nothing follows; only time can tell the two apart. When nothing has come
  // for a moment, call GiveUp.
  [[nodiscard]] bool InEscape() const { return at_ < pending_.size() && pending_[at_] == '\x1b'; }
  void GiveUp();

 private:
  [[nodiscard]] std::string_view Rest() const { return std::string_view(pending_).substr(at_); }
  std::optional<Key> NextEscape();
  std::optional<Key> NextText();
  Key PasteOr(Key key, char control);
  Key Take(std::size_t bytes, Key::Kind kind);

  std::string pending_;
  std::size_t at_ = 0;  // first byte of pending_ that belongs to no key yet
  bool pasting_ = false;
  bool after_return_ = false;  // in a paste: the last byte was \r, so a \n belongs to it
};

}  // namespace terminal
