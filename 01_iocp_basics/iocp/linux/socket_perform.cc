// The engine: issues operations and performs the head of each direction.
#include <errno.h>

#include "iocp/linux/errors.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/syscalls.h"
#include "iocp/linux/thread.h"
#include "iocp/linux/trace.h"

namespace iocp {

// --- issue -------------------------------------------------------------------------------------------

// The operation begins for the program, unless there is an `error`: then its record is freed, and
// the lock is given up before.
int Socket::Begin(Operation* operation, OVERLAPPED* overlapped, int error, Guard& guard) {
  if (error == 0 && overlapped != nullptr) {
    error = static_cast<int>(operation->receipt.Begin(overlapped, &device_));
  }
  if (error != 0) {
    guard.unlock();
    FreeOperation(operation);
  } else if (trace::On() && overlapped != nullptr) {
    trace::OperationIssued(handle(), ToString(operation->kind), overlapped,
                           operation->buffers.part_count(), operation->buffers.total());
  }
  return error;
}

// `overlapped` is null for a connect that FIONBIO sends into the background.
int Socket::Issue(Operation* operation, OVERLAPPED* overlapped, DWORD* bytes) {
  Immediate result;
  {
    Wakes wakes;
    Guard guard(lock_);
    const int refused = Check(*operation, overlapped == nullptr, guard, wakes);
    if (const int error = Begin(operation, overlapped, refused, guard)) return error;
    Connection& connection = *connection_;
    if (operation->kind == OperationKind::kConnect) BeginConnect(connection);
    Direction& direction = DirectionOf(connection, *operation);
    const bool first = direction.Gone();
    direction.PushBack(operation);
    if (operation->kind == OperationKind::kAccept) operation->acceptor->accept_ = operation;
    // From here on the record, and with it the OVERLAPPED, may be completed by any thread as soon
    // as the lock is free: only `result` is looked at.
    if (first && WorthTrying(direction)) {
      operation->immediate = &result;
      Run(connection, direction, DirectionEvent::kEdge, guard, wakes);
    }
    if (connection_->watch == Connection::Watch::kNobody) Watch(guard, wakes);
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
  const CompletionPort* const port = device_.Port();
  return port == nullptr || port->looks() != direction.tried_at;
}

// May it be issued? A connect that is under way is asked first how far it is.
int Socket::Check(const Operation& operation, bool plain, Guard& guard, Wakes& wakes) {
  const bool adding = connection_->watch == Connection::Watch::kAdding;
  if (connection_->state == State::kConnecting && !adding) {
    Run(*connection_, connection_->out, DirectionEvent::kEdge, guard, wakes);
  }
  if (closed_) return WSAENOTSOCK;
  // One way of being told per socket: packets, or routines.
  if (operation.receipt.has_routine && device_.Port() != nullptr) return WSAEINVAL;
  const Connection& connection = *connection_;
  const State state = connection.state;
  switch (operation.kind) {
    case OperationKind::kReceive:
    case OperationKind::kTransmit:
    case OperationKind::kSend: {
      if (state != State::kConnected) return WSAENOTCONN;
      if (connection.error != 0) return WsaFromErrno(connection.error);
      const bool send = operation.kind != OperationKind::kReceive;
      const Direction& direction = send ? connection.out : connection.in;
      return direction.state.end == End::kOpen ? 0 : WSAESHUTDOWN;
    }
    case OperationKind::kReceiveFrom:
    case OperationKind::kSendTo:
      return CheckDatagram(operation);
    case OperationKind::kAccept:
      // First: only a socket that listens may take the lock of one that accepts. Anything else
      // would meet itself, or another thread's call with the two exchanged.
      if (state != State::kListening) return WSAEINVAL;
      // From here to its place in the queue the lock is held: a close that has come is seen here,
      // one that comes finds it there.
      return operation.acceptor && operation.acceptor->IsClosed() ? WSAENOTSOCK : 0;
    case OperationKind::kConnect:
      if (state == State::kConnected) {
        return plain && connection.needs_context ? WSAEINVAL : WSAEISCONN;
      }
      if (state == State::kFresh) {
        const bool unbound = !connection.bound && !connection.reused;
        return unbound && !plain ? WSAEINVAL : EnsureDescriptor();  // P36
      }
      return plain && connection.ConnectsPlainly() ? WSAEALREADY : WSAEINVAL;
    case OperationKind::kAcceptReceive:
    case OperationKind::kDisconnect:
      break;
  }
  return 0;
}

namespace {
constexpr int kStarvedMs = 10;  // between two rounds of an accept that keeps failing
}  // namespace

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
  if (connection.IsCrowded()) return WSAENOBUFS;
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
        if (outcome->ended && WasReset(connection)) *outcome = TransferFailed(ECONNRESET);
      }
      const bool again = outcome->kind == Outcome::Kind::kAgain;
      if (again && operation->cancelled) *outcome = Aborted(operation->cancel_status);
      if (outcome->paused && !operation->cancelled) continue;
      if (!again || operation->cancelled || gives_up()) break;
      ++connection.waits;
      guard.unlock();
      wakes.Fire();
      {
        const PausedScope paused;
        if (outcome->starved) {
          // It is readable, and accepting has failed all the same: only the end is waited for.
          SysPoll(connection.fd, 0, kStarvedMs);
        } else {
          SysPoll(connection.fd, &direction == &connection.in ? POLLIN : POLLOUT,
                  deadline.Milliseconds());
        }
      }
      guard.lock();
      --connection.waits;
    }
    direction.PopFront();
    turn.error = outcome->Error();
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

// The lock is released around system calls; the direction is busy meanwhile, which keeps every
// other thread away from the head. They may queue behind it, mark it cancelled, replace the
// connection, or close the socket.
void Socket::Perform(Connection& connection, Direction& direction, Act act, Guard& guard,
                     Wakes& wakes) {
  ++connection.holders;
  for (DirectionEvent event{}; act != Act::kNothing; act = direction.Take(event)) {
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
  if (device_.Port() != nullptr) direction.tried_at = device_.Port()->looks();
  Outcome outcome{.kind = Outcome::Kind::kAgain};
  if (connection.error != 0) {
    outcome = Failed(connection.error);
  } else if (!operation.cancelled) {
    // Written when the attempt has succeeded: on its way to the cache during the system call.
    __builtin_prefetch(operation.receipt.overlapped, 1);
    const bool replaced = SystemCallsMayLie();
    const bool may_pause = operation.kind == OperationKind::kTransmit;
    Poller* const rearm = replaced || may_pause ? PollerOf(connection) : nullptr;
    guard.unlock();
    outcome = Attempt(connection.fd, operation);
    const bool again = outcome.kind == Outcome::Kind::kAgain && !outcome.starved;
    if (rearm != nullptr && (outcome.paused || (replaced && (again || outcome.drained)))) {
      // No edge follows a pause, or an injected EAGAIN or short count: ask for one. (Where nobody
      // watches yet, the registration brings it.)
      rearm->Rearm(connection.fd, reinterpret_cast<std::uint64_t>(handle()));
    }
    guard.lock();
    if (outcome.ended && WasReset(connection)) outcome = TransferFailed(ECONNRESET);
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
    operation.kind = OperationKind::kTransmit;  // first data, counted in the one packet (P36)
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

// The caller holds the connection, not the lock.
Socket::Outcome Socket::Attempt(int fd, Operation& operation) {
  switch (operation.kind) {
    case OperationKind::kReceive:
    case OperationKind::kAcceptReceive:
      return AttemptReceive(fd, operation);
    case OperationKind::kSend:
      return AttemptSend(fd, operation);
    case OperationKind::kTransmit:
      return AttemptTransmit(fd, operation);
    case OperationKind::kReceiveFrom:
      return AttemptReceiveFrom(fd, operation);
    case OperationKind::kSendTo:
      return AttemptSendTo(fd, operation);
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
    connection.since = ThisSecond();
    connection.needs_context = operation.receipt.overlapped != nullptr;  // P36
  }
  if (outcome.broken) Break(connection, outcome.number, guard, wakes);
  const bool drained = outcome.drained && !connection.short_is_no_end;
  return drained ? DirectionEvent::kTookAll : DirectionEvent::kTookSome;
}

// The connection has failed: whatever is queued in either direction fails with it.
void Socket::Break(Connection& connection, int error_number, Guard& guard, Wakes& wakes) {
  if (connection.error != 0) return;
  connection.error = static_cast<std::uint8_t>(error_number);  // it latches (P26)
  ++connection.holders;
  for (Direction* const direction : {&connection.in, &connection.out}) {
    Run(connection, *direction, DirectionEvent::kBreak, guard, wakes);
  }
  Drop(connection, guard);
}

}  // namespace iocp
