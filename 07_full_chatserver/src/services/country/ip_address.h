// An IPv4 or IPv6 address and address ranges. Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace services {

// Always 16 bytes: IPv4 as ::ffff:a.b.c.d, so that an IPv4 client of an IPv6 listener is the same
// address.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  bool IsV4() const;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

IpAddress FromIpv4(std::uint32_t host_order);  // 0x7F000001 is 127.0.0.1

// "127.0.0.1", "::1", "::ffff:10.0.0.1"; nothing when it is neither.
std::optional<IpAddress> ParseIpAddress(std::string_view text);
std::string ToString(const IpAddress& address);

// "10.0.0.0/8", "fc00::/7", or one address.
struct IpRange {
  IpAddress first;
  int bits = 128;  // of the 16 bytes: 10.0.0.0/8 has 96 + 8

  bool Contains(const IpAddress& address) const;
};
std::optional<IpRange> ParseIpRange(std::string_view text);

}  // namespace services
