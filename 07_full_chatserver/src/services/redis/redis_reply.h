// What became of one request to Redis.
#pragma once

#include <functional>
#include <string>

namespace services {

enum class ReplyKind : unsigned char {
  kText,         // a string or a status line: `text`
  kNil,          // no such key
  kError,        // Redis refused the command: `text` says why
  kUnavailable,  // no connection, or it broke before the answer: `text` says why
  kTimeout,      // no answer in request_timeout; Redis may have executed the command all the same
  kBusy,         // max_requests are inside already
  kStopped,      // the client is being stopped
};
const char* ToString(ReplyKind kind);

struct RedisReply {
  ReplyKind kind = ReplyKind::kUnavailable;
  std::string text;
};

using RedisCallback = std::function<void(const RedisReply&)>;

}  // namespace services
