#include "net/peer_address.h"

#include <charconv>

namespace net {

std::string ToString(const PeerAddress& address) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    text += std::to_string((address.ip >> shift) & 0xFF);
    text += shift > 0 ? '.' : ':';
  }
  return text + std::to_string(address.port);
}

std::optional<std::uint32_t> ParseIpv4(std::string_view text) {
  std::uint32_t ip = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at == end || *at++ != '.')) return std::nullopt;
    std::uint8_t number = 0;
    const auto [stop, error] = std::from_chars(at, end, number);
    if (error != std::errc{}) return std::nullopt;
    at = stop;
    ip = (ip << 8) | number;
  }
  if (at != end) return std::nullopt;
  return ip;
}

sockaddr_in ToSockaddr(const PeerAddress& address) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(address.port);
  result.sin_addr.s_addr = htonl(address.ip);
  return result;
}

PeerAddress FromSockaddr(const sockaddr_in& address) {
  return PeerAddress{ntohl(address.sin_addr.s_addr), ntohs(address.sin_port)};
}

}  // namespace net
