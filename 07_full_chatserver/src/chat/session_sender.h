// What the lobby's and the grid's hands need from the network besides sending.
#pragma once

#include <memory>

#include "chat/packet_sender.h"
#include "net/send_turn.h"

namespace chat {

class SessionSender : public PacketSender {
 public:
  // The session's last packet; the connection ends when it has left. `reason`: a literal. Any
  // thread.
  virtual void SendLast(net::SessionId to, const net::PacketRef& packet, const char* reason) = 0;
  // The session is somebody's: it may have all of its send memory. Any thread.
  virtual void Trust(net::SessionId id) = 0;
  // What the calling thread sends to one session from now until the turn ends leaves as one send.
  virtual std::unique_ptr<net::SendTurn> BeginTurn() = 0;

 protected:
  ~SessionSender() = default;
};

}  // namespace chat
