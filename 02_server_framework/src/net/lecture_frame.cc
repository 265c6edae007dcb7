#include "net/lecture_frame.h"

#include <cstdint>

namespace net {

FrameResult NextFrame(std::span<const std::byte> bytes) {
  if (bytes.empty()) return {FrameState::kNeedMore, 0};
  const auto length = std::to_integer<std::size_t>(bytes[0]);
  // Shorter than its own header. Length 0 would be the classic endless loop: "processed" for ever.
  if (length < kLectureHeaderSize) return {FrameState::kBadLength, 0};
  if (bytes.size() < length) return {FrameState::kNeedMore, 0};
  return {FrameState::kPacket, length};
}

}  // namespace net
