// The send path: one heap-allocated context per send, freed at its completion.
//
// The lecture's first way: simple and correct, and the reason for stage 04. Many sends may be
// outstanding, so each needs an OVERLAPPED that lives until it completes. The bytes are shared: a
// packet for a hundred clients is encoded once and counted a hundred times.
// Stage 04 replaces this file and send.cc by the send queue.
#pragma once

#include "net/io_context.h"
#include "net/packet.h"
#include "net/session_id.h"

namespace net {

struct ServerOptions;
struct Session;
class SessionLife;

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

// Threading: any thread. Keeps nothing itself.
class SendPath {
 public:
  SendPath(const ServerOptions& options, SessionLife& life) : options_(options), life_(life) {}

  // See server.h.
  bool Seal(Packet& packet) const;
  SendResult SendPacket(SessionId id, const PacketRef& packet);
  // Caller: the worker that dequeued the send; it holds the send's count and frees the context.
  void OnSendCompleted(Session& session, SendContext& context, DWORD bytes, DWORD error);

 private:
  SendResult PostSend(Session& session, const PacketRef& packet);

  const ServerOptions& options_;
  SessionLife& life_;
};

}  // namespace net
