#include "net/session_table.h"

namespace net {

SessionTable::SessionTable(std::uint32_t capacity)
    : capacity_(capacity), slots_(std::make_unique<Session[]>(capacity)), free_(capacity) {}

Session* SessionTable::Allocate(SOCKET socket, const PeerAddress& peer) {
  // Counted before the slot is taken: WaitUntilEmpty must never see 0 while somebody holds a slot.
  live_.Add();
  const std::optional<std::uint32_t> index = free_.Pop();
  if (!index) {
    live_.Finish();
    return nullptr;
  }
  std::uint32_t serial = 0;
  while (serial == 0) serial = next_serial_.fetch_add(1, std::memory_order_relaxed);

  Session& session = slots_[*index];
  session.id = SessionId::Make(serial, *index);
  session.socket = socket;
  session.peer = peer;
  session.joined = false;
  session.recv.Open();
  session.send.Open();
  session.close_reason.store(nullptr, std::memory_order_relaxed);
  session.io.Open(serial);  // last: from here on the id finds the session, complete
  return &session;
}

Session* SessionTable::Acquire(SessionId id) {
  // [acquire]
  if (id.index() >= capacity_) return nullptr;
  Session& session = slots_[id.index()];
  return session.io.TryAdd(id.serial()) ? &session : nullptr;
  // [/acquire]
}

void SessionTable::Free(Session& session) {
  free_.Push(session.id.index());
  live_.Finish();
}

}  // namespace net
