#include "support/terminal/key_reader.h"

#include "support/terminal/text.h"

namespace terminal {

namespace {

using Kind = Key::Kind;

Kind ControlKey(char c) {
  switch (c) {
    case '\r':
    case '\n':
      return Kind::kEnter;
    case 0x7F:
    case 0x08:
      return Kind::kBackspace;
    case 0x01:
      return Kind::kHome;  // Ctrl-A
    case 0x02:
      return Kind::kLeft;  // Ctrl-B
    case 0x03:
      return Kind::kInterrupt;  // Ctrl-C
    case 0x04:
      return Kind::kEndOfInput;  // Ctrl-D
    case 0x05:
      return Kind::kEnd;  // Ctrl-E
    case 0x06:
      return Kind::kRight;  // Ctrl-F
    case 0x0B:
      return Kind::kKillToEnd;  // Ctrl-K
    case 0x0C:
      return Kind::kRedraw;  // Ctrl-L
    case 0x0E:
      return Kind::kDown;  // Ctrl-N
    case 0x10:
      return Kind::kUp;  // Ctrl-P
    case 0x15:
      return Kind::kKillToStart;  // Ctrl-U
    case 0x17:
      return Kind::kKillWord;  // Ctrl-W
    default:
      return Kind::kIgnored;
  }
}

// The last byte of "ESC [ parameters final" (and of "ESC O final"), as xterm and its relatives send
// them. "1;5" is a key with Ctrl held down.
Kind SequenceKey(char final, std::string_view parameters) {
  const bool ctrl = parameters == "1;5";
  switch (final) {
    case 'A':
      return Kind::kUp;
    case 'B':
      return Kind::kDown;
    case 'C':
      return ctrl ? Kind::kWordRight : Kind::kRight;
    case 'D':
      return ctrl ? Kind::kWordLeft : Kind::kLeft;
    case 'H':
      return Kind::kHome;
    case 'F':
      return Kind::kEnd;
    case '~':
      if (parameters == "1" || parameters == "7") return Kind::kHome;
      if (parameters == "4" || parameters == "8") return Kind::kEnd;
      if (parameters == "3") return Kind::kDelete;
      return Kind::kIgnored;
    default:
      return Kind::kIgnored;
  }
}

// Bytes of the UTF-8 sequence that begins with `lead`; 0 for a byte that begins none.
std::size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

bool IsContinuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

}  // namespace

void KeyReader::Feed(std::string_view bytes) {
  pending_.erase(0, at_);
  at_ = 0;
  pending_ += bytes;
}

void KeyReader::GiveUp() {
  if (InEscape()) ++at_;
}

Key KeyReader::Take(std::size_t bytes, Kind kind) {
  Key key{kind, kind == Kind::kText ? pending_.substr(at_, bytes) : std::string()};
  at_ += bytes;
  return key;
}

std::optional<Key> KeyReader::NextEscape() {
  const std::string_view rest = Rest();
  if (rest.size() < 2) return std::nullopt;
  if (rest[1] != '[' && rest[1] != 'O') {
    // Alt and a key; or the Esc key, and then something else that must not be eaten with it.
    return Take(rest[1] > 0x20 && rest[1] < 0x7F ? 2 : 1, Kind::kIgnored);
  }
  std::size_t at = 2;
  while (at < rest.size() && rest[at] >= 0x20 && rest[at] < 0x40) ++at;
  // Nothing sends a sequence this long: do not collect for ever.
  if (at > 32) return Take(at, Kind::kIgnored);
  if (at == rest.size()) return std::nullopt;
  if (rest[at] < 0x40 || rest[at] == 0x7F) return Take(at, Kind::kIgnored);  // no end of a sequence
  const std::string_view parameters = rest.substr(2, at - 2);
  const char final = rest[at];
  if (final == '~' && (parameters == "200" || parameters == "201")) {
    pasting_ = parameters == "200";
    after_return_ = false;
    return Take(at + 1, Kind::kIgnored);
  }
  return Take(at + 1, SequenceKey(final, parameters));
}

// What a key of the keyboard becomes in pasted text.
Key KeyReader::PasteOr(Key key, char control) {
  if (!pasting_) return key;
  const bool second_half = control == '\n' && after_return_;
  after_return_ = control == '\r';
  if (second_half) return {Kind::kIgnored, {}};
  if (control == '\r' || control == '\n' || control == '\t') return {Kind::kText, " "};
  return {Kind::kIgnored, {}};
}

// A character of several bytes, when it is complete and harmless; the bytes that are not UTF-8 are
// skipped as soon as one can know it, so that they never hold back the keys behind them.
std::optional<Key> KeyReader::NextText() {
  const std::string_view rest = Rest();
  const std::size_t length = SequenceLength(static_cast<unsigned char>(rest[0]));
  std::size_t have = 1;
  while (have < length && have < rest.size() && IsContinuation(rest[have])) ++have;
  if (have < length && have == rest.size()) return std::nullopt;
  if (length == 0 || have < length) return Take(1, Kind::kIgnored);
  if (!IsHarmless(rest.substr(0, length))) return Take(length, Kind::kIgnored);
  return Take(length, Kind::kText);
}

std::optional<Key> KeyReader::Next() {
  while (at_ < pending_.size()) {
    const char first = pending_[at_];
    std::optional<Key> key;
    if (first == '\x1b') {
      key = NextEscape();
    } else if (static_cast<unsigned char>(first) < 0x20 || first == 0x7F) {
      key = PasteOr(Take(1, ControlKey(first)), first);
    } else {
      after_return_ = false;
      key = NextText();
    }
    if (!key || key->kind != Kind::kIgnored) return key;
  }
  return std::nullopt;
}

}  // namespace terminal
