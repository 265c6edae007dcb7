// The address at the other end of a connection (IPv4). Plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "iocp/iocp.h"

namespace net {

struct PeerAddress {
  std::uint32_t ip = 0;    // host byte order: 127.0.0.1 is 0x7F000001
  std::uint16_t port = 0;  // host byte order
};

std::string ToString(const PeerAddress& address);  // "127.0.0.1:50000"

// "127.0.0.1" -> 0x7F000001; nothing unless it is four numbers from 0 to 255.
std::optional<std::uint32_t> ParseIpv4(std::string_view text);

sockaddr_in ToSockaddr(const PeerAddress& address);
PeerAddress FromSockaddr(const sockaddr_in& address);

}  // namespace net
