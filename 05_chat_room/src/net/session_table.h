// The session array: allocated once, slots handed out by index, found by id.
//
// Threading: all functions from any thread. Errors: null = full, or stale id.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "net/index_stack.h"
#include "net/pending_count.h"
#include "net/session.h"

namespace net {

class SessionTable {
 public:
  explicit SessionTable(std::uint32_t capacity);

  // A new session for `socket`, with a new id and one I/O count for the caller. Null: the table is
  // full and the caller keeps the socket.
  Session* Allocate(SOCKET socket, const PeerAddress& peer);

  // The session that `id` names, with one I/O count for the caller; null when it is gone, whoever
  // sits in the slot now. Give the count back with SessionLife::ReleaseIo.
  Session* Acquire(SessionId id);

  // Back on the free stack. The caller is the one to whom IoCount::Drop said true, and has closed
  // the socket.
  void Free(Session& session);

  std::uint32_t capacity() const { return capacity_; }
  std::uint32_t live() const { return live_.value(); }
  // Blocks until no session lives.
  void WaitUntilEmpty() { live_.WaitForZero(); }

  // Slot `index` without a check, for walks over the whole table: look at `io` first.
  Session& slot(std::uint32_t index) { return slots_[index]; }

 private:
  const std::uint32_t capacity_;
  const std::unique_ptr<Session[]> slots_;
  IndexStack free_;
  // atomic: raised by every Allocate; 0 is skipped, so that id 0 never names a session
  std::atomic<std::uint32_t> next_serial_{1};
  PendingCount live_;  // sessions between Allocate and the end of Free
};

}  // namespace net
