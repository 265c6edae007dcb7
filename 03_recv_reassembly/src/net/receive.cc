// One receive outstanding per session.
#include "net/receive.h"

#include <new>

#include "net/block_pool.h"
#include "net/error_text.h"
#include "net/server_options.h"
#include "net/session_life.h"

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

ReceivePath::ReceivePath(const ServerOptions& options, SessionLife& life)
    : options_(options),
      rules_{options.fixed_key, options.packet_max, options.check_sequence},
      life_(life) {}

void ReceivePath::PostRecv(Session& session) {
  // [post-recv]
  // <student 03.5>
  if (session.closing()) return;
  RecvState& recv = session.recv;
  recv.context.Reset();
  WSABUF buffers[2]{};  // on the stack: the system captures the array, not the bytes (P21)
  DWORD buffer_count = 1;
  // Without a buffer one WSABUF of length zero: it completes when there is something (P22). With
  // one there is always room, for the reassembler has refused what does not fit.
  if (recv.ring.attached()) buffer_count = recv.ring.FreeSpans(buffers);
  DWORD flags = 0;
  // Counted before the call: the packet may be dequeued, and its count dropped, by another worker
  // before WSARecv has returned (P15).
  session.io.Add();
  if (WSARecv(session.socket, buffers, buffer_count, nullptr, &flags, &recv.context, nullptr) !=
      0) {
    const auto error = static_cast<DWORD>(WSAGetLastError());
    if (error != WSA_IO_PENDING) {
      // Refused at once: no packet will come (P16), so its count is given back here.
      life_.BeginClose(session, IsConnectionOver(error) ? "connection lost" : "receive failed");
      life_.ReleaseIo(session);
      return;
    }
  }
  // BeginClose may have cancelled just before the receive was pending: then nobody would ever
  // cancel this one. Whoever comes second, the canceller or this check, sees the other.
  if (session.closing()) CancelIoEx(reinterpret_cast<HANDLE>(session.socket), nullptr);
  // </student>
  // [/post-recv]
}

void ReceivePath::OnRecvCompleted(Session& session, DWORD bytes, DWORD error) {
  if (error != 0) {
    if (!IsConnectionOver(error)) life_.ReportError(session.id, "receive failed", error);
    life_.BeginClose(session, "connection lost");
    return;
  }
  try {
    // [recv-completed]
    // <student 03.5>
    RecvState& recv = session.recv;
    if (!recv.ring.attached()) {
      // The receive of zero bytes: there are bytes, or a FIN. The next receive says which.
      recv.AttachBuffer(options_.receive_buffer);
      PostRecv(session);
      return;
    }
    if (bytes == 0) {  // the peer's FIN (P25): the ring always had room
      life_.BeginClose(session, "closed by the peer");
      return;
    }
    recv.ring.Commit(bytes);
    TakePackets(session);
    if (session.closing()) return;
    if (recv.ring.empty()) recv.ReturnBuffer();
    PostRecv(session);
    // </student>
    // [/recv-completed]
  } catch (const std::bad_alloc&) {
    // Of this session's memory; the worker goes on.
    life_.ReportError(session.id, "no memory to receive", ERROR_NOT_ENOUGH_MEMORY);
    life_.BeginClose(session, "no memory");
  }
}

// All whole packets that lie in the ring; what is left is a part of the next one.
// [take-packets]
void ReceivePath::TakePackets(Session& session) {
  // <student 03.5>
  RecvState& recv = session.recv;
  PacketRef packet;
  for (;;) {
    const Reassembler::Step step = recv.reassembler.Next(recv.ring, rules_, packet);
    if (step == Reassembler::Step::kNeedMore) return;
    if (step == Reassembler::Step::kRefused) {
      life_.Refuse(session, ToString(recv.reassembler.refusal()));
      return;
    }
    recv.last_packet.store(MillisecondsNow(), std::memory_order_relaxed);
    recv.spoke.store(true, std::memory_order_relaxed);
    // The memory bound. The ring is small; what can grow are packets that the game keeps, because
    // it cannot work as fast as this client talks.
    packet->ChargeTo(&recv.held_bytes);
    if (recv.held_bytes.load(std::memory_order_acquire) > options_.receive_memory_max) {
      life_.Refuse(session, "receive memory exceeded");
      return;
    }
    life_.CallGame(session.id, [&](Callbacks& game) { game.OnRecv(session.id, packet); });
    packet = PacketRef();
    if (session.closing()) return;
  }
  // </student>
}
// [/take-packets]

}  // namespace net
