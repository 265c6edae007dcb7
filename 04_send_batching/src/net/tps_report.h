// One line a second: transactions per second and live sessions.
//
//   tps accept=12 recv=4980 send=199200 (25.0 a call) update=4980 sessions=400
//
// Threading: a thread of its own between construction and destruction. It calls `print` there, and
// reads the server by its thread-safe functions only.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "net/traffic.h"

namespace net {

class Server;

class TpsReport {
 public:
  using Print = std::function<void(const std::string& line)>;

  TpsReport(const Server& server, Print print,
            std::chrono::milliseconds interval = std::chrono::seconds(1));
  TpsReport(const TpsReport&) = delete;
  TpsReport& operator=(const TpsReport&) = delete;
  ~TpsReport();

  // The line for what happened between two readings, `seconds` apart.
  static std::string Line(const TrafficTotals& before, const TrafficTotals& after, double seconds,
                          std::uint32_t live_sessions);

 private:
  void Loop(std::chrono::milliseconds interval, TrafficTotals before);

  const Server& server_;
  const Print print_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace net
