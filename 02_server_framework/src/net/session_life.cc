// The end of a session: begun by anybody, finished once, by a worker.
#include "net/session_life.h"

#include <string>
#include <utility>

#include "net/error_text.h"
#include "net/log.h"

namespace net {

void SessionLife::Open(std::uint32_t session_max) {
  if (!table_) table_ = std::make_unique<SessionTable>(session_max);
  Log(LogLevel::kInfo, "start", SessionId{},
      "session array: " + std::to_string(session_max) + " slots of " +
          std::to_string(sizeof(Session)) + " bytes");
}

// [end-of-session]
void SessionLife::BeginClose(Session& session, const char* reason) {
  const char* open = nullptr;
  if (!session.close_reason.compare_exchange_strong(open, reason, std::memory_order_acq_rel))
    return;
  Log(LogLevel::kDebug, "closing", session.id, reason);
  // Closing the socket here would let its handle's value go to somebody else while others still use
  // it. Cancelling makes the operations complete (P31); the last count closes it.
  CancelIoEx(reinterpret_cast<HANDLE>(session.socket), nullptr);
}

// Why a worker frees it: callers may hold locks of the game, and OnClientLeave must not run under
// them.
void SessionLife::ReleaseIo(Session& session) {
  if (!session.io.Drop()) return;
  // Nothing of this session is in flight any more, so the receive's context is free for this.
  session.recv.context.Reset();
  session.recv.context.kind = IoKind::kRelease;
  if (!PostQueuedCompletionStatus(port_.get(), 0, reinterpret_cast<ULONG_PTR>(&session),
                                  &session.recv.context)) {
    ReportError(session.id, "cannot post the release", GetLastError());
    Free(session);
  }
}

// Nobody else can reach the session now.
void SessionLife::Free(Session& session) {
  const SessionId id = session.id;
  session.recv.context.kind = IoKind::kRecv;
  closesocket(std::exchange(session.socket, INVALID_SOCKET));
  const char* reason = session.close_reason.load(std::memory_order_acquire);
  if (session.joined) {
    CallGame(id, [&](Callbacks& game) {
      game.OnClientLeave(id, reason != nullptr ? reason : "never received");
    });
  }
  Log(LogLevel::kDebug, "closed", id, reason != nullptr ? reason : "");
  table_->Free(session);
}
// [/end-of-session]

bool SessionLife::Disconnect(SessionId id, const char* reason) {
  const SessionRef session = Acquire(id);
  if (!session) return false;
  BeginClose(*session, reason);
  return true;
}

void SessionLife::Refuse(Session& session, const char* reason) {
  Log(LogLevel::kWarning, "refused", session.id, "peer=" + ToString(session.peer) + " " + reason);
  BeginClose(session, reason);
}

void SessionLife::DisconnectAll(const char* reason) {
  if (!table_) return;
  for (std::uint32_t index = 0; index < table_->capacity(); ++index) {
    // The serial may be that of an ended session: then Disconnect refuses it.
    Disconnect(SessionId::Make(table_->slot(index).io.serial(), index), reason);
  }
}

void SessionLife::WaitUntilEmpty() {
  if (table_) table_->WaitUntilEmpty();
}

std::uint64_t SessionLife::outstanding() {
  std::uint64_t count = 0;
  for (std::uint32_t index = 0; table_ && index < table_->capacity(); ++index) {
    count += table_->slot(index).io.count();
  }
  return count;
}

void SessionLife::ReportError(SessionId id, std::string_view what, DWORD error) {
  Log(LogLevel::kError, "error", id, std::string(what) + ": " + ErrorText(error));
  CallGame(id, [&](Callbacks& game) { game.OnError(id, what, error); });
}

void SessionLife::OnCallbackThrew(SessionId id, std::string_view what) {
  Log(LogLevel::kError, "callback threw", id, what);
  Disconnect(id, "a callback threw");
}

}  // namespace net
