// A heap context per send, several sends outstanding per session.
#include "net/send.h"

#include <memory>

#include "net/error_text.h"
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
    case SendResult::kFailed:
      return "failed";
  }
  return "?";
}

bool SendPath::Seal(Packet& packet) const {
  if (!packet.ok() || packet.sealed()) return false;
  packet.Seal(options_.fixed_key, RandomKey());
  return true;
}

SendResult SendPath::SendPacket(SessionId id, const PacketRef& packet) {
  if (!packet->sealed()) return SendResult::kNotSealed;
  const SessionRef session = life_.Acquire(id);
  if (!session) return SendResult::kStaleId;
  return PostSend(*session, packet);
}

// Caller: holds a count of the session.
SendResult SendPath::PostSend(Session& session, const PacketRef& packet) {
  // [post-send]
  if (session.closing()) return SendResult::kClosing;
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
      life_.BeginClose(session, IsConnectionOver(error) ? "connection lost" : "send failed");
      life_.ReleaseIo(session);
      return SendResult::kFailed;
    }
  }
  if (session.closing()) CancelIoEx(reinterpret_cast<HANDLE>(session.socket), nullptr);
  return SendResult::kOk;
  // [/post-send]
}

void SendPath::OnSendCompleted(Session& session, SendContext& context, DWORD bytes, DWORD error) {
  if (error != 0) {
    if (!IsConnectionOver(error)) life_.ReportError(session.id, "send failed", error);
    life_.BeginClose(session, "connection lost");
  } else if (bytes !=
             context.packet->frame().size()) {  // never: an overlapped send completes whole (P24)
    life_.ReportError(session.id, "short send", 0);
    life_.BeginClose(session, "short send");
  }
}

}  // namespace net
