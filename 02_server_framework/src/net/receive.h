// The receive path, stage 02: a session has one receive and one small buffer.
//
// Stage 03 replaces this file and receive.cc by the ring buffer and the reassembler.
#pragma once

#include <array>
#include <cstddef>

#include "net/io_context.h"

namespace net {

struct Session;
class SessionLife;

// Two packets of the largest size (255): what is left of a cut packet always leaves room to read
// on.
inline constexpr std::size_t kRecvBufferSize = 512;

// Owned by whoever holds the session's receive: the thread that posts it, then the worker that gets
// its completion. There is one receive at a time (B6), so there is one owner at a time and no lock.
struct RecvState {
  IoContext context{IoKind::kRecv};
  std::array<std::byte, kRecvBufferSize>
      data;  // [0, size) = bytes of a packet that is not complete yet
  std::size_t size = 0;

  void Open() { size = 0; }  // a new tenant of the slot
};

// Posts the receives and cuts packets out of what they bring. What it works on belongs to a
// session's one receive, or is atomic.
class ReceivePath {
 public:
  explicit ReceivePath(SessionLife& life) : life_(life) {}

  // Caller: holds a count of the session, and no receive of it is outstanding.
  void PostRecv(Session& session);
  // Caller: the worker that dequeued the receive; it holds the receive's count.
  void OnRecvCompleted(Session& session, DWORD bytes, DWORD error);

 private:
  SessionLife& life_;
};

}  // namespace net
