// The life of the sessions: found by id, closed by anybody, freed once, by a worker. And the way to
// the game, for what goes wrong there ends a session, too.
//
// All other parts of the server (acceptor, receive path, send path, workers) know this one; it
// knows none of them.
//
// Threading: any thread, unless a function says otherwise. A caller that passes a Session holds one
// of its I/O counts.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>

#include "net/callbacks.h"
#include "net/deferred_close.h"
#include "net/handles.h"
#include "net/session_table.h"

namespace net {

class SessionRef;

// [session-life]
class SessionLife {
 public:
  SessionLife(const PortHandle& port, DeferredClose& deferred_close, Callbacks& game)
      : port_(port), deferred_close_(deferred_close), game_(game) {}

  // Start, before any other thread runs. A second Start keeps the sessions' array: its serials go
  // on, so that ids of the last run stay stale.
  void Open(std::uint32_t session_max);

  // A new session, and our one count of it; null when the table is full: the caller keeps the
  // socket.
  Session* Allocate(SOCKET socket, const PeerAddress& peer) {
    return table_->Allocate(socket, peer);
  }
  // The session that `id` names, if it is still there.
  SessionRef Acquire(SessionId id);

  // Begins to close the session; the first reason stays. `reason` lives for ever (a literal).
  void BeginClose(Session& session, const char* reason);
  // The same by id. False: no such session.
  bool Disconnect(SessionId id, const char* reason);
  // Warns (session, address, reason) and closes: the peer broke a rule.
  void Refuse(Session& session, const char* reason);
  bool Expel(SessionId id, const char* reason);
  // Gives one count back. The last one sends the session to a worker to be freed.
  void ReleaseIo(Session& session);
  // The worker that dequeued the release.
  void Free(Session& session);

  // Runs callback(game). An exception ends here: it is logged and closes the session (if there is
  // one).
  template <typename Callback>
  void CallGame(SessionId id, Callback&& callback) {
    try {
      callback(game_);
    } catch (const std::exception& exception) {
      OnCallbackThrew(id, exception.what());
    } catch (...) {
      OnCallbackThrew(id, "not a std::exception");
    }
  }
  // Logs it and tells the game.
  void ReportError(SessionId id, std::string_view what, DWORD error);

  // Stop, when nobody new can come in.
  void DisconnectAll(const char* reason);
  void WaitUntilEmpty();

  // For walks over all slots, between Open and the end of Stop.
  SessionTable& table() { return *table_; }

  std::uint32_t live() const { return table_ ? table_->live() : 0; }
  // Operations in flight. Stop only, when no other thread of the server runs: 0, or there is a bug.
  std::uint64_t outstanding();
  // [/session-life]

 private:
  void OnCallbackThrew(SessionId id, std::string_view what);

  const PortHandle& port_;
  DeferredClose& deferred_close_;
  Callbacks& game_;
  // set by the first Start while no other thread of the server runs; the table guards itself
  std::unique_ptr<SessionTable> table_;
};

// One I/O count of a session, given back at the end of the scope. One thread at a time.
class SessionRef {
 public:
  // Takes over a count that the caller holds.
  SessionRef(SessionLife& life, Session* session) : life_(life), session_(session) {}
  SessionRef(const SessionRef&) = delete;
  SessionRef& operator=(const SessionRef&) = delete;
  ~SessionRef() {
    if (session_ != nullptr) life_.ReleaseIo(*session_);
  }

  explicit operator bool() const { return session_ != nullptr; }
  Session& operator*() const { return *session_; }
  Session* operator->() const { return session_; }

 private:
  SessionLife& life_;
  Session* session_;
};

inline SessionRef SessionLife::Acquire(SessionId id) {
  return {*this, table_ ? table_->Acquire(id) : nullptr};
}

}  // namespace net
