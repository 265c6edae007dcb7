// One receive outstanding per session.
#include "net/receive.h"

#include <new>

#include "net/block_pool.h"
#include "net/error_text.h"
#include "net/server_options.h"
#include "net/session_life.h"
#include "net/traffic.h"

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

ReceivePath::ReceivePath(const ServerOptions& options, const PortHandle& port, SessionLife& life,
                         Traffic& traffic)
    : options_(options),
      rules_{options.fixed_key, options.packet_max, options.check_sequence},
      port_(port),
      life_(life),
      traffic_(traffic) {}

void ReceivePath::Start() {
  if (options_.receive_packets_per_second != 0 || options_.receive_bytes_per_second != 0) {
    meters_ = std::make_unique<InboundMeter[]>(options_.session_max);
  }
  pause_.Start([this](Session& parked) {
    const SessionRef session(life_, &parked);  // the pause's count
    AskForMore(*session);
  });
}

InboundMeter& ReceivePath::MeterOf(const Session& session) {
  return meters_[session.id.index()];
}

void ReceivePath::StartRecv(Session& session) {
  if (meters_) MeterOf(session).Open(MillisecondsNow());
  AskForMore(session);
}

// Caller: as StartRecv, or the pause's thread.
void ReceivePath::AskForMore(Session& session) {
  DWORD bytes = 0;
  if (PostRecv(session, bytes) == PostResult::kDone) HandOverRecv(session, bytes);
}

// Caller: holds a count of the session, and no receive of it is outstanding. kDone: `bytes` have
// arrived, and the receive's count is now the caller's.
PostResult ReceivePath::PostRecv(Session& session, DWORD& bytes) {
  // [post-recv]
  // <student 03.5>
  if (session.closing()) return PostResult::kFailed;
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
  if (WSARecv(session.socket, buffers, buffer_count, &bytes, &flags, &recv.context, nullptr) != 0) {
    const auto error = static_cast<DWORD>(WSAGetLastError());
    if (error != WSA_IO_PENDING) {
      // Refused at once: no packet will come (P16), so its count is given back here.
      life_.BeginClose(session, IsConnectionOver(error) ? "connection lost" : "receive failed");
      life_.ReleaseIo(session);
      return PostResult::kFailed;
    }
  } else if (options_.skip_on_success) {
    return PostResult::kDone;
  }
  // BeginClose may have cancelled just before the receive was pending: then nobody would ever
  // cancel this one. Whoever comes second, the canceller or this check, sees the other.
  if (session.closing()) CancelIoEx(reinterpret_cast<HANDLE>(session.socket), nullptr);
  return PostResult::kPending;
  // </student>
  // [/post-recv]
}

// A receive that is complete but must be handled by a worker, in its turn: it goes through the port
// as if it had not been skipped, together with its count.
void ReceivePath::HandOverRecv(Session& session, DWORD bytes) {
  if (PostQueuedCompletionStatus(port_.get(), bytes, reinterpret_cast<ULONG_PTR>(&session),
                                 &session.recv.context)) {
    return;
  }
  life_.ReportError(session.id, "cannot post a receive", GetLastError());
  life_.BeginClose(session, "receive failed");
  life_.ReleaseIo(session);
}

// The next receive may complete at once (skip_on_success): the loop handles it here. It does not
// call itself, or a client that never stops talking would grow the stack, and it ends, or that
// client would own the worker.
void ReceivePath::OnRecvCompleted(Session& session, DWORD bytes, DWORD error) {
  constexpr int kReceivesInARow = 8;
  for (int round = 1; HandleRecv(session, bytes, error); ++round) {
    if (HoldBack(session)) return;
    if (PostRecv(session, bytes) != PostResult::kDone) return;
    if (round == kReceivesInARow) return HandOverRecv(session, bytes);
    life_.ReleaseIo(session);  // the new receive's count: the caller's still holds
  }
}

// True: no receive is posted now, the client has sent more than it may (inbound_meter.h).
bool ReceivePath::HoldBack(Session& session) {
  if (!meters_) return false;
  const InboundMeter::Verdict verdict = MeterOf(session).Settle(options_, MillisecondsNow());
  if (verdict.wait_ms == 0) return false;
  if (verdict.too_long) {
    life_.Refuse(session, "sends too fast");
    return true;
  }
  session.io.Add();  // goes with the pause, which posts the receive (AskForMore)
  if (pause_.Park(session, verdict.wait_ms)) return true;
  life_.ReleaseIo(session);
  return false;
}

// True: post the next receive.
bool ReceivePath::HandleRecv(Session& session, DWORD bytes, DWORD error) {
  if (error != 0) {
    if (!IsConnectionOver(error)) life_.ReportError(session.id, "receive failed", error);
    life_.BeginClose(session, "connection lost");
    return false;
  }
  try {
    // [recv-completed]
    // <student 03.5>
    RecvState& recv = session.recv;
    if (!recv.ring.attached()) {
      // The receive of zero bytes: there are bytes, or a FIN. The next receive says which.
      recv.AttachBuffer(options_.receive_buffer);
      return true;
    }
    if (bytes == 0) {  // the peer's FIN (P25): the ring always had room
      HalfClose(session);
      return false;
    }
    recv.ring.Commit(bytes);
    if (meters_) MeterOf(session).AddBytes(bytes);
    TakePackets(session);
    if (session.closing()) return false;
    if (recv.ring.empty()) recv.ReturnBuffer();
    return true;
    // </student>
    // [/recv-completed]
  } catch (const std::bad_alloc&) {
    // Of this session's memory; the worker goes on.
    life_.ReportError(session.id, "no memory to receive", ERROR_NOT_ENOUGH_MEMORY);
    life_.BeginClose(session, "no memory");
    return false;
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
    traffic_.Add(Traffic::kRecvPackets, 1);
    if (meters_) MeterOf(session).AddPacket();
    life_.CallGame(session.id, [&](Callbacks& game) { game.OnRecv(session.id, packet); });
    packet = PacketRef();
    if (session.closing()) return;
  }
  // </student>
}
// [/take-packets]

// The peer has closed its side and may still read. Its answers may take a while, and no receive
// keeps the session any more: a count of its own does, until the session begins to close.
void ReceivePath::HalfClose(Session& session) {
  session.io.Add();
  // An exchange here and one in BeginClose: whichever comes second sees what the other has done.
  session.half_closed.exchange(true, std::memory_order_acq_rel);
  if (session.closing() && session.half_closed.exchange(false, std::memory_order_acq_rel)) {
    life_.ReleaseIo(session);
  }
  life_.CallGame(session.id, [&](Callbacks& game) { game.OnClientFinished(session.id); });
}

}  // namespace net
