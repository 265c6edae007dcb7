#include "services/redis/redis_options.h"

namespace services {

std::optional<std::string> RedisOptions::Validate() const {
  using std::chrono::milliseconds;
  if (unix_socket.empty() && host.empty()) return "redis: a host or a unix socket is needed";
  if (unix_socket.empty() && port == 0) return "redis: port must be 1..65535";
  if (database < 0 || database > 15) return "redis: database must be 0..15";
  if (!user.empty() && password.empty()) return "redis: a user needs a password";
  if (max_requests == 0) return "redis: max_requests must be at least 1";
  for (const milliseconds limit :
       {connect_timeout, request_timeout, silence_limit, backoff_first, check_interval}) {
    if (limit <= milliseconds(0)) return "redis: time-outs must be above 0 ms";
  }
  if (backoff_max < backoff_first) return "redis: backoff_max must not be below backoff_first";
  return std::nullopt;
}

}  // namespace services
