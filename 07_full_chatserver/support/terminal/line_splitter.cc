#include "support/terminal/line_splitter.h"

#include <utility>

namespace terminal {

LineSplitter::Line LineSplitter::Take(std::size_t bytes) {
  std::string_view text = std::string_view(pending_).substr(0, bytes);
  // Some programs of Windows write a mark (U+FEFF) to say that UTF-8 follows.
  if (std::exchange(first_, false) && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.ends_with('\r')) text.remove_suffix(1);
  const bool too_long = std::exchange(skipping_, false) || text.size() > kMaxBytes;
  return {too_long ? std::string() : std::string(text), too_long};
}

std::optional<LineSplitter::Line> LineSplitter::Next() {
  const std::size_t end = pending_.find('\n');
  if (end != std::string::npos) {
    Line line = Take(end);
    pending_.erase(0, end + 1);
    return line;
  }
  if (ended_ && (!pending_.empty() || skipping_)) {
    Line line = Take(pending_.size());
    pending_.clear();
    return line;
  }
  if (pending_.size() > kMaxBytes + 4) {  // it is not going to be a line that we take
    pending_.clear();
    skipping_ = true;
  }
  return std::nullopt;
}

}  // namespace terminal
