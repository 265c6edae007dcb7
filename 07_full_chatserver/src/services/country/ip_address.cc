#include "services/country/ip_address.h"

#include <algorithm>
#include <charconv>

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#endif

namespace services {
namespace {

constexpr std::array<std::uint8_t, 12> kV4Prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

bool IpAddress::IsV4() const {
  return std::equal(kV4Prefix.begin(), kV4Prefix.end(), bytes.begin());
}

IpAddress FromIpv4(std::uint32_t host_order) {
  IpAddress address;
  std::copy(kV4Prefix.begin(), kV4Prefix.end(), address.bytes.begin());
  for (std::size_t i = 0; i < 4; ++i) {
    address.bytes[12 + i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  }
  return address;
}

std::optional<IpAddress> ParseIpAddress(std::string_view text) {
  const std::string copy(text);
  std::array<std::uint8_t, 4> v4{};
  IpAddress address;
  if (inet_pton(AF_INET, copy.c_str(), v4.data()) == 1) {
    std::copy(kV4Prefix.begin(), kV4Prefix.end(), address.bytes.begin());
    std::copy(v4.begin(), v4.end(), address.bytes.begin() + 12);
    return address;
  }
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::string ToString(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = address.IsV4();
  const std::uint8_t* bytes = address.bytes.data() + (v4 ? 12 : 0);
  inet_ntop(v4 ? AF_INET : AF_INET6, bytes, text.data(), text.size());
  return text.data();
}

bool IpRange::Contains(const IpAddress& address) const {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(first.bytes.begin(), first.bytes.begin() + whole, address.bytes.begin())) {
    return false;
  }
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xFF << (8 - bits % 8));
  return ((first.bytes[whole] ^ address.bytes[whole]) & mask) == 0;
}

std::optional<IpRange> ParseIpRange(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = ParseIpAddress(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return IpRange{*address, 128};
  const std::string_view count = text.substr(slash + 1);
  int bits = 0;
  const auto [stop, error] = std::from_chars(count.data(), count.data() + count.size(), bits);
  const bool v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  if (error != std::errc() || stop != count.data() + count.size() || bits < 0 ||
      bits > (v4 ? 32 : 128)) {
    return std::nullopt;
  }
  return IpRange{*address, v4 ? 96 + bits : bits};
}

}  // namespace services
