#include "net/log.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "net/log_limit.h"

namespace net {

namespace {

bool WithinLimit(std::string_view event) {
  using std::chrono::steady_clock;
  // Never destroyed: threads may log after the static objects are gone.
  static LogLimit* const limit = new LogLimit(kLogLinesPerSecond);
  const auto now = steady_clock::now().time_since_epoch();
  std::vector<LogLimit::LeftOut> told;
  const bool allowed =
      limit->Allow(event, std::chrono::duration_cast<std::chrono::seconds>(now).count(), told);
  for (const LogLimit::LeftOut& one : told) {
    spdlog::warn("log \"{}\": {} lines left out", one.kind, one.lines);
  }
  return allowed;
}

}  // namespace

void Log(LogLevel level, std::string_view event, SessionId id, std::string_view detail) {
  constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                   spdlog::level::warn, spdlog::level::err};
  const spdlog::level::level_enum to = kLevels[static_cast<int>(level)];
  if (!spdlog::should_log(to) || !WithinLimit(event)) return;
  if (id) {
    spdlog::log(to, "{} session={} {}", event, ToString(id), detail);
  } else {
    spdlog::log(to, "{} {}", event, detail);
  }
}

}  // namespace net
