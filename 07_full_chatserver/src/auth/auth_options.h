// What the auth service's front can be told.
#pragma once

#include <cstdint>

namespace auth {

struct AuthOptions {
  std::uint32_t threads = 1;  // that check passwords
  std::uint32_t queue_max = 1000;
  std::uint32_t address_queue_max = 64;  // of these, of one address
  std::uint32_t name_bytes = 64;
  std::uint32_t password_bytes = 128;
};

}  // namespace auth
