// A packet as the bytes that go on the wire, for those who are refused before they have a session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "net/packet.h"

namespace server {

inline std::vector<std::byte> SealedFrame(const net::PacketRef& packet, std::uint8_t fixed_key) {
  packet->Seal(fixed_key, net::RandomKey());
  std::vector<std::byte> bytes;
  for (const std::uint8_t byte : packet->frame()) bytes.push_back(std::byte{byte});
  return bytes;
}

}  // namespace server
