// Reassembly: TCP delivers a stream of bytes, not packets. One completed receive may hold
// half a packet, exactly one, or ten and a half. The reassembler looks at what lies in the ring and
// takes whole packets out of it, one at a time, checked and decoded.
//
// Threading: as the ring, it belongs to the session's one outstanding receive.
// Errors: a Refusal. After one the stream cannot be trusted any more (nobody knows where the next
// header is), so the session must be closed; nothing else is affected.
#pragma once

#include <cstddef>
#include <cstdint>

#include "net/frame.h"
#include "net/packet.h"
#include "net/ring_buffer.h"

namespace net {

// Why a stream was refused. The texts are what the log and notes/en/protocol.md say.
enum class Refusal : std::uint8_t {
  kNone,
  kBadCode,      // the first byte is not the packet code
  kBadLength,    // the payload is too short for type and sequence
  kTooLong,      // the payload is longer than the server's limit, or than the ring can ever hold
  kBadChecksum,  // corrupted, or encoded with another key
  kBadSequence,  // a packet is missing or was sent twice
};
[[nodiscard]] const char* ToString(Refusal refusal);

// The same for every session of a server; constant while it runs.
struct FrameRules {
  std::uint8_t fixed_key = kDefaultFixedKey;
  std::uint32_t max_payload = kDefaultMaxPayload;
  // Client to server packets are numbered 1, 2, 3, ...; a client checks nothing, because broadcasts
  // carry the room's numbers and everything else 0.
  bool check_sequence = true;
};

class Reassembler {
 public:
  enum class Step : std::uint8_t { kPacket, kNeedMore, kRefused };

  // The next packet of the ring. kPacket: `packet` is it, and its bytes have left the ring.
  // kNeedMore: the ring holds no whole packet (nothing is taken out). kRefused: see refusal();
  // every later call says the same.
  Step Next(RingBuffer& ring, const FrameRules& rules, PacketRef& packet);

  [[nodiscard]] Refusal refusal() const { return refusal_; }

  // For a new connection.
  void Reset() {
    next_sequence_ = 1;
    refusal_ = Refusal::kNone;
  }

 private:
  Step Refuse(Refusal refusal) {
    refusal_ = refusal;
    return Step::kRefused;
  }
  // The checks that need the header only.
  static Refusal CheckHeader(const std::uint8_t* header, std::size_t available,
                             const FrameRules& rules, std::size_t ring_capacity);

  std::uint32_t next_sequence_ = 1;
  Refusal refusal_ = Refusal::kNone;
};

}  // namespace net
