// Options of a session's socket.
#pragma once

#include <cstdint>

#include "iocp/iocp.h"

namespace net {

struct SocketOptions {
  // Nagle's algorithm holds a small segment back while an earlier one is unacknowledged. The server
  // gathers by itself, so waiting on top of that only costs time: off by default.
  bool nagle = false;
  // SO_SNDBUF in bytes: what the system keeps for us while the peer is slow. 0 = the system's
  // default, which on most systems grows with the connection's speed.
  std::uint32_t send_buffer = 0;
};

// Returns 0 or the error of the option that failed.
int SetSocketOptions(SOCKET socket, const SocketOptions& options);

// What the system says. (Linux reports twice the send buffer that was asked for: it counts its own
// bookkeeping too.)
SocketOptions GetSocketOptions(SOCKET socket);

}  // namespace net
