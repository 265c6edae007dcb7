// One receive outstanding per session.
#include "net/receive.h"

#include <cstring>

#include "net/error_text.h"
#include "net/lecture_frame.h"
#include "net/session_life.h"

namespace net {

void ReceivePath::PostRecv(Session& session) {
  // [post-recv]
  // <student 02.3>
  if (session.closing()) return;
  RecvState& recv = session.recv;
  recv.context.Reset();
  WSABUF buffer{};  // on the stack: the system captures the array, not the bytes (P21)
  buffer.buf = reinterpret_cast<CHAR*>(recv.data.data() + recv.size);
  buffer.len = static_cast<ULONG>(recv.data.size() - recv.size);
  DWORD flags = 0;
  // Counted before the call: the packet may be dequeued, and its count dropped, by another worker
  // before WSARecv has returned (P15).
  session.io.Add();
  if (WSARecv(session.socket, &buffer, 1, nullptr, &flags, &recv.context, nullptr) != 0) {
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
  // <student 02.3>
  if (error != 0) {
    if (!IsConnectionOver(error)) life_.ReportError(session.id, "receive failed", error);
    life_.BeginClose(session, "connection lost");
    return;
  }
  if (bytes == 0) {  // the peer's FIN (P25)
    life_.BeginClose(session, "closed by the peer");
    return;
  }
  RecvState& recv = session.recv;
  recv.size += bytes;
  std::span<const std::byte> rest(recv.data.data(), recv.size);
  for (;;) {
    const FrameResult frame = NextFrame(rest);
    if (frame.state == FrameState::kNeedMore) break;
    if (frame.state == FrameState::kBadLength) {
      life_.Refuse(session, "bad packet length");
      return;
    }
    life_.CallGame(session.id,
                   [&](Callbacks& game) { game.OnRecv(session.id, rest.first(frame.length)); });
    if (session.closing()) return;
    rest = rest.subspan(frame.length);
  }
  // One completion is not one packet: what is cut off waits at the front for its other half.
  std::memmove(recv.data.data(), rest.data(), rest.size());
  recv.size = rest.size();
  PostRecv(session);
  // </student>
}

}  // namespace net
