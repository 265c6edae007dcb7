// The client's side of a connection: connect() and nothing else. What comes after is the same on
// both ends, so the socket becomes a session of a net::Server (Adopt).
#pragma once

#include "net/handles.h"
#include "net/peer_address.h"
#include "net/status.h"

namespace net {

// A connection to `address`, ready for overlapped I/O. Blocks until the peer's system has answered.
// Any thread; Winsock must be started (a net::Server does that). Errors: one line for a person.
Status Connect(const PeerAddress& address, UniqueSocket& socket);

}  // namespace net
