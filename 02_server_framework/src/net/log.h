// Structured log lines of the framework: event, session, detail. Any thread. Nothing per packet
// above debug level, and no more than kLogLinesPerSecond lines a second with the same event: the
// rest is counted, and the next line tells how many were left out.
//
// (One small door to spdlog: the framework's files need not compile all of it.)
#pragma once

#include <cstdint>
#include <string_view>

#include "net/session_id.h"

namespace net {

enum class LogLevel : unsigned char { kDebug, kInfo, kWarning, kError };

inline constexpr std::uint32_t kLogLinesPerSecond = 50;

// `event`: one of few, a literal.
void Log(LogLevel level, std::string_view event, SessionId id, std::string_view detail);

// Tells now what was left out until now: at the end, when no next line may come.
void LogWhatWasLeftOut();

}  // namespace net
