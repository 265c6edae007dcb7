// What the port hands back: an OVERLAPPED extended by what the operation was.
//
// The system knows only the OVERLAPPED; what we put behind it travels along untouched. A worker
// turns the pointer that it dequeues back into an IoContext with static_cast, and `kind` says what
// to do.
#pragma once

#include "iocp/iocp.h"

namespace net {

enum class IoKind : unsigned char {
  kRecv,          // the session's one receive
  kSend,          // a send
  kAccept,        // an AcceptEx
  kInnerRequest,  // a packet posted by PostInnerRequest
  kRelease,       // the session's count reached zero: a worker frees it
};

struct IoContext : OVERLAPPED {
  explicit IoContext(IoKind io_kind) : OVERLAPPED{}, kind(io_kind) {}

  // Before each use: the OVERLAPPED part must be zero when an operation is issued.
  void Reset() { *static_cast<OVERLAPPED*>(this) = OVERLAPPED{}; }

  IoKind kind;
};

}  // namespace net
