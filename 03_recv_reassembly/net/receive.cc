// The receive path: one receive outstanding per session (B6), packets reassembled in a ring.
#include <new>

#include "net/block_pool.h"
#include "net/error_text.h"
#include "net/log.h"
#include "net/server.h"

namespace net {

void RecvState::Open() {
  reassembler.Reset();
  spoke.store(false, std::memory_order_relaxed);
  last_packet.store(MillisecondsNow(), std::memory_order_relaxed);
}

void RecvState::Close() {
  if (ring.attached()) ReturnBuffer();
}

void RecvState::AttachBuffer(std::size_t size) {
  const Block block = AllocateBlock(BlockUse::kReceiveBuffer, size);
  ring.Attach({block.data, block.size});
  held_bytes.fetch_add(static_cast<std::uint32_t>(block.size), std::memory_order_relaxed);
}

void RecvState::ReturnBuffer() {
  const std::span<std::byte> storage = ring.Detach();
  held_bytes.fetch_sub(static_cast<std::uint32_t>(storage.size()), std::memory_order_relaxed);
  FreeBlock(BlockUse::kReceiveBuffer, {storage.data(), storage.size()});
}

// Caller: holds a count of the session, and no receive of it is outstanding.
void Server::PostRecv(Session& session) {
  if (session.closing()) return;
  // [post-recv]
  RecvState& recv = session.recv;
  recv.context.Reset();
  WSABUF buffers[2]{};  // on the stack: the system captures the array, not the bytes (P21)
  DWORD buffer_count = 1;
  // <student 03.6>
  // Without bytes no buffer: one WSABUF of length zero completes when there is something (P22).
  // With a part of a packet in the ring: everything that is free, tail part and head part. There
  // is always room, for the reassembler has refused what does not fit.
  if (recv.ring.attached()) buffer_count = recv.ring.FreeSpans(buffers);
  // </student>
  DWORD flags = 0;
  // <student 02.3>
  // Counted before the call: the packet may be dequeued, and its count dropped, by another worker
  // before WSARecv has returned (P15).
  session.io.Add();
  if (WSARecv(session.socket, buffers, buffer_count, nullptr, &flags, &recv.context, nullptr) !=
      0) {
    const auto error = static_cast<DWORD>(WSAGetLastError());
    if (error != WSA_IO_PENDING) {
      // Refused at once: no packet will come (P16), so its count is given back here.
      BeginClose(session, IsConnectionOver(error) ? "connection lost" : "receive failed");
      ReleaseIo(session);
      return;
    }
  }
  // </student>
  // BeginClose may have cancelled just before the receive was pending: then nobody would ever
  // cancel this one. Whoever comes second, the canceller or this check, sees the other.
  if (session.closing()) CancelIoEx(reinterpret_cast<HANDLE>(session.socket), nullptr);
  // [/post-recv]
}

// Caller: the worker that dequeued the receive; it holds the receive's count.
void Server::OnRecvCompleted(Session& session, DWORD bytes, DWORD error) {
  if (error != 0) {
    if (!IsConnectionOver(error)) ReportError(session.id, "receive failed", error);
    BeginClose(session, "connection lost");
    return;
  }
  try {
    // [recv-completed]
    RecvState& recv = session.recv;
    if (!recv.ring.attached()) {
      // The receive of zero bytes: there are bytes, or a FIN. The next receive says which.
      recv.AttachBuffer(options_.receive_buffer);
      PostRecv(session);
      return;
    }
    if (bytes == 0) {  // the peer's FIN (P25): the ring always had room
      BeginClose(session, "closed by the peer");
      return;
    }
    recv.ring.Commit(bytes);
    TakePackets(session);
    if (session.closing()) return;
    // <student 03.7>
    if (recv.ring.empty()) recv.ReturnBuffer();
    PostRecv(session);
    // </student>
    // [/recv-completed]
  } catch (const std::bad_alloc&) {
    // Of this session's memory; the worker goes on.
    ReportError(session.id, "no memory to receive", ERROR_NOT_ENOUGH_MEMORY);
    BeginClose(session, "no memory");
  }
}

// All whole packets that lie in the ring; what is left is a part of the next one.
// [take-packets]
void Server::TakePackets(Session& session) {
  RecvState& recv = session.recv;
  PacketRef packet;
  for (;;) {
    const Reassembler::Step step = recv.reassembler.Next(recv.ring, rules_, packet);
    if (step == Reassembler::Step::kNeedMore) return;
    if (step == Reassembler::Step::kRefused) {
      Refuse(session, ToString(recv.reassembler.refusal()));
      return;
    }
    recv.last_packet.store(MillisecondsNow(), std::memory_order_relaxed);
    recv.spoke.store(true, std::memory_order_relaxed);
    // The bound of C6. The ring is small; what can grow are packets that the game keeps, because
    // it cannot work as fast as this client talks.
    packet->ChargeTo(&recv.held_bytes);
    if (recv.held_bytes.load(std::memory_order_acquire) > options_.receive_memory_max) {
      Refuse(session, "receive memory exceeded");
      return;
    }
    CallGame(session.id, [&] { OnRecv(session.id, packet); });
    packet = PacketRef();
    if (session.closing()) return;
  }
}
// [/take-packets]

void Server::Refuse(Session& session, const char* reason) {
  Log(LogLevel::kWarning, "refused", session.id, "peer=" + ToString(session.peer) + " " + reason);
  BeginClose(session, reason);
}

}  // namespace net
