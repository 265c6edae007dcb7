// From a message to a packet: serialised once, straight into the packet's own memory.
//
// Threading: any thread. Errors: a message that no frame can hold (PROTOCOL: 65535 bytes of
// payload) is a mistake of the caller; std::length_error says which message and how long.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include "net/packet.h"

namespace proto {

// [make]
template <typename Message>
net::PacketRef MakeSendBuffer(std::uint16_t id, const Message& message, std::uint32_t sequence) {
  // <student 05.2>
  const std::size_t size = message.ByteSizeLong();
  if (size > net::kMaxPayload - net::kPayloadHeaderSize) {
    throw std::length_error(message.GetTypeName() + " of " + std::to_string(size) +
                            " bytes fits in no frame");
  }
  net::PacketRef packet = net::Packet::Make(id, size);
  packet->SetSequence(sequence);
  const std::span<std::uint8_t> body = packet->Extend(size);
  message.SerializeWithCachedSizesToArray(body.data());
  return packet;
  // </student>
}
// [/make]

}  // namespace proto
