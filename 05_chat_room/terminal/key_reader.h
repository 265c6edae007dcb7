// From the bytes a terminal sends to keys. A key may arrive in pieces (a Korean syllable is three
// bytes, an arrow key is an escape sequence of three or more), so the reader keeps what is not
// complete yet.
//
// Threading: one thread. Errors: unknown sequences become Key::kIgnored, bad UTF-8 is dropped.
#pragma once

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
    kIgnored
  };
  Kind kind = Kind::kIgnored;
  std::string text;
};

class KeyReader {
 public:
  void Feed(std::string_view bytes) { pending_ += bytes; }
  // The next complete key; nullopt: feed more.
  std::optional<Key> Next();

 private:
  std::optional<Key> NextEscape();
  Key Take(std::size_t bytes, Key::Kind kind);

  std::string pending_;
};

}  // namespace terminal
