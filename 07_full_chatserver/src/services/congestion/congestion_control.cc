#include "services/congestion/congestion_control.h"

#include <spdlog/spdlog.h>

#include <stdexcept>
#include <utility>

namespace services {
namespace {

const CongestionOptions& Checked(const CongestionOptions& options) {
  if (const auto wrong = options.Validate()) throw std::invalid_argument(*wrong);
  return options;
}

}  // namespace

CongestionControl::CongestionControl(const CongestionOptions& options,
                                     std::function<void(bool)> on_pause, Reader reader)
    : on_pause_(std::move(on_pause)), reader_(std::move(reader)), judge_(Checked(options)) {}

void CongestionControl::Start() {
  thread_ = std::thread([this] { Run(); });
}

void CongestionControl::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void CongestionControl::Run() {
  bool blind = false;
  for (;;) {
    const std::optional<TcpCounters> counters = reader_();
    if (!counters && !std::exchange(blind, true)) spdlog::warn("congestion.no_counters");
    Tell(judge_.Look(counters));
    std::unique_lock lock(mutex_);
    if (stop_.wait_for(lock, judge_.NextLook(), [this] { return stopping_; })) break;
  }
  if (judge_.paused()) Tell(CongestionJudge::Change::kResume);
}

void CongestionControl::Tell(CongestionJudge::Change change) {
  if (change == CongestionJudge::Change::kNone) return;
  const bool pause = change == CongestionJudge::Change::kPause;
  paused_.store(pause, std::memory_order_relaxed);
  if (pause) {
    spdlog::warn("congestion.pause sent={} retransmitted={}", judge_.sent(),
                 judge_.retransmitted());
  } else {
    spdlog::info("congestion.resume");
  }
  on_pause_(pause);
}

}  // namespace services
