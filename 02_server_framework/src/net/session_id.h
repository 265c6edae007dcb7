// The name of a session: 32-bit serial in the high half, 32-bit slot index in the low half.
//
// The index finds the slot in the session array, the serial says which tenant of the slot is meant.
// Slots are reused, ids are not (the serial repeats only after 2^32 - 1 connections), so an id that
// outlived its session never names the next tenant. Plain value: copy it, keep it, print it freely.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace net {

struct SessionId {
  std::uint64_t value = 0;  // 0 = no session (serials begin at 1)

  static constexpr SessionId Make(std::uint32_t serial, std::uint32_t index) {
    return SessionId{(std::uint64_t{serial} << 32) | index};
  }
  constexpr std::uint32_t serial() const { return static_cast<std::uint32_t>(value >> 32); }
  constexpr std::uint32_t index() const { return static_cast<std::uint32_t>(value); }
  constexpr explicit operator bool() const { return value != 0; }
  friend constexpr bool operator==(SessionId, SessionId) = default;
  friend constexpr auto operator<=>(SessionId a, SessionId b) { return a.value <=> b.value; }
};

// "serial:index" in decimal, the form of every log line; "-" for no session.
std::string ToString(SessionId id);

}  // namespace net

template <>
struct std::hash<net::SessionId> {
  std::size_t operator()(net::SessionId id) const noexcept {
    return std::hash<std::uint64_t>{}(id.value);
  }
};
