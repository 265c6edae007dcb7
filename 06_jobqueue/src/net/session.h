// One connection. Lives in the session array for ever; a connection is a tenant of its slot.
//
// Who may touch a field: "holder" = a thread that holds one count of `io` (by an operation in
// flight or by SessionTable::Acquire). As long as one is held, the tenant does not change.
#pragma once

#include <atomic>

#include "iocp/iocp.h"
#include "net/io_count.h"
#include "net/peer_address.h"
#include "net/receive.h"
#include "net/send.h"
#include "net/session_id.h"

namespace net {

// Aligned to cache lines: two workers that serve neighbouring slots do not fight over one line.
struct alignas(64) Session {
  // atomic: any thread (see io_count.h)
  IoCount io;

  // atomic: why the session is being closed; null = open. Any holder sets it, the first one wins;
  // cleared when the slot gets its next tenant. Points to a string that lives for ever (a literal).
  std::atomic<const char*> close_reason{nullptr};

  // written when the slot gets a tenant, constant while it has one: read by any holder
  SessionId id;
  SOCKET socket = INVALID_SOCKET;
  PeerAddress peer;

  // written by the accepting thread before OnClientJoin; read by the worker that frees the session
  bool joined = false;

  // atomic: the peer has closed its side and the session waits, with an I/O count, for its last
  // answers; set by the owner of the receive, cleared by whoever gives that count back
  std::atomic<bool> half_closed{false};

  RecvState recv;  // whoever holds the session's one receive
  SendState send;  // see send.h

  bool closing() const { return close_reason.load(std::memory_order_acquire) != nullptr; }
};

}  // namespace net
