// A threshold line of the monitor server's configuration:
//
//   chat_sessions > 18000 for 10          longer than 10 s above 18000, on any server
//   2: chat_redis_up < 1 for 5            on server 2 only
//
// Comparisons: > >= < <=. Seconds may carry an s ("10s"); 0 alarms at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace services {

struct AlarmRule {
  enum class Comparison : unsigned char { kAbove, kAtLeast, kBelow, kAtMost };

  std::string text;             // as it was written, for people
  std::uint32_t server_id = 0;  // 0: each server by itself
  std::string metric;
  Comparison comparison = Comparison::kAbove;
  double threshold = 0;
  std::int64_t for_ms = 0;

  bool IsBroken(double value) const;  // true: over the line
};

// Nothing, and in `error` what is wrong and what is expected.
std::optional<AlarmRule> ParseAlarmRule(std::string_view text, std::string& error);

}  // namespace services
