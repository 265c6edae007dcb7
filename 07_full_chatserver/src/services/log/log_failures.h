// Counts what sinks could not write and says so on stderr, not more than once a minute. (To log a
// failure of the log is no help.) Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace services {

class LogFailures {
 public:
  void Add(const std::string& what);
  std::uint64_t count() const;
  void Reset();

 private:
  mutable std::mutex mutex_;
  std::uint64_t count_ = 0;                               // guarded by mutex_
  std::chrono::steady_clock::time_point silent_until_{};  // guarded by mutex_
};

}  // namespace services
