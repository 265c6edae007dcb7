#include "net/log.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "net/log_limit.h"

namespace net {

namespace {

// Never destroyed: threads may log after the static objects are gone.
LogLimit& TheLimit() {
  static LogLimit* const limit = new LogLimit(kLogLinesPerSecond);
  return *limit;
}

void Tell(const std::vector<LogLimit::LeftOut>& left_out) {
  for (const LogLimit::LeftOut& one : left_out) {
    spdlog::warn("log \"{}\": {} lines left out", one.kind, one.lines);
  }
}

bool WithinLimit(std::string_view event) {
  using namespace std::chrono;
  const auto now = duration_cast<seconds>(steady_clock::now().time_since_epoch());
  std::vector<LogLimit::LeftOut> told;
  const bool allowed = TheLimit().Allow(event, now.count(), told);
  Tell(told);
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

void LogWhatWasLeftOut() {
  Tell(TheLimit().Take());
}

}  // namespace net
