// The receive path, stage 02: a session has one receive and one small buffer.
#pragma once

#include <array>
#include <cstddef>

#include "net/io_context.h"

namespace net {

struct Session;
class SessionLife;

// Two packets of the largest size (255): behind a part of a packet there is always room.
inline constexpr std::size_t kRecvBufferSize = 512;

// Owned by whoever holds the session's receive: the thread that posts it, then the worker that gets
// its completion. There is one receive at a time, so there is one owner at a time and no lock.
struct RecvState {
  IoContext context{IoKind::kRecv};
  std::array<std::byte, kRecvBufferSize> data;
  std::size_t size = 0;  // [0, size) of data: bytes of a packet that is not complete yet

  void Open() { size = 0; }  // a new tenant of the slot
};

// Posts the receives and cuts packets out of what they bring.
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
