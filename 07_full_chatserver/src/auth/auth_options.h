// What the auth service's front can be told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace auth {

// What no account's name or password is longer than, in bytes of UTF-8: an attacker must not choose
// how much is looked at and hashed.
inline constexpr std::uint32_t kNameBytesMax = 64;
inline constexpr std::uint32_t kPasswordBytesMax = 128;

struct AuthOptions {
  std::uint32_t threads = 1;  // that check passwords
  std::uint32_t queue_max = 1000;
  std::uint32_t address_queue_max = 64;      // of these, of one address
  std::uint32_t name_bytes = kNameBytesMax;  // or fewer

  // Nothing, or what is wrong.
  [[nodiscard]] std::optional<std::string> Validate() const;
};

}  // namespace auth
