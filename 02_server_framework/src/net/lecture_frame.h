// The lecture's packet format (stage 02 only): length u8 (of the whole packet) | type u8 | data.
//
// Pure functions, any thread. Stage 03 shows why one byte of length is not enough and replaces it.
#pragma once

#include <cstddef>
#include <span>

namespace net {

inline constexpr std::size_t kLectureHeaderSize = 2;
inline constexpr std::size_t kLecturePacketMax = 255;

enum class FrameState : unsigned char {
  kPacket,     // a whole packet at the front
  kNeedMore,   // only a part of one: keep it and read on
  kBadLength,  // a length that no packet can have: whoever sent it does not speak this protocol
};

struct FrameResult {
  FrameState state;
  std::size_t length;  // of the packet, if there is a whole one
};

// Looks at the front of `bytes`. Never reads beyond them, whatever they say.
FrameResult NextFrame(std::span<const std::byte> bytes);

}  // namespace net
