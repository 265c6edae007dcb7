// Lines out of a pipe: bytes in any pieces in, lines out, whichever way their ends are written.
//
// Threading: one thread. Errors: a line above the limit is not collected; it comes out as too_long
// with no text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace terminal {

class LineSplitter {
 public:
  static constexpr std::size_t kMaxBytes = 64 * 1024;

  struct Line {
    std::string text;  // without its end
    bool too_long = false;
  };

  void Feed(std::string_view bytes) { pending_ += bytes; }
  // The input is over: what has no line end is a line, too.
  void End() { ended_ = true; }

  // The next line; nullopt: feed more.
  std::optional<Line> Next();

 private:
  Line Take(std::size_t bytes);

  std::string pending_;
  bool skipping_ = false;  // inside of a line that is too long
  bool first_ = true;
  bool ended_ = false;
};

}  // namespace terminal
