#include "terminal/key_reader.h"

#include <utf8proc.h>

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
// them.
Kind SequenceKey(char final, std::string_view parameters) {
  switch (final) {
    case 'A':
      return Kind::kUp;
    case 'B':
      return Kind::kDown;
    case 'C':
      return Kind::kRight;
    case 'D':
      return Kind::kLeft;
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

}  // namespace

Key KeyReader::Take(std::size_t bytes, Key::Kind kind) {
  Key key{kind, kind == Kind::kText ? pending_.substr(0, bytes) : std::string()};
  pending_.erase(0, bytes);
  return key;
}

std::optional<Key> KeyReader::NextEscape() {
  if (pending_.size() < 2) return std::nullopt;
  if (pending_[1] != '[' && pending_[1] != 'O') return Take(2, Kind::kIgnored);  // Alt and a key
  std::size_t at = 2;
  while (at < pending_.size() && pending_[at] >= 0x20 && pending_[at] < 0x40) ++at;
  if (at == pending_.size()) {
    // Nothing sends a sequence this long: do not collect for ever.
    if (pending_.size() > 32) return Take(pending_.size(), Kind::kIgnored);
    return std::nullopt;
  }
  return Take(at + 1, SequenceKey(pending_[at], std::string_view(pending_).substr(2, at - 2)));
}

std::optional<Key> KeyReader::Next() {
  while (!pending_.empty()) {
    const auto lead = static_cast<unsigned char>(pending_[0]);
    if (lead == 0x1B) return NextEscape();
    if (lead < 0x20 || lead == 0x7F) return Take(1, ControlKey(pending_[0]));
    const std::size_t length = SequenceLength(lead);
    if (length > pending_.size()) return std::nullopt;
    utf8proc_int32_t value = -1;
    if (length > 0 && utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(pending_.data()),
                                       static_cast<utf8proc_ssize_t>(length), &value) > 0) {
      return Take(length, Kind::kText);
    }
    pending_.erase(0, 1);  // not UTF-8
  }
  return std::nullopt;
}

}  // namespace terminal
