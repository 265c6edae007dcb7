// The address at the other end of a connection (IPv4). Plain value.
#pragma once

#include <cstdint>
#include <string>

namespace net {

struct PeerAddress {
  std::uint32_t ip = 0;    // host byte order: 127.0.0.1 is 0x7F000001
  std::uint16_t port = 0;  // host byte order
};

std::string ToString(const PeerAddress& address);  // "127.0.0.1:50000"

}  // namespace net
