// A text in double quotes that nothing in it can end, nor the line: a value of a log line
// (key="value"), and a TOML string. What comes from outside (paths, rules, what Redis or a database
// says) goes into the log like this, so that nobody writes lines of their own into it.
//
// (fmt has "{:?}" for it since version 9 only.) Any thread.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace services {

inline std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04X", static_cast<unsigned>(byte));
      out += escape;
    } else {
      out += c;  // UTF-8 as it is
    }
  }
  return out + '"';
}

}  // namespace services
