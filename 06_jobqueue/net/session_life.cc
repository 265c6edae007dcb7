// The end of a session: begun by anybody, finished once, by a worker.
#include "net/error_text.h"
#include "net/log.h"
#include "net/server.h"

namespace net {

// Caller: holds a count of the session.
void Server::BeginClose(Session& session, const char* reason) {
  const char* open = nullptr;
  if (!session.close_reason.compare_exchange_strong(open, reason, std::memory_order_acq_rel))
    return;
  Log(LogLevel::kDebug, "closing", session.id, reason);
  // The socket stays open until the last count is gone: closing it here would let the handle's
  // value go to somebody else while others still use it. Cancelling makes the operations complete
  // (P31).
  CancelIoEx(reinterpret_cast<HANDLE>(session.socket), nullptr);
  if (session.half_closed.exchange(false, std::memory_order_acq_rel)) ReleaseIo(session);
}

// Gives one count back. The last one sends the session to a worker to be freed: callers may hold
// locks of the game, and OnClientLeave must not run under them.
void Server::ReleaseIo(Session& session) {
  if (!session.io.Drop()) return;
  // Nothing of this session is in flight any more, so the receive's context is free for this.
  session.recv.context.Reset();
  session.recv.context.kind = IoKind::kRelease;
  if (!PostQueuedCompletionStatus(port_.get(), 0, reinterpret_cast<ULONG_PTR>(&session),
                                  &session.recv.context)) {
    ReportError(session.id, "cannot post the release", GetLastError());
    FreeSession(session);
  }
}

// Caller: the worker that dequeued the release. Nobody else can reach the session now.
void Server::FreeSession(Session& session) {
  const SessionId id = session.id;
  session.recv.context.kind = IoKind::kRecv;
  session.recv.Close();
  session.send.Close();
  UniqueSocket socket(std::exchange(session.socket, INVALID_SOCKET));
  if (session.send.last_left) {
    deferred_close_.Close(std::move(socket));
  } else {
    socket.Reset();
  }
  const char* reason = session.close_reason.load(std::memory_order_acquire);
  if (session.joined) {
    CallGame(id, [&] { OnClientLeave(id, reason != nullptr ? reason : "never received"); });
  }
  Log(LogLevel::kDebug, "closed", id, reason != nullptr ? reason : "");
  sessions_->Free(session);
}

bool Server::Disconnect(SessionId id, const char* reason) {
  const SessionRef session(*this, sessions_ ? sessions_->Acquire(id) : nullptr);
  if (!session) return false;
  BeginClose(*session, reason);
  return true;
}

bool Server::Finish(SessionId id, const char* reason) {
  const SessionRef session(*this, sessions_ ? sessions_->Acquire(id) : nullptr);
  if (!session) return false;
  CloseAfterSends(*session, reason);
  return true;
}

bool Server::Expel(SessionId id, const char* reason) {
  const SessionRef session(*this, sessions_ ? sessions_->Acquire(id) : nullptr);
  if (!session) return false;
  Refuse(*session, reason);
  return true;
}

void Server::DisconnectAll(const char* reason) {
  for (std::uint32_t index = 0; index < sessions_->capacity(); ++index) {
    // The serial may be that of an ended session: then Disconnect refuses it.
    Disconnect(SessionId::Make(sessions_->slot(index).io.serial(), index), reason);
  }
}

}  // namespace net
