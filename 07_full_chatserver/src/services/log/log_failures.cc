#include "services/log/log_failures.h"

#include <cstdio>

namespace services {

void LogFailures::Add(const std::string& what) {
  const auto now = std::chrono::steady_clock::now();
  bool say_it = false;
  {
    const std::lock_guard lock(mutex_);
    ++count_;
    last_ = what;
    say_it = now >= silent_until_;
    if (say_it) silent_until_ = now + std::chrono::minutes(1);
  }
  if (say_it) std::fprintf(stderr, "log: %s (told once a minute)\n", what.c_str());
}

std::uint64_t LogFailures::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

std::string LogFailures::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

void LogFailures::Reset() {
  const std::lock_guard lock(mutex_);
  count_ = 0;
  last_.clear();
  silent_until_ = {};
}

}  // namespace services
