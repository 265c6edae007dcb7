#include "net/log.h"

#include <spdlog/spdlog.h>

namespace net {

void Log(LogLevel level, std::string_view event, SessionId id, std::string_view detail) {
  constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                   spdlog::level::warn, spdlog::level::err};
  const spdlog::level::level_enum to = kLevels[static_cast<int>(level)];
  if (!spdlog::should_log(to)) return;
  if (id) {
    spdlog::log(to, "{} session={} {}", event, ToString(id), detail);
  } else {
    spdlog::log(to, "{} {}", event, detail);
  }
}

}  // namespace net
