#include "services/log/log_failures.h"

#include <cstdio>

namespace services {

void LogFailures::Add(const std::string& what) {
  const auto now = std::chrono::steady_clock::now();
  bool say_it = false;
  {
    const std::lock_guard lock(mutex_);
    ++count_;
    say_it = now >= silent_until_;
    if (say_it) silent_until_ = now + std::chrono::minutes(1);
  }
  if (say_it) std::fprintf(stderr, "log: %s (told once a minute)\n", what.c_str());
}

std::uint64_t LogFailures::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

void LogFailures::Reset() {
  const std::lock_guard lock(mutex_);
  count_ = 0;
  silent_until_ = {};
}

}  // namespace services
