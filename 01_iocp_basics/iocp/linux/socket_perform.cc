// The engine: issues operations, performs the head of each direction, completes.
#include <errno.h>

#include <utility>

#include "iocp/linux/background.h"
#include "iocp/linux/errors.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/syscalls.h"
#include "iocp/linux/thread.h"
#include "iocp/linux/trace.h"

namespace iocp {

// --- issue -------------------------------------------------------------------------------------------

// `overlapped` is null for a connect that FIONBIO sends into the background.
int Socket::Issue(Operation* operation, OVERLAPPED* overlapped, DWORD* bytes) {
  Immediate result;
  {
    Wakes wakes;
    Guard guard(lock_);
    int error = Check(*operation, overlapped == nullptr, guard, wakes);
    if (error == 0 && overlapped != nullptr) {
      error = static_cast<int>(operation->receipt.Begin(overlapped));
    }
    if (error != 0) {
      guard.unlock();
      FreeOperation(operation);
      return error;
    }
    if (trace::On() && overlapped != nullptr) {
      trace::OperationIssued(handle(), ToString(operation->kind), overlapped);
    }
    Connection& connection = *connection_;
    if (operation->kind == OperationKind::kConnect) BeginConnect(connection);
    Direction& direction = DirectionOf(connection, *operation);
    const bool first = direction.Gone();
    direction.PushBack(operation);
    // From here on the record, and with it the OVERLAPPED, may be completed by any thread as soon
    // as the lock is free: only `result` is looked at.
    if (first && WorthTrying(direction)) {
      operation->immediate = &result;
      Run(connection, direction, DirectionEvent::kEdge, guard, wakes);
    }
    Watch(guard, wakes);
  }
  if (!result.finished) return WSA_IO_PENDING;
  if (bytes != nullptr && result.error == 0) *bytes = result.bytes;
  return result.error;
}

// Without a known edge an attempt mostly says EAGAIN, a wasted system call per message in a busy
// server. But that knowledge is only as fresh as the last look at the poller: once anybody has
// looked since, data may be here whose edge is in other hands, and an immediate success (P15) is
// tried for again.
bool Socket::WorthTrying(const Direction& direction) const {
  if (direction.state.phase != Phase::kWaiting) return true;
  const CompletionPort* const port = device_.port.load(std::memory_order_relaxed);
  return port == nullptr || port->looks() != direction.tried_at;
}

// May it be issued? A connect that is under way is asked first how far it is.
int Socket::Check(const Operation& operation, bool plain, Guard& guard, Wakes& wakes) {
  const bool adding = connection_->watch == Connection::Watch::kAdding;
  if (connection_->state == State::kConnecting && !adding) {
    Run(*connection_, connection_->out, DirectionEvent::kEdge, guard, wakes);
  }
  if (closed_) return WSAENOTSOCK;
  const Connection& connection = *connection_;
  const State state = connection.state;
  switch (operation.kind) {
    case OperationKind::kReceive:
    case OperationKind::kSend: {
      if (state != State::kConnected) return WSAENOTCONN;
      if (connection.error != 0) return WsaFromErrno(connection.error);
      const bool send = operation.kind == OperationKind::kSend;
      const Direction& direction = send ? connection.out : connection.in;
      return direction.state.end == End::kOpen ? 0 : WSAESHUTDOWN;
    }
    case OperationKind::kAccept:
      return state == State::kListening ? 0 : WSAEINVAL;
    case OperationKind::kConnect:
      if (state == State::kConnected) {
        return plain && connection.needs_context ? WSAEINVAL : WSAEISCONN;
      }
      if (state == State::kFresh) return 0;
      return plain && connection.ConnectsPlainly() ? WSAEALREADY : WSAEINVAL;
    case OperationKind::kAcceptReceive:
    case OperationKind::kDisconnect:
      break;
  }
  return 0;
}

// A plain call waits behind what is queued, like any operation. When it is the head, its own thread
// tries and waits, until it has a result. `outcome` tells how it went; 0 or the error.
int Socket::RunPlain(Operation* operation, DWORD milliseconds, bool may_block, Outcome* outcome) {
  const Deadline deadline(milliseconds == 0 ? INFINITE : milliseconds);
  Immediate turn{.plain = &Self()};
  *outcome = {.kind = Outcome::Kind::kAgain};
  Wakes wakes;
  Guard guard(lock_);
  if (const int error = Check(*operation, true, guard, wakes)) return error;
  Connection& connection = *connection_;
  Direction& direction = DirectionOf(connection, *operation);
  ++connection.holders;
  if (operation->kind == OperationKind::kConnect) BeginConnect(connection);
  operation->immediate = &turn;
  direction.PushBack(operation);
  const bool first = direction.head == operation;
  Run(connection, direction, first ? DirectionEvent::kEdge : DirectionEvent::kQueued, guard, wakes);
  const auto gives_up = [&] { return (non_blocking_ && !may_block) || deadline.Passed(); };
  while (!turn.granted && !turn.finished && !gives_up()) {
    turn.plain->parker.store(0, std::memory_order_relaxed);
    guard.unlock();
    wakes.Fire();
    {
      const PausedScope paused;  // P12
      Park(*turn.plain, deadline.Nanoseconds());
    }
    guard.lock();
  }
  if (turn.granted) {
    for (;;) {
      if (connection.error != 0) {
        *outcome = Failed(connection.error);
      } else if (!operation->cancelled) {
        guard.unlock();
        *outcome = Attempt(connection.fd, *operation);
        guard.lock();
      }
      const bool again = outcome->kind == Outcome::Kind::kAgain;
      if (again && operation->cancelled) *outcome = Aborted(operation->cancel_status);
      if (!again || operation->cancelled || gives_up()) break;
      ++connection.waits;
      guard.unlock();
      wakes.Fire();
      {
        const PausedScope paused;
        SysPoll(connection.fd, &direction == &connection.in ? POLLIN : POLLOUT,
                deadline.Milliseconds());
      }
      guard.lock();
      --connection.waits;
    }
    direction.PopFront();
    turn.error = outcome->error;
    const DirectionEvent event = Conclude(connection, *operation, *outcome, guard, wakes);
    if (turn.error != 0) operation->dropped = StartOver(*operation, *outcome);
    Run(connection, direction, event, guard, wakes);
  } else if (!turn.finished) {
    direction.Remove(operation);
    Run(connection, direction, DirectionEvent::kQueued, guard, wakes);
  }
  Watch(guard, wakes);
  const bool timed_out = !turn.finished && outcome->kind == Outcome::Kind::kAgain;
  if (timed_out) turn.error = deadline.Passed() ? WSAETIMEDOUT : WSAEWOULDBLOCK;
  Drop(connection, guard);
  return turn.error == WSA_OPERATION_ABORTED ? WSAEINTR : turn.error;
}

// --- perform -----------------------------------------------------------------------------------------

// Brings an event to a direction and does what follows from it, for as long as something does. The
// lock is released around system calls; the direction is busy meanwhile, which keeps every other
// thread away from the head. They may queue behind it, mark it cancelled, replace the connection,
// or close the socket.
void Socket::Run(Connection& connection, Direction& direction, DirectionEvent event, Guard& guard,
                 Wakes& wakes) {
  Act act = direction.Take(event);
  if (act == Act::kNothing) return;
  ++connection.holders;
  for (; act != Act::kNothing; act = direction.Take(event)) {
    if (act == Act::kSendFin) {
      guard.unlock();
      SysShutdown(connection.fd, SHUT_WR);
      guard.lock();
      event = DirectionEvent::kQueued;
      continue;
    }
    Immediate* const turn = direction.head->immediate;
    if (turn != nullptr && turn->plain != nullptr) {
      turn->granted = true;  // the direction stays busy: with that thread
      turn->plain->parker.store(1, std::memory_order_release);
      wakes.AddParked(&turn->plain->parker);
      break;
    }
    event = TryHead(connection, direction, guard, wakes);
  }
  // What is left pends: a packet follows.
  if (Operation* const head = direction.head; head != nullptr && head->immediate != nullptr) {
    if (head->immediate->plain == nullptr) head->immediate = nullptr;
  }
  Drop(connection, guard);
}

// One attempt at the head, and what it says about the direction.
DirectionEvent Socket::TryHead(Connection& connection, Direction& direction, Guard& guard,
                               Wakes& wakes) {
  Operation& operation = *direction.head;
  if (const CompletionPort* const port = device_.port.load(std::memory_order_relaxed)) {
    direction.tried_at = port->looks();
  }
  Outcome outcome{.kind = Outcome::Kind::kAgain};
  if (connection.error != 0) {
    outcome = Failed(connection.error);
  } else if (!operation.cancelled) {
    // Written when the attempt has succeeded: on its way to the cache during the system call.
    __builtin_prefetch(operation.receipt.overlapped, 1);
    Poller* const rearm = SystemCallsReplaced() ? PollerOf(connection) : nullptr;
    guard.unlock();
    outcome = Attempt(connection.fd, operation);
    const bool again = outcome.kind == Outcome::Kind::kAgain && !outcome.starved;
    if (rearm != nullptr && (again || outcome.drained)) {
      // An injected EAGAIN or short count is followed by no edge: ask for one.
      rearm->Rearm(connection.fd, reinterpret_cast<std::uint64_t>(handle()));
    }
    guard.lock();
  }
  if (operation.cancelled) {
    // CancelIoEx or closesocket has promised a packet (P31), so it must not become an immediate
    // result. When the attempt has succeeded all the same, the packet says so.
    operation.immediate = nullptr;
    if (outcome.kind == Outcome::Kind::kAgain) outcome = Aborted(operation.cancel_status);
  }
  const DirectionEvent event = Conclude(connection, operation, outcome, guard, wakes);
  if (outcome.kind == Outcome::Kind::kAgain) return event;
  const bool done = outcome.kind == Outcome::Kind::kDone;
  if (done && operation.kind == OperationKind::kConnect && operation.buffers.total() > 0) {
    operation.kind = OperationKind::kSend;  // the first data, counted in the one packet (P36)
    return event;
  }
  direction.PopFront();
  const bool meets =
      operation.kind == OperationKind::kConnect || operation.kind == OperationKind::kAccept;
  // Refused is a packet, however fast the answer came (P36).
  if (meets && !done && operation.receipt.overlapped != nullptr) operation.immediate = nullptr;
  if (done && operation.kind == OperationKind::kAccept) {
    HandOver(&operation, outcome, guard, wakes);
  } else {
    Finish(&operation, outcome, wakes);
  }
  return event;
}

Socket::Outcome Socket::Failed(int error_number) {
  return {.kind = Outcome::Kind::kFailed,
          .error_number = error_number,
          .error = WsaFromErrno(error_number),
          .status = StatusFromErrno(error_number)};
}

Socket::Outcome Socket::Aborted(NTSTATUS status) {
  return {.kind = Outcome::Kind::kAborted, .error = WsaFromStatus(status), .status = status};
}

// The caller holds the connection, not the lock.
Socket::Outcome Socket::Attempt(int fd, Operation& operation) {
  switch (operation.kind) {
    case OperationKind::kReceive:
    case OperationKind::kAcceptReceive:
      return AttemptReceive(fd, operation);
    case OperationKind::kSend:
      return AttemptSend(fd, operation);
    case OperationKind::kAccept:
      return AttemptAccept(fd, operation);
    case OperationKind::kConnect:
      return AttemptConnect(fd, operation);
    case OperationKind::kDisconnect:
      break;
  }
  return {};
}

// What an attempt means for the connection, and for its direction.
DirectionEvent Socket::Conclude(Connection& connection, const Operation& operation,
                                const Outcome& outcome, Guard& guard, Wakes& wakes) {
  if (outcome.kind == Outcome::Kind::kAgain) return DirectionEvent::kTookAll;
  if (operation.kind == OperationKind::kConnect && outcome.kind == Outcome::Kind::kDone) {
    connection.state = State::kConnected;
    connection.needs_context = operation.receipt.overlapped != nullptr;  // P36
  }
  if (outcome.broken && connection.error == 0) {
    connection.error = static_cast<std::uint8_t>(outcome.error_number);  // it latches (P26)
    // Whatever is queued in either direction fails with it.
    for (Direction* const direction : {&connection.in, &connection.out}) {
      Run(connection, *direction, DirectionEvent::kBreak, guard, wakes);
    }
  }
  const bool drained = outcome.drained && !connection.short_is_no_end;
  return drained ? DirectionEvent::kTookAll : DirectionEvent::kTookSome;
}

// --- completion --------------------------------------------------------------------------------------

// The operation has left its queue. The one place that completes.
void Socket::Finish(Operation* operation, const Outcome& outcome, Wakes& wakes) {
  const bool failed = outcome.kind != Outcome::Kind::kDone;
  const std::size_t bytes = failed ? 0 : operation->moved;
  const NTSTATUS status = failed ? outcome.status : STATUS_SUCCESS;
  Immediate* const immediate = operation->immediate;
  if (immediate != nullptr) {
    immediate->error = failed ? outcome.error : 0;
    immediate->bytes = static_cast<DWORD>(bytes);
    immediate->finished = true;
    if (immediate->plain != nullptr) {  // a plain call that never had its turn
      immediate->plain->parker.store(1, std::memory_order_release);
      wakes.AddParked(&immediate->plain->parker);
      return;
    }
  }
  if (failed) operation->dropped = StartOver(*operation, outcome);
  if (operation->kind == OperationKind::kAcceptReceive && !failed) {
    connection_->state = State::kConnected;
  }
  if (operation->receipt.overlapped != nullptr) {
    if (trace::On()) {
      trace::OperationCompleted(handle(), ToString(operation->kind), operation->receipt.overlapped,
                                status, bytes);
    }
    // The packet of an AcceptEx is the listener's, wherever it ends (P32).
    const Socket& owner =
        operation->kind == OperationKind::kAcceptReceive ? *operation->listener : *this;
    if (immediate != nullptr && failed) {
      operation->receipt.Refuse(status);
    } else {
      const bool skip =
          immediate != nullptr && owner.skip_on_success_.load(std::memory_order_relaxed);
      operation->receipt.Complete(&owner.device_, status, bytes, !skip, wakes);
    }
  }
  wakes.AddFinished(operation);
}

// A connect or an accept has failed: the socket is as new, with a connection that knows nothing of
// it. Returns what is to be closed without the lock.
Connection* Socket::StartOver(const Operation& operation, const Outcome& outcome) {
  if (operation.kind == OperationKind::kAccept && operation.acceptor) {
    operation.acceptor->EndAccept();
  }
  const bool connecting = operation.kind == OperationKind::kConnect;
  if (closed_ || (!connecting && operation.kind != OperationKind::kAcceptReceive)) return nullptr;
  Connection& old = *connection_;
  if (old.state != State::kConnecting && old.state != State::kAccepted) return nullptr;
  // After a refusal the kernel's socket is as new, and keeps its address and options. (Holders: we,
  // and the thread that performed this.) Otherwise it is still busy.
  const bool keep = connecting && outcome.kind == Outcome::Kind::kFailed && old.holders == 2;
  Connection* const fresh = keep ? new Connection(old.Surrender()) : NewConnection(old);
  fresh->bound = old.bound && keep;
  fresh->reused = old.bound || old.reused;
  fresh->shared_address = old.shared_address;
  if (keep) fresh->watch = old.watch;
  if (connecting) fresh->error = static_cast<std::uint8_t>(outcome.error_number);
  return Replace(fresh);
}

void Socket::FreeRecord(Operation* operation) {
  if (operation->kind == OperationKind::kAcceptReceive) {
    Socket& listener = *operation->listener;
    const std::lock_guard guard(listener.lock_);
    Operation* const before = operation->accepted_before;
    Operation* const after = operation->accepted_after;
    (before != nullptr ? before->accepted_after : listener.accepted_) = after;
    if (after != nullptr) after->accepted_before = before;
  }
  FreeOperation(operation);
}

bool Socket::Abort(const OVERLAPPED* overlapped, NTSTATUS status, Wakes& wakes) {
  Connection& connection = *connection_;  // exchanged when a connect is among them
  const bool in = AbortQueued(connection, connection.in, overlapped, status, wakes);
  return AbortQueued(connection, connection.out, overlapped, status, wakes) || in;
}

// Completes the queued operations that use `overlapped` (nullptr: all) with `status`; the one being
// performed is only marked, its performer completes it. False: there was none.
bool Socket::AbortQueued(const Connection& connection, Direction& direction,
                         const OVERLAPPED* overlapped, NTSTATUS status, Wakes& wakes) {
  bool any = false;
  Operation* next = nullptr;
  for (Operation* operation = direction.head; operation != nullptr; operation = next) {
    next = operation->next;
    if (overlapped != nullptr && operation->receipt.overlapped != overlapped) continue;
    // Plain calls, and a connect in the background, end with the connection only.
    const bool ends = closed_ || connection.state == State::kDisconnected;
    if (operation->receipt.overlapped == nullptr && !ends) continue;
    any = true;
    if (direction.Busy() && operation == direction.head) {
      if (!std::exchange(operation->cancelled, true)) operation->cancel_status = status;
      continue;
    }
    direction.Remove(operation);
    Finish(operation, Aborted(status), wakes);
  }
  return any;
}

// --- readiness ---------------------------------------------------------------------------------------

void Socket::OnReady(const Ready& ready) {
  const auto socket = HandleTable::Find<Socket>(reinterpret_cast<HANDLE>(ready.token));
  if (!socket) return;  // closed meanwhile
  Wakes wakes;
  Guard guard(socket->lock_);
  socket->OnEdge(ready, guard, wakes);
}

// After an exchange the news may be of the connection before: then an attempt finds nothing.
void Socket::OnEdge(const Ready& ready, Guard& guard, Wakes& wakes) {
  const State state = connection_->state;
  if (ready.more && (state == State::kConnected || state == State::kAccepted)) {
    connection_->short_is_no_end = true;
  }
  if (connection_->watch == Connection::Watch::kAdding) {
    connection_->early_edge = true;
    return;
  }
  if (ready.readable) Run(*connection_, connection_->in, DirectionEvent::kEdge, guard, wakes);
  if (ready.writable) Run(*connection_, connection_->out, DirectionEvent::kEdge, guard, wakes);
}

Poller* Socket::PollerOf(const Connection& connection) const {
  if (connection.watch == Connection::Watch::kBackground) return Background::SocketPoller();
  if (connection.watch != Connection::Watch::kPort) return nullptr;
  return &device_.port.load(std::memory_order_relaxed)->poller();
}

// Once per connection, when an operation has to wait for the first time: registers it with its
// port's poller, or with the background thread's while the socket belongs to no port.
void Socket::Watch(Guard& guard, Wakes& wakes) {
  Connection& connection = *connection_;
  // (A busy direction's thread comes here itself when something is left.)
  const bool waiting = connection.in.Waits() || connection.out.Waits();
  if (connection.watch != Connection::Watch::kNobody || !waiting || closed_) return;
  connection.watch = Connection::Watch::kAdding;
  ++connection.holders;
  for (bool again = true; again;) {
    CompletionPort* const port = device_.port.load(std::memory_order_relaxed);
    guard.unlock();
    Poller* const poller = port != nullptr ? &port->poller() : Background::SocketPoller();
    const bool added =
        poller != nullptr && poller->Add(connection.fd, reinterpret_cast<std::uint64_t>(handle()));
    if (added && port != nullptr) port->NoteRegistration();
    guard.lock();
    again = added && port != device_.port.load(std::memory_order_relaxed);  // associated just now
    connection.watch = !added            ? Connection::Watch::kNobody
                       : port != nullptr ? Connection::Watch::kPort
                                         : Connection::Watch::kBackground;
    if (again) {
      connection.watch = Connection::Watch::kAdding;
      guard.unlock();
      poller->Remove(connection.fd);
      guard.lock();
    }
  }
  if (connection.watch == Connection::Watch::kNobody) {
    for (Direction* const direction : {&connection.in, &connection.out}) {
      AbortQueued(connection, *direction, nullptr, STATUS_INSUFFICIENT_RESOURCES, wakes);
    }
  } else if (connection.early_edge) {
    connection.early_edge = false;
    Run(connection, connection.in, DirectionEvent::kEdge, guard, wakes);
    Run(connection, connection.out, DirectionEvent::kEdge, guard, wakes);
  }
  Drop(connection, guard);
}

}  // namespace iocp
