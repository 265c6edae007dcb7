#include "net/log_limit.h"

#include <algorithm>
#include <utility>

namespace net {

bool LogLimit::Allow(std::string_view kind, std::int64_t second, std::vector<LeftOut>& told) {
  const std::lock_guard lock(lock_);
  // Every line asks for all kinds: the end of a flood is told even when its kind never comes again.
  for (Kind& one : kinds_) {
    if (one.second == second) continue;
    if (one.left_out > 0) told.push_back({one.name, std::exchange(one.left_out, 0)});
    one.second = second;
    one.lines = 0;
  }
  auto found = std::find_if(kinds_.begin(), kinds_.end(),
                            [kind](const Kind& one) { return one.name == kind; });
  if (found == kinds_.end()) {
    kinds_.push_back({std::string(kind), second});
    found = kinds_.end() - 1;
  }
  if (found->lines++ < lines_per_second_) return true;
  ++found->left_out;
  return false;
}

std::vector<LogLimit::LeftOut> LogLimit::Take() {
  const std::lock_guard lock(lock_);
  std::vector<LeftOut> told;
  for (Kind& one : kinds_) {
    if (one.left_out > 0) told.push_back({one.name, std::exchange(one.left_out, 0)});
  }
  return told;
}

}  // namespace net
