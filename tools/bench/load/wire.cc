#include "load/wire.h"

#include <algorithm>
#include <array>

#include "net/cipher.h"

namespace load {

Peek PeekFrame(std::span<const std::uint8_t> bytes, FrameHead& head) {
  if (!bytes.empty() && bytes[net::kCodeAt] != net::kPacketCode) return Peek::kBroken;
  if (bytes.size() < net::kFrameHeaderSize) return Peek::kNeedMore;
  const std::size_t length = net::LoadU16(bytes.data() + net::kLengthAt);
  if (length < net::kMinPayload) return Peek::kBroken;
  head.size = net::kFrameHeaderSize + length;
  if (bytes.size() < head.size) return Peek::kNeedMore;
  std::array<std::uint8_t, net::kBodyAt - net::kChecksumAt> run;
  std::copy_n(bytes.begin() + net::kChecksumAt, run.size(), run.begin());
  net::Decode(run, net::kDefaultFixedKey, bytes[net::kRandKeyAt]);
  head.type = net::LoadU16(run.data() + (net::kTypeAt - net::kChecksumAt));
  head.sequence = net::LoadU32(run.data() + (net::kSequenceAt - net::kChecksumAt));
  return Peek::kFrame;
}

std::optional<std::span<const std::uint8_t>> DecodeFrame(std::span<const std::uint8_t> frame,
                                                         std::vector<std::uint8_t>& run) {
  run.assign(frame.begin() + net::kChecksumAt, frame.end());
  net::Decode(run, net::kDefaultFixedKey, frame[net::kRandKeyAt]);
  const std::span<const std::uint8_t> payload = std::span(run).subspan(1);
  if (net::Checksum(payload) != run[0]) return std::nullopt;
  return payload.subspan(net::kPayloadHeaderSize);
}

}  // namespace load
