#include "net/tps_report.h"

#include <cmath>
#include <cstdio>
#include <utility>

#include "net/server.h"

namespace net {

TpsReport::TpsReport(const Server& server, Print print, std::chrono::milliseconds interval)
    : server_(server),
      print_(std::move(print)),
      thread_([this, interval, start = server.traffic()] { Loop(interval, start); }) {}

TpsReport::~TpsReport() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void TpsReport::Loop(std::chrono::milliseconds interval, TrafficTotals before) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point last = Clock::now();
  std::unique_lock lock(mutex_);
  for (;;) {
    // Until a fixed moment, not for a time: the printing must not make the second longer.
    if (wake_.wait_until(lock, last + interval, [this] { return stop_; })) return;
    lock.unlock();
    const Clock::time_point now = Clock::now();
    const TrafficTotals after = server_.traffic();
    print_(Line(before, after, std::chrono::duration<double>(now - last).count(),
                server_.live_sessions()));
    before = after;
    last = now;
    lock.lock();
  }
}

std::string TpsReport::Line(const TrafficTotals& before, const TrafficTotals& after, double seconds,
                            std::uint32_t live_sessions) {
  const auto per_second = [seconds](std::uint64_t from, std::uint64_t to) {
    return std::to_string(std::llround(static_cast<double>(to - from) / seconds));
  };
  std::string gathered;
  if (after.send_calls != before.send_calls) {
    char text[32];
    std::snprintf(text, sizeof(text), " (%.1f a call)",
                  static_cast<double>(after.send_packets - before.send_packets) /
                      static_cast<double>(after.send_calls - before.send_calls));
    gathered = text;
  }
  return "tps accept=" + per_second(before.accepts, after.accepts) +
         " recv=" + per_second(before.recv_packets, after.recv_packets) +
         " send=" + per_second(before.send_packets, after.send_packets) + gathered +
         " update=" + per_second(before.updates, after.updates) +
         " sessions=" + std::to_string(live_sessions);
}

}  // namespace net
