// Frames as a client sees them: most are only looked at, as far as their sequence number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "net/frame.h"
#include "net/packet.h"
#include "proto/send_buffer.h"

namespace load {

struct FrameHead {
  std::uint16_t type = 0;
  std::uint32_t sequence = 0;
  std::size_t size = 0;  // of the whole frame
};

enum class Peek : std::uint8_t { kFrame, kNeedMore, kBroken };

// What the stream begins with. kFrame: a whole frame; only its first 11 bytes are decoded, its
// checksum is not checked.
Peek PeekFrame(std::span<const std::uint8_t> bytes, FrameHead& head);

// Decodes and checks a whole frame into `run`. Its body, or nothing: the checksum is wrong.
std::optional<std::span<const std::uint8_t>> DecodeFrame(std::span<const std::uint8_t> frame,
                                                         std::vector<std::uint8_t>& run);

template <typename Message>
net::PacketRef MakeFrame(std::uint16_t type, const Message& message, std::uint32_t sequence) {
  net::PacketRef packet = proto::MakeSendBuffer(type, message, sequence);
  packet->Seal(net::kDefaultFixedKey, net::RandomKey());
  return packet;
}

}  // namespace load
