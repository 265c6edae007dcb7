// A sink that writes nothing and tells when a flush has come through the log thread: lines that
// were logged before it have been written then.
#pragma once

#include <spdlog/sinks/sink.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace services {

class FlushMark final : public spdlog::sinks::sink {
 public:
  void log(const spdlog::details::log_msg&) override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}
  void flush() override {
    {
      const std::lock_guard lock(mutex_);
      ++flushes_;
    }
    flushed_.notify_all();
  }

  std::uint64_t Count() const {
    const std::lock_guard lock(mutex_);
    return flushes_;
  }
  bool WaitBeyond(std::uint64_t count, std::chrono::milliseconds limit) const {
    std::unique_lock lock(mutex_);
    return flushed_.wait_for(lock, limit, [&] { return flushes_ > count; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable flushed_;
  std::uint64_t flushes_ = 0;  // guarded by mutex_
};

}  // namespace services
