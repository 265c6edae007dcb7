#include "net/reassembler.h"

#include <algorithm>

#include "net/cipher.h"

namespace net {

const char* ToString(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNone:
      return "none";
    case Refusal::kBadCode:
      return "bad packet code";
    case Refusal::kBadLength:
      return "bad length";
    case Refusal::kTooLong:
      return "packet too long";
    case Refusal::kBadChecksum:
      return "bad checksum";
    case Refusal::kBadSequence:
      return "bad sequence";
  }
  return "unknown";
}

// [check-header]
Refusal Reassembler::CheckHeader(const std::uint8_t* header, std::size_t available,
                                 const FrameRules& rules, std::size_t ring_capacity) {
  // <student 03.3>
  // As soon as its bytes are here: who sends one wrong byte and then waits must not keep a session.
  if (available > kCodeAt && header[kCodeAt] != kPacketCode) return Refusal::kBadCode;
  if (available >= kLengthAt + 2) {
    const std::uint32_t length = LoadU16(header + kLengthAt);
    if (length < kMinPayload) return Refusal::kBadLength;
    if (length > rules.max_payload) return Refusal::kTooLong;
    // A frame larger than the ring would wait for ever for bytes that have no room.
    if (kFrameHeaderSize + length > ring_capacity) return Refusal::kTooLong;
  }
  return Refusal::kNone;
  // </student>
}
// [/check-header]

// [next-packet]
Reassembler::Step Reassembler::Next(RingBuffer& ring, const FrameRules& rules, PacketRef& packet) {
  // <student 03.4>
  if (refusal_ != Refusal::kNone) return Step::kRefused;
  std::uint8_t header[kFrameHeaderSize] = {};
  const std::size_t available = std::min(ring.size(), kFrameHeaderSize);
  ring.Peek(header, available);
  const Refusal refusal = CheckHeader(header, available, rules, ring.capacity());
  if (refusal != Refusal::kNone) return Refuse(refusal);
  if (available < kFrameHeaderSize) return Step::kNeedMore;

  const std::size_t length = LoadU16(header + kLengthAt);
  if (ring.size() < kFrameHeaderSize + length) return Step::kNeedMore;

  // Whole: the encoded run moves into a packet, however the ring's end cuts it, and is decoded
  // there.
  PacketRef received = Packet::MakeForReceive(length);
  const std::span<std::uint8_t> run = received->run();
  ring.Peek(run.data(), run.size(), kChecksumAt);
  ring.Consume(kFrameHeaderSize + length);
  Decode(run, rules.fixed_key, header[kRandKeyAt]);
  if (Checksum(run.subspan(1)) != run[0]) return Refuse(Refusal::kBadChecksum);
  if (rules.check_sequence && received->sequence() != next_sequence_) {
    return Refuse(Refusal::kBadSequence);
  }
  ++next_sequence_;
  packet = std::move(received);
  return Step::kPacket;
  // </student>
}
// [/next-packet]

}  // namespace net
