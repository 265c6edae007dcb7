// The send path, second half: from the queue to the network. The owner of the send flag only.
#include <array>
#include <cstring>
#include <new>

#include "net/error_text.h"
#include "net/send_turn.h"
#include "net/server_options.h"
#include "net/session_life.h"
#include "net/traffic.h"

namespace net {

namespace {

// One thread does not send for one session for ever while others wait for it.
constexpr int kSendsInARow = 16;

// What one send may copy; a longer batch of small packets goes out as several buffers.
constexpr std::size_t kCopyBytesMax = 64 * 1024;

WSABUF MakeBuffer(const void* data, std::size_t size) {
  WSABUF buffer{};
  buffer.len = static_cast<ULONG>(size);
  // WSABUF is not const-correct; a send only reads.
  buffer.buf = static_cast<CHAR*>(const_cast<void*>(data));
  return buffer;
}

// The small packets of a batch as one piece in a block of the pool. An empty block: no memory.
Block CopyTogether(const SendNode* batch, std::size_t bytes) {
  Block copy;
  try {
    copy = AllocateBlock(BlockUse::kSendBuffer, bytes);
  } catch (const std::bad_alloc&) {
    return {};
  }
  std::byte* to = copy.data;
  for (const SendNode* node = batch; node != nullptr; node = node->next) {
    if (!node->packet) continue;
    const auto frame = node->packet->frame();
    std::memcpy(to, frame.data(), frame.size());
    to += frame.size();
  }
  return copy;
}

}  // namespace

// Caller: holds a count of the session and owns its send flag. Afterwards it owns it no more: the
// outstanding send does, or nobody, or (the session is closing) it stays taken for ever, so that
// nothing more is sent. False: the session is closing.
bool SendPath::IssueSends(Session& session) {
  // [issue-sends]
  // <student 04.4>
  SendState& send = session.send;
  for (int round = 0;; ++round) {
    if (session.closing()) return false;
    if (round == kSendsInARow) return PostSendRequest(session);
    SendNode* const batch = send.queue.Take(options_.send_packet_max);
    if (batch == nullptr) {
      if (send.queue.Release()) return true;
      continue;  // a packet came in between: still ours
    }
    switch (PostSend(session, batch)) {
      case PostResult::kPending:
        return true;  // from here on the send state belongs to the completion
      case PostResult::kFailed:
        return false;
      case PostResult::kDone:
        break;  // go round instead of calling ourselves: a fast network must not grow the stack
    }
  }
  // </student>
  // [/issue-sends]
}

void SendPath::GoOn(Session& session) {
  const SessionRef ref(life_, &session);
  IssueSends(session);
}

// Caller: as IssueSends. One WSASend for the whole batch.
PostResult SendPath::PostSend(Session& session, SendNode* batch) {
  SendState& send = session.send;
  std::array<WSABUF, ServerOptions::kSendPacketMaxLimit> buffers;  // captured by the call (P21)
  const DWORD buffer_count = PrepareBatch(send, batch, options_.send_copy_max, buffers);
  if (buffer_count == 0) {  // nothing but the end
    EndSession(session);
    return PostResult::kFailed;
  }
  // [post-send]
  // <student 04.4>
  send.context.Reset();
  session.io.Add();
  if (options_.send_probe != nullptr) options_.send_probe->OnSendBegins(session.id);
  DWORD sent = 0;
  if (WSASend(session.socket, buffers.data(), buffer_count, &sent, 0, &send.context, nullptr) !=
      0) {
    const auto error = static_cast<DWORD>(WSAGetLastError());
    if (error != WSA_IO_PENDING) {  // refused: no packet will come (P16)
      life_.BeginClose(session, IsConnectionOver(error) ? "connection lost" : "send failed");
      EndBatch(session);
      life_.ReleaseIo(session);
      return PostResult::kFailed;
    }
  } else if (options_.skip_on_success) {
    // Sent at once, and we have asked for no packet in that case (P15): nobody else will hear of
    // this send, so its completion is handled here, and its count given back.
    const bool go_on = FinishSend(session, sent);
    life_.ReleaseIo(session);
    return go_on ? PostResult::kDone : PostResult::kFailed;
  }
  // Pending, or done with a packet in the queue: another worker may have it already (P15). Do not
  // touch the send state below this line.
  if (session.closing()) CancelIoEx(reinterpret_cast<HANDLE>(session.socket), nullptr);
  return PostResult::kPending;
  // </student>
  // [/post-send]
}

// The batch as buffers for one call. Many small packets are copied into one piece: 20 ns each, and
// less than what the system pays for one more buffer.
DWORD SendPath::PrepareBatch(SendState& send, SendNode* batch, std::uint32_t copy_max,
                             std::span<WSABUF> buffers) {
  DWORD count = 0;
  std::size_t bytes = 0;
  send.sending_memory = 0;
  send.sending_last = false;
  send.must_arrive = false;
  for (const SendNode* node = batch; node != nullptr; node = node->next) {
    send.sending_last = node->last;
    if (!node->packet) continue;  // the end of the queue, see Finish
    const auto frame = node->packet->frame();
    buffers[count++] = MakeBuffer(frame.data(), frame.size());
    bytes += frame.size();
    send.sending_memory += QueuedMemory(*node->packet);
    send.must_arrive = node->last;
  }
  send.sending_bytes = static_cast<std::uint32_t>(bytes);
  send.sending_packets = static_cast<std::uint16_t>(count);
  Block copy;
  if (count > 1 && bytes <= kCopyBytesMax && bytes <= std::size_t{copy_max} * count) {
    copy = CopyTogether(batch, bytes);
  }
  if (copy.data == nullptr) {
    send.in_flight = batch;  // their bytes must stay where they are until the completion
    return count;
  }
  FreeSendNodes(batch);
  // From here on the copy is held in the packets' place.
  const auto copied = static_cast<std::uint32_t>(copy.size);
  send.queued_memory.fetch_add(copied - send.sending_memory, std::memory_order_relaxed);
  send.sending_memory = copied;
  send.copy = copy.data;
  buffers[0] = MakeBuffer(copy.data, bytes);
  return 1;
}

// The worker owns the send flag, as the send did.
void SendPath::OnSendCompleted(Session& session, DWORD bytes, DWORD error) {
  // <student 04.4>
  if (error != 0) {
    if (!IsConnectionOver(error)) life_.ReportError(session.id, "send failed", error);
    EndBatch(session);
    life_.BeginClose(session, "connection lost");
    return;
  }
  if (!FinishSend(session, bytes)) return;
  // The flag stays ours: what has been queued meanwhile leaves now, or at the end of this turn
  // together with what the turn still brings.
  if (!SendTurn::Defer(*this, session)) IssueSends(session);
  // </student>
}

// Caller: owns the send flag; the send has completed, failed or was refused.
void SendPath::EndBatch(Session& session) {
  session.send.DropBatch();
  if (options_.send_probe != nullptr) options_.send_probe->OnSendEnded(session.id);
}

// Caller: owns the send flag; the send has completed. False: nothing more is to be
// sent.
bool SendPath::FinishSend(Session& session, DWORD bytes) {
  // <student 04.4>
  SendState& send = session.send;
  EndBatch(session);
  send.queued_memory.fetch_sub(send.sending_memory, std::memory_order_relaxed);
  if (bytes != send.sending_bytes) {  // never: an overlapped send completes whole (P24)
    life_.ReportError(session.id, "short send", 0);
    life_.BeginClose(session, "short send");
    return false;
  }
  traffic_.Add(Traffic::kSendPackets, send.sending_packets);
  traffic_.Add(Traffic::kSendCalls, 1);
  if (!send.sending_last) return true;
  EndSession(session);
  return false;
  // </student>
}

// Caller: owns the send flag; the end of the queue has been reached. If it was a packet the peer
// gets time to read it (deferred_close.h); a peer that has closed its side needs none.
void SendPath::EndSession(Session& session) {
  SendState& send = session.send;
  send.DropBatch();
  send.last_left = send.must_arrive;
  life_.BeginClose(session, send.last_reason.load(std::memory_order_acquire));
}

// Caller: holds a count of the session and owns the send flag, which goes with the request. A
// worker calls IssueSends. No second context is needed: with the flag ours, no send is outstanding.
bool SendPath::PostSendRequest(Session& session) {
  // [send-request]
  IoContext& context = session.send.context;
  context.Reset();
  context.kind = IoKind::kSendRequest;
  session.io.Add();
  if (PostQueuedCompletionStatus(port_.get(), 0, reinterpret_cast<ULONG_PTR>(&session), &context)) {
    return true;
  }
  // [/send-request]
  life_.ReportError(session.id, "cannot post a send request", GetLastError());
  context.kind = IoKind::kSend;
  life_.BeginClose(session, "send failed");
  life_.ReleaseIo(session);
  return false;
}

void SendPath::OnSendRequest(Session& session) {
  session.send.context.kind = IoKind::kSend;
  if (!SendTurn::Defer(*this, session)) IssueSends(session);
}

}  // namespace net
