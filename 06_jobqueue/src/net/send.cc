// The send path, first half: from the game into the session's queue. Any thread.
#include "net/send.h"

#include "net/send_turn.h"
#include "net/server_options.h"
#include "net/session_life.h"

namespace net {

const char* ToString(SendResult result) {
  switch (result) {
    case SendResult::kOk:
      return "ok";
    case SendResult::kStaleId:
      return "stale id";
    case SendResult::kClosing:
      return "closing";
    case SendResult::kNotSealed:
      return "not sealed";
    case SendResult::kMemory:
      return "send memory exceeded";
    case SendResult::kFailed:
      return "failed";
  }
  return "?";
}

// [into-the-queue]
void SendState::Open() {
  queue.Open();
  last_left = false;
  last_reason.store(nullptr, std::memory_order_relaxed);
}

void SendState::Close() {
  DropBatch();
  FreeSendNodes(queue.TakeAll());
  queued_memory.store(0, std::memory_order_relaxed);
}

void SendState::DropBatch() {
  FreeSendNodes(std::exchange(in_flight, nullptr));
  if (copy != nullptr) {
    FreeBlock(BlockUse::kSendBuffer, {std::exchange(copy, nullptr), sending_memory});
  }
}

bool SendPath::Seal(Packet& packet) const {
  if (!packet.ok() || packet.sealed()) return false;
  packet.Seal(options_.fixed_key, RandomKey());
  return true;
}

SendResult SendPath::SendPacket(SessionId id, const PacketRef& packet) {
  return QueuePacket(id, packet, SendMode::kFromCaller, nullptr);
}

SendResult SendPath::SendPacketAsync(SessionId id, const PacketRef& packet) {
  return QueuePacket(id, packet, SendMode::kFromWorker, nullptr);
}

SendResult SendPath::SendAndDisconnect(SessionId id, const PacketRef& packet, const char* reason) {
  return QueuePacket(id, packet, SendMode::kFromCaller, reason);
}

SendResult SendPath::QueuePacket(SessionId id, const PacketRef& packet, SendMode mode,
                                 const char* last_reason) {
  // <student 04.3>
  if (!packet->sealed()) return SendResult::kNotSealed;
  const SessionRef session = life_.Acquire(id);
  if (!session) return SendResult::kStaleId;
  SendState& send = session->send;
  if (session->closing() || send.last_reason.load(std::memory_order_acquire) != nullptr) {
    return SendResult::kClosing;
  }
  SendNode* const node = AllocateSendNode(packet, last_reason != nullptr);
  if (!ChargeSend(*session, QueuedMemory(*packet))) {
    FreeSendNodes(node);
    return SendResult::kMemory;
  }
  if (last_reason == nullptr) {
    if (!send.queue.Push(node)) return SendResult::kOk;  // whoever has the flag sends it
  } else if (!PushLast(*session, node, last_reason)) {
    return SendResult::kOk;
  }
  return StartSending(*session, mode);
  // </student>
}

// True: the caller has taken the send flag.
bool SendPath::PushLast(Session& session, SendNode* node, const char* reason) {
  // <student 04.3>
  SendState& send = session.send;
  // The reason first: when the packet has left, it must be there.
  const char* none = nullptr;
  send.last_since.store(MillisecondsNow(), std::memory_order_relaxed);
  if (!send.last_reason.compare_exchange_strong(none, reason, std::memory_order_acq_rel)) {
    FreeSendNodes(node);  // somebody else's last packet came first and ends the session
    return false;
  }
  return send.queue.Push(node);
  // </student>
}

// The end is a last node without a packet.
bool SendPath::Finish(SessionId id, const char* reason) {
  const SessionRef session = life_.Acquire(id);
  if (!session) return false;
  if (PushLast(*session, AllocateSendNode(PacketRef(), true), reason)) {
    StartSending(*session, SendMode::kFromCaller);
  }
  return true;
}

// Caller: holds a count of the session and has just taken its send flag.
SendResult SendPath::StartSending(Session& session, SendMode mode) {
  // <student 04.3>
  if (mode == SendMode::kFromWorker) {
    return PostSendRequest(session) ? SendResult::kOk : SendResult::kFailed;
  }
  if (SendTurn::Defer(*this, session)) return SendResult::kOk;
  // When the last packet has left at once the session is closing, and that is no failure.
  return IssueSends(session) || session.send.last_left ? SendResult::kOk : SendResult::kFailed;
  // </student>
}

// The memory bound: what the game sends faster than this client reads piles up here. The
// client is disconnected and the server's memory stays flat.
bool SendPath::ChargeSend(Session& session, std::uint32_t bytes) {
  // [send-memory]
  // <student 04.3>
  std::atomic<std::uint32_t>& queued = session.send.queued_memory;
  const std::uint32_t sum = queued.fetch_add(bytes, std::memory_order_relaxed) + bytes +
                            session.recv.held_bytes.load(std::memory_order_relaxed);
  if (sum <= options_.send_memory_max) return true;
  queued.fetch_sub(bytes, std::memory_order_relaxed);
  life_.Refuse(session, "send memory exceeded");
  return false;
  // </student>
  // [/send-memory]
}
// [/into-the-queue]

}  // namespace net
