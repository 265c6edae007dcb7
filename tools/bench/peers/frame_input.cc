#include "peers/frame_input.h"

#include <algorithm>

#include "net/cipher.h"
#include "net/frame.h"

namespace peers {

namespace {

constexpr std::size_t kMostFrame = net::kFrameHeaderSize + net::kDefaultMaxPayload;

// Decodes it in place; false: not a frame that this client may send now.
bool Handle(ChatCore& core, Member& member, std::span<std::uint8_t> frame) {
  const std::span<std::uint8_t> run = frame.subspan(net::kChecksumAt);
  net::Decode(run, net::kDefaultFixedKey, frame[net::kRandKeyAt]);
  if (net::Checksum(run.subspan(1)) != run[0]) return false;
  if (net::LoadU32(frame.data() + net::kSequenceAt) != member.next_sequence) return false;
  ++member.next_sequence;
  return core.OnPacket(member, net::LoadU16(frame.data() + net::kTypeAt),
                       frame.subspan(net::kBodyAt));
}

}  // namespace

FrameInput::FrameInput() : buffer_(kMostFrame + kReceiveBytes) {}

std::span<std::uint8_t> FrameInput::Prepare(const std::vector<std::uint8_t>& rest) {
  std::copy(rest.begin(), rest.end(), buffer_.begin());
  return std::span(buffer_).subspan(rest.size(), kReceiveBytes);
}

bool FrameInput::Take(ChatCore& core, Member& member, std::vector<std::uint8_t>& rest,
                      std::size_t received) {
  std::span<std::uint8_t> bytes = std::span(buffer_).first(rest.size() + received);
  while (!bytes.empty()) {
    // As soon as its bytes are here: who sends one wrong byte and then waits is not kept.
    if (bytes[net::kCodeAt] != net::kPacketCode) return false;
    if (bytes.size() < net::kLengthAt + 2) break;
    const std::size_t length = net::LoadU16(bytes.data() + net::kLengthAt);
    if (length < net::kMinPayload || length > net::kDefaultMaxPayload) return false;
    const std::size_t size = net::kFrameHeaderSize + length;
    if (bytes.size() < size) break;
    if (!Handle(core, member, bytes.first(size))) return false;
    bytes = bytes.subspan(size);
  }
  rest.assign(bytes.begin(), bytes.end());
  return true;
}

}  // namespace peers
