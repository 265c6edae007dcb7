#include "support/terminal/text.h"

#include <utf8proc.h>

namespace terminal {

namespace {

struct CodePoint {
  utf8proc_int32_t value;  // -1: not UTF-8
  std::size_t bytes;       // never 0
};

CodePoint Decode(std::string_view text, std::size_t offset) {
  utf8proc_int32_t value = -1;
  const utf8proc_ssize_t bytes =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + offset,
                       static_cast<utf8proc_ssize_t>(text.size() - offset), &value);
  if (bytes <= 0) return {-1, 1};
  return {value, static_cast<std::size_t>(bytes)};
}

bool IsRegionalIndicator(utf8proc_int32_t value) {
  return value >= 0x1F1E6 && value <= 0x1F1FF;
}

// A character is as wide as the widest of its code points: an emoji with modifiers counts once. A
// flag is two letters of one column each.
std::size_t CharacterWidth(std::string_view character) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < character.size();) {
    const CodePoint point = Decode(character, at);
    if (at == 0 && IsRegionalIndicator(point.value)) return 2;
    const int columns = point.value < 0 ? 1 : utf8proc_charwidth(point.value);
    if (columns > 0 && static_cast<std::size_t>(columns) > width)
      width = static_cast<std::size_t>(columns);
    at += point.bytes;
  }
  return width;
}

// What a terminal might obey instead of showing it: control characters (category Cc, which has
// escape and the one-character CSI U+009B), line and paragraph separators, the marks that turn the
// writing direction around, and bytes that are not UTF-8. The joiners of emoji (category Cf, as the
// direction marks) stay.
bool IsObeyed(utf8proc_int32_t value) {
  return value < 0 || utf8proc_category(value) == UTF8PROC_CATEGORY_CC || value == 0x2028 ||
         value == 0x2029 || (value >= 0x202A && value <= 0x202E) ||
         (value >= 0x2066 && value <= 0x2069);
}

}  // namespace

bool IsUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = Decode(text, at);
    if (point.value < 0) return false;
    at += point.bytes;
  }
  return true;
}

std::size_t NextCharacter(std::string_view text, std::size_t offset) {
  if (offset >= text.size()) return text.size();
  CodePoint previous = Decode(text, offset);
  std::size_t at = offset + previous.bytes;
  utf8proc_int32_t state = 0;
  while (at < text.size()) {
    const CodePoint next = Decode(text, at);
    if (previous.value < 0 || next.value < 0) break;
    if (utf8proc_grapheme_break_stateful(previous.value, next.value, &state)) break;
    previous = next;
    at += next.bytes;
  }
  return at;
}

std::size_t PreviousCharacter(std::string_view text, std::size_t offset) {
  // Whether two code points belong together can depend on everything before them (flags, for one),
  // so walk from the beginning. Lines that people type are short.
  std::size_t previous = 0;
  for (std::size_t at = 0; at < offset;) {
    previous = at;
    at = NextCharacter(text, at);
  }
  return previous;
}

std::size_t DisplayWidth(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = NextCharacter(text, at);
    width += CharacterWidth(text.substr(at, next - at));
    at = next;
  }
  return width;
}

std::string Printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = Decode(text, at);
    if (IsObeyed(point.value)) {
      result += "\xEF\xBF\xBD";
    } else {
      result += text.substr(at, point.bytes);
    }
    at += point.bytes;
  }
  return result;
}

bool IsHarmless(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = Decode(text, at);
    if (IsObeyed(point.value)) return false;
    at += point.bytes;
  }
  return true;
}

}  // namespace terminal
