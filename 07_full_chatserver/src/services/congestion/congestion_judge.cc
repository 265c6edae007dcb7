#include "services/congestion/congestion_judge.h"

#include <limits>

namespace services {
namespace {

// How much a counter has grown. Windows' have 32 bits and wrap; one that went back for another
// reason (a namespace was changed) counts as not grown.
std::uint64_t Growth(std::uint64_t before, std::uint64_t now) {
  if (now >= before) return now - before;
  constexpr std::uint64_t k32 = std::numeric_limits<std::uint32_t>::max();
  const std::uint64_t wrapped = now + (k32 - before) + 1;
  return before <= k32 && wrapped < k32 / 2 ? wrapped : 0;
}

}  // namespace

std::optional<std::string> CongestionOptions::Validate() const {
  if (sample.count() <= 0) return "congestion: sample must be above 0 ms";
  if (recheck.count() <= 0 || recheck > sample) return "congestion: recheck must be 1 ms .. sample";
  if (retransmit_percent == 0 || retransmit_percent > 99) {
    return "congestion: retransmit_percent must be 1..99";
  }
  if (segments_min == 0 || clean_checks == 0) {
    return "congestion: segments_min and clean_checks must be at least 1";
  }
  return std::nullopt;
}

// [judge]
CongestionJudge::Change CongestionJudge::Look(std::optional<TcpCounters> counters) {
  // <student 07e.3>
  if (!counters) {
    last_.reset();
    clean_ = 0;
    const bool was_paused = paused_;
    paused_ = false;
    return was_paused ? Change::kResume : Change::kNone;
  }
  const bool first = !last_;
  sent_ = first ? 0 : Growth(last_->sent, counters->sent);
  retransmitted_ = first ? 0 : Growth(last_->retransmitted, counters->retransmitted);
  last_ = counters;
  if (first) return Change::kNone;

  if (!paused_) {
    if (sent_ < options_.segments_min || IsClean()) return Change::kNone;
    paused_ = true;
    clean_ = 0;
    return Change::kPause;
  }
  clean_ = IsClean() ? clean_ + 1 : 0;
  if (clean_ < options_.clean_checks) return Change::kNone;
  paused_ = false;
  return Change::kResume;
  // </student>
}

bool CongestionJudge::IsClean() const {
  // <student 07e.3>
  const std::uint64_t percent = options_.retransmit_percent;
  if (100 * retransmitted_ <= percent * sent_) return true;
  const auto sample = static_cast<std::uint64_t>(options_.sample.count());
  const auto window = paused_ ? static_cast<std::uint64_t>(options_.recheck.count()) : sample;
  return 100 * retransmitted_ * sample < percent * options_.segments_min * window;
  // </student>
}
// [/judge]

}  // namespace services
