// A session's send path, stage 02: one heap-allocated context per send, freed at its completion.
//
// The lecture's first way: simple and correct, and the reason for stage 04. Many sends may be
// outstanding, so each needs an OVERLAPPED and a copy of its bytes that live until it completes.
// Stage 04 replaces this file and send.cc by the send queue.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "net/io_context.h"

namespace net {

enum class SendResult : unsigned char {
  kOk,         // handed to the system; its completion frees it
  kStaleId,    // no such session (any more)
  kClosing,    // the session is being disconnected
  kBadLength,  // empty, or too long for the packet format
  kFailed,     // the system refused the send; the session is being disconnected
};
const char* ToString(SendResult result);

struct SendContext : IoContext {
  explicit SendContext(std::span<const std::byte> packet)
      : IoContext(IoKind::kSend), bytes(packet.begin(), packet.end()) {}

  const std::vector<std::byte> bytes;  // must not move or change until the completion
};

// Per session: nothing to keep in stage 02.
struct SendState {
  void Open() {}  // a new tenant of the slot
};

}  // namespace net
