// How to reach Redis, and the limits of what waits for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/redis/name_lookup.h"

namespace services {

struct RedisOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  std::string unix_socket;  // a path; when given, used instead of host and port
  std::string user;         // ACL user; empty: the default user
  std::string password;     // empty: no AUTH
  int database = 0;         // 0..15

  std::chrono::milliseconds connect_timeout{1000};  // until Redis has answered AUTH and PING
  std::chrono::milliseconds request_timeout{1000};  // from Send to the answer
  std::chrono::milliseconds silence_limit{
      3000};  // requests are inside and Redis says nothing: drop it
  std::chrono::milliseconds backoff_first{100};
  std::chrono::milliseconds backoff_max{5000};
  // Sent to see that Redis does what we need (an answer that is no error), as the last step of
  // connecting and every check_interval; empty: PING.
  std::vector<std::string> probe;
  std::chrono::milliseconds check_interval{2000};
  // Blocks; called on a thread that is forgotten when it takes too long (name_lookup.h).
  // Empty: the system is asked.
  NameLookup::Resolve resolve;

  std::size_t max_requests = 4096;  // inside at once, sent or not; the next is refused (kBusy)

  // What is wrong with the options, as one line for the user; nothing when they are fine.
  std::optional<std::string> Validate() const;
};

}  // namespace services
