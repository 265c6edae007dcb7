// A session's send path, as in stage 02: one heap-allocated context per send, freed at its
// completion.
//
// The lecture's first way: simple and correct, and the reason for stage 04. Many sends may be
// outstanding, so each needs an OVERLAPPED that lives until it completes. The bytes are shared: a
// packet for a hundred clients is encoded once and counted a hundred times.
// Stage 04 replaces this file and send.cc by the send queue.
#pragma once

#include "net/io_context.h"
#include "net/packet.h"

namespace net {

enum class SendResult : unsigned char {
  kOk,         // handed to the system; its completion frees it
  kStaleId,    // no such session (any more)
  kClosing,    // the session is being disconnected
  kNotSealed,  // the packet has no frame yet, or was written past its end
  kFailed,     // the system refused the send; the session is being disconnected
};
const char* ToString(SendResult result);

struct SendContext : IoContext {
  explicit SendContext(const PacketRef& sealed) : IoContext(IoKind::kSend), packet(sealed) {}

  const PacketRef packet;  // this use keeps the bytes where they are until the completion
};

// Per session: nothing to keep in stage 02.
struct SendState {
  void Open() {}  // a new tenant of the slot
};

}  // namespace net
