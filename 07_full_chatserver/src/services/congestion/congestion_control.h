// The congestion control thread: looks at the system's TCP counters and tells the server to pause
// accepting and sending, and to go on (source 000).
//
// Threading: Start, Stop and the destructor by one owner thread; the rest by any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "services/congestion/congestion_judge.h"

namespace services {

class CongestionControl {
 public:
  using Reader = std::function<std::optional<TcpCounters>()>;

  // on_pause(true): pause; on_pause(false): go on. Called by the thread, always in turns, beginning
  // with true; Stop() ends a pause with a last call. It must not throw and must not call Stop.
  // Throws std::invalid_argument with Validate()'s line.
  CongestionControl(const CongestionOptions& options, std::function<void(bool)> on_pause,
                    Reader reader = &ReadTcpCounters);
  ~CongestionControl() { Stop(); }
  CongestionControl(const CongestionControl&) = delete;
  CongestionControl& operator=(const CongestionControl&) = delete;

  void Start();  // once
  void Stop();   // may be called again

  bool IsPaused() const { return paused_.load(std::memory_order_relaxed); }

 private:
  void Run();
  void Tell(CongestionJudge::Change change);

  const std::function<void(bool)> on_pause_;
  const Reader reader_;
  CongestionJudge judge_;            // the thread only
  std::atomic<bool> paused_{false};  // atomic: written by the thread, read by any

  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;  // guarded by mutex_

  std::thread thread_;  // owner thread only
};

}  // namespace services
