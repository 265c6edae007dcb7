// The send path: one heap-allocated context per send, freed at its completion.
//
// The lecture's first way: simple and correct, and the reason for stage 04. Many sends may be
// outstanding, so each needs an OVERLAPPED and a copy of its bytes that live until it completes.
// Stage 04 replaces this file and send.cc by the send queue.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "net/io_context.h"
#include "net/session_id.h"

namespace net {

struct Session;
class SessionLife;

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

// Threading: any thread. Keeps nothing itself.
class SendPath {
 public:
  explicit SendPath(SessionLife& life) : life_(life) {}

  // Copies `packet` and sends it; several calls for one session arrive in call order.
  SendResult SendPacket(SessionId id, std::span<const std::byte> packet);
  // Caller: the worker that dequeued the send; it holds the send's count and frees the context.
  void OnSendCompleted(Session& session, SendContext& context, DWORD bytes, DWORD error);

 private:
  SendResult PostSend(Session& session, std::span<const std::byte> packet);

  SessionLife& life_;
};

}  // namespace net
