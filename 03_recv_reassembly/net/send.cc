// The send path, as in stage 02: a heap context per send, several sends outstanding per session.
#include "net/send.h"

#include <memory>

#include "net/error_text.h"
#include "net/server.h"

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
    case SendResult::kFailed:
      return "failed";
  }
  return "?";
}

bool Server::Seal(Packet& packet) const {
  if (!packet.ok() || packet.sealed()) return false;
  packet.Seal(options_.fixed_key, RandomKey());
  return true;
}

SendResult Server::SendPacket(SessionId id, const PacketRef& packet) {
  if (!packet->sealed()) return SendResult::kNotSealed;
  const SessionRef session(*this, sessions_ ? sessions_->Acquire(id) : nullptr);
  if (!session) return SendResult::kStaleId;
  return PostSend(*session, packet);
}

// Caller: holds a count of the session.
SendResult Server::PostSend(Session& session, const PacketRef& packet) {
  if (session.closing()) return SendResult::kClosing;
  // [post-send]
  auto context = std::make_unique<SendContext>(packet);
  WSABUF buffer{};
  const std::span<const std::uint8_t> frame = packet->frame();
  buffer.len = static_cast<ULONG>(frame.size());
  // WSABUF is not const-correct; a send only reads.
  buffer.buf = reinterpret_cast<CHAR*>(const_cast<std::uint8_t*>(frame.data()));
  session.io.Add();
  // From the call on, the context belongs to the operation: a worker may have freed it before
  // WSASend returns (P15). It comes back only when the call is refused (P16).
  SendContext* const in_flight = context.release();
  if (WSASend(session.socket, &buffer, 1, nullptr, 0, in_flight, nullptr) != 0) {
    const auto error = static_cast<DWORD>(WSAGetLastError());
    if (error != WSA_IO_PENDING) {
      context.reset(in_flight);
      BeginClose(session, IsConnectionOver(error) ? "connection lost" : "send failed");
      ReleaseIo(session);
      return SendResult::kFailed;
    }
  }
  // [/post-send]
  if (session.closing()) CancelIoEx(reinterpret_cast<HANDLE>(session.socket), nullptr);
  return SendResult::kOk;
}

// Caller: the worker that dequeued the send; it holds the send's count and frees the context.
void Server::OnSendCompleted(Session& session, SendContext& context, DWORD bytes, DWORD error) {
  if (error != 0) {
    if (!IsConnectionOver(error)) ReportError(session.id, "send failed", error);
    BeginClose(session, "connection lost");
  } else if (bytes !=
             context.packet->frame().size()) {  // never: an overlapped send completes whole (P24)
    ReportError(session.id, "short send", 0);
    BeginClose(session, "short send");
  }
}

}  // namespace net
