// What the chat needs from the network: to send a packet to a session. The server is one; a test
// has its own.
#pragma once

#include "net/packet.h"
#include "net/session_id.h"

namespace chat {

class PacketSender {
 public:
  // Any thread, also under a lock: must neither block nor call back. A session that is gone is no
  // error: its leave is on the way. Seals the packet when it is not sealed yet.
  virtual void Send(net::SessionId to, const net::PacketRef& packet) = 0;
  // The session's client says no more: its connection ends when it has got what was sent until now.
  // Any thread.
  virtual void Finish(net::SessionId to) = 0;
  // Encodes a packet once, before it is sent to many.
  virtual void Seal(net::Packet& packet) = 0;

 protected:
  ~PacketSender() = default;
};

}  // namespace chat
