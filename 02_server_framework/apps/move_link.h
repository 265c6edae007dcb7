// The client's end of the connection: one blocking socket, whole packets in and out.
//
// Threading: one thread reads, one thread sends; Finish from either.
#pragma once

#include <array>
#include <optional>

#include "apps/move_protocol.h"
#include "net/handles.h"
#include "net/status.h"

namespace game {

class MoveLink {
 public:
  net::Status Connect(const std::string& host, std::uint16_t port);

  // The next whole packet, valid until the next call; nothing when the connection has ended.
  std::optional<std::span<const std::byte>> Read();
  // False: the connection has ended.
  bool Send(const PacketBytes& packet);
  // Says goodbye (FIN). The server closes then, and Read comes to its end.
  void Finish();

 private:
  net::WinsockScope winsock_;
  net::UniqueSocket socket_;
  std::array<std::byte, 512> buffer_;  // reading thread only
  std::size_t begin_ = 0;              // reading thread only: [begin_, end_) was not handed out yet
  std::size_t end_ = 0;
};

}  // namespace game
