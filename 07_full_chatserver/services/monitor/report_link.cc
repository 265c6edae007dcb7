#include "services/monitor/report_link.h"

#include <spdlog/spdlog.h>

namespace services {

bool ReportLink::ShouldConnect(TimePoint now) {
  if (state_ != State::kAway || now < next_attempt_) return false;
  state_ = State::kConnecting;
  return true;
}

void ReportLink::OnConnected() {
  state_ = State::kConnected;
  backoff_.Reset();
  logged_reason_.clear();
  spdlog::info("monitor.connected");
}

void ReportLink::OnLost(TimePoint now, const std::string& reason) {
  if (state_ == State::kAway) return;
  state_ = State::kAway;
  next_attempt_ = now + backoff_.Next();
  if (reason != logged_reason_) spdlog::warn("monitor.away reason=\"{}\"", reason);
  logged_reason_ = reason;
}

}  // namespace services
