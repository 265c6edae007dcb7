// Is Redis there? For the monitor and for the log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace services {

enum class RedisState : unsigned char { kConnecting, kUp, kDown, kStopped };
const char* ToString(RedisState state);

struct RedisStatus {
  RedisState state = RedisState::kConnecting;
  std::string reason;          // of kDown; the last one while connecting again
  std::string_view trouble;    // of kDown: one of kTroubles (redis_trouble.h)
  std::uint64_t connects = 0;  // times that Redis came up
  std::uint64_t failed_attempts = 0;
  std::uint64_t timeouts = 0;  // requests that got no answer in time
  std::uint64_t inside = 0;    // requests without an answer now
};

}  // namespace services
