// Structured log lines of the framework: event, session, detail. Any thread. Nothing per packet
// above debug level. (One small door to spdlog: the framework's files need not compile all of it.)
#pragma once

#include <string_view>

#include "net/session_id.h"

namespace net {

enum class LogLevel : unsigned char { kDebug, kInfo, kWarning, kError };

void Log(LogLevel level, std::string_view event, SessionId id, std::string_view detail);

}  // namespace net
