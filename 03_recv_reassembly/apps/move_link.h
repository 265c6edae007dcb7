// The client's end of the connection: one blocking socket, whole packets in and out. The same ring
// and reassembler as in the server: a stream is cut up on both ends.
//
// Threading: one thread reads, one thread sends; Finish from either.
#pragma once

#include <array>

#include "apps/move_protocol.h"
#include "net/handles.h"
#include "net/reassembler.h"
#include "net/status.h"

namespace game {

class MoveLink {
 public:
  MoveLink();
  net::Status Connect(const std::string& host, std::uint16_t port);

  // The next packet; null when the connection has ended or the server broke the protocol.
  net::PacketRef Read();
  // Numbers, seals and sends it. False: the connection has ended.
  bool Send(const net::PacketRef& packet);
  // Says goodbye (FIN). The server closes then, and Read comes to its end.
  void Finish();

 private:
  net::WinsockScope winsock_;
  net::UniqueSocket socket_;
  std::uint32_t next_sequence_ = 1;      // sending thread only
  std::array<std::byte, 8192> storage_;  // of ring_
  net::RingBuffer ring_;                 // reading thread only
  net::Reassembler reassembler_;         // reading thread only
};

}  // namespace game
