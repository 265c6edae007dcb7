#include "services/monitor/report_link.h"

#include <spdlog/spdlog.h>

#include "services/log/quoted.h"

namespace services {

std::optional<std::string> ReportLinkOptions::Validate() const {
  if (reconnect_min.count() <= 0) return "monitor: reconnect_min must be above 0 ms";
  if (reconnect_max < reconnect_min) {
    return "monitor: reconnect_max must not be below reconnect_min";
  }
  if (connect_timeout.count() <= 0) return "monitor: connect_timeout must be above 0 ms";
  return std::nullopt;
}

bool ReportLink::ShouldConnect(TimePoint now) {
  // <student 07d.4>
  if (state_ != State::kAway || now < next_attempt_) return false;
  state_ = State::kConnecting;
  return true;
  // </student>
}

void ReportLink::OnConnected() {
  // <student 07d.4>
  state_ = State::kConnected;
  backoff_.Reset();
  logged_reason_.clear();
  spdlog::info("monitor.connected");
  // </student>
}

void ReportLink::OnLost(TimePoint now, const std::string& reason) {
  // <student 07d.4>
  if (state_ == State::kAway) return;
  state_ = State::kAway;
  next_attempt_ = now + backoff_.Next();
  if (reason != logged_reason_) spdlog::warn("monitor.away reason={}", Quoted(reason));
  logged_reason_ = reason;
  // </student>
}

}  // namespace services
