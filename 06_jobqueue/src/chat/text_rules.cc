#include "chat/text_rules.h"

#include <utf8proc.h>

namespace chat {

namespace {

// What a terminal, a log file or the text around it would obey instead of showing it: control
// characters, line ends, and the bidi controls whose effect goes on behind the end of the message.
bool IsCommand(utf8proc_int32_t code_point) {
  switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return true;
    default:
      return (code_point >= 0x202A && code_point <= 0x202E) ||
             (code_point >= 0x2066 && code_point <= 0x2069);
  }
}

}  // namespace

Protocol::Refusal CheckMessage(std::string_view text, std::size_t max_bytes) {
  if (text.empty()) return Protocol::REFUSAL_EMPTY_MESSAGE;
  if (text.size() > max_bytes) return Protocol::REFUSAL_MESSAGE_TOO_LONG;
  while (!text.empty()) {
    utf8proc_int32_t code_point = -1;
    const utf8proc_ssize_t bytes =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                         static_cast<utf8proc_ssize_t>(text.size()), &code_point);
    if (bytes <= 0) return Protocol::REFUSAL_NOT_UTF8;
    if (IsCommand(code_point)) return Protocol::REFUSAL_BAD_TEXT;
    text.remove_prefix(static_cast<std::size_t>(bytes));
  }
  return Protocol::REFUSAL_NONE;
}

}  // namespace chat
