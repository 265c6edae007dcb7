#include "services/redis/redis_reply.h"
#include "services/redis/redis_status.h"

namespace services {

const char* ToString(ReplyKind kind) {
  switch (kind) {
    case ReplyKind::kText:
      return "text";
    case ReplyKind::kNil:
      return "nil";
    case ReplyKind::kError:
      return "error";
    case ReplyKind::kUnavailable:
      return "unavailable";
    case ReplyKind::kTimeout:
      return "timeout";
    case ReplyKind::kBusy:
      return "busy";
    case ReplyKind::kStopped:
      return "stopped";
  }
  return "?";
}

const char* ToString(RedisState state) {
  switch (state) {
    case RedisState::kConnecting:
      return "connecting";
    case RedisState::kUp:
      return "up";
    case RedisState::kDown:
      return "down";
    case RedisState::kStopped:
      return "stopped";
  }
  return "?";
}

}  // namespace services
