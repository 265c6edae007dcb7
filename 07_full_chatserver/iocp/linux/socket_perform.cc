// The engine: issues operations, performs the head of each direction, completes.
#include <errno.h>

#include <utility>

#include "iocp/linux/background.h"
#include "iocp/linux/errors.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/syscalls.h"
#include "iocp/linux/trace.h"

namespace iocp {

// --- issue -------------------------------------------------------------------------------------------

int Socket::Issue(Direction& direction, Operation* operation, OVERLAPPED* overlapped,
                  DWORD* bytes) {
  Immediate result;
  bool must_register = false;
  {
    Wakes wakes;
    std::unique_lock guard(lock_);
    int error = CheckIssue(*operation);
    if (error == 0) error = static_cast<int>(operation->receipt.Begin(overlapped));
    if (error != 0) {
      guard.unlock();
      FreeOperation(operation);
      return error;
    }
    if (trace::On()) trace::OperationIssued(handle(), ToString(operation->kind), overlapped);
    if (operation->kind == OperationKind::kConnect) state_ = State::kConnecting;
    direction.PushBack(operation);
    // From here on the record, and with it the OVERLAPPED, may be completed by any thread as soon
    // as the lock is free: only `result` is looked at.
    if (direction.head == operation && !direction.performing && WorthTrying(direction)) {
      direction.ready = true;
      operation->immediate = &result;
      Perform(direction, guard, wakes);
    }
    must_register = poller_ == nullptr && !closed_ && (in_.head != nullptr || out_.head != nullptr);
  }
  if (must_register) Register();
  if (!result.finished) return WSA_IO_PENDING;
  if (bytes != nullptr) *bytes = result.bytes;
  return result.error;
}

// Without a known edge an attempt mostly says EAGAIN, a wasted system call per message in a busy
// server. But that knowledge is only as fresh as the last look at the poller: once anybody has
// looked since, data may be here whose edge is in other hands, and an immediate success (P15) is
// tried for again.
bool Socket::WorthTrying(const Direction& direction) const {
  if (direction.ready) return true;
  const CompletionPort* const port = device_.port.load(std::memory_order_relaxed);
  return port == nullptr || port->looks() != direction.cleared_at;
}

int Socket::CheckIssue(const Operation& operation) const {
  if (closed_) return WSAENOTSOCK;
  switch (operation.kind) {
    case OperationKind::kReceive:
      if (reset_) return WSAECONNRESET;
      if (receive_shut_) return WSAESHUTDOWN;
      return state_ == State::kConnected ? 0 : WSAENOTCONN;
    case OperationKind::kSend:
      if (reset_) return WSAECONNRESET;
      if (send_shut_) return WSAESHUTDOWN;
      return state_ == State::kConnected ? 0 : WSAENOTCONN;
    case OperationKind::kAccept:
      return state_ == State::kListening ? 0 : WSAEINVAL;
    case OperationKind::kConnect:
      if (state_ == State::kConnected) return WSAEISCONN;
      if (state_ == State::kConnecting) return WSAEALREADY;
      return state_ == State::kFresh && (bound_ || was_bound_) ? 0 : WSAEINVAL;
    case OperationKind::kAcceptReceive:
    case OperationKind::kDisconnect:
      break;
  }
  return 0;
}

// --- perform -----------------------------------------------------------------------------------------

// Performs the head for as long as the kernel may have something for it. The lock is released
// around each system call; `performing` keeps every other thread away from the head meanwhile. They
// may append behind it, mark it cancelled, or close the socket.
void Socket::Perform(Direction& direction, std::unique_lock<Lock>& guard, Wakes& wakes) {
  direction.performing = true;
  while (Operation* const operation = direction.head) {
    if (!direction.ready && !operation->cancelled && !reset_) break;
    const Outcome outcome = TryHead(direction, *operation, guard);
    if (outcome.kind == Outcome::Kind::kAgain) continue;  // at once if an edge came meanwhile
    if (outcome.kind == Outcome::Kind::kConnected && GoOnConnected(*operation)) continue;
    direction.PopFront();
    if (outcome.kind == Outcome::Kind::kAccepted) {
      MoveToAcceptor(operation, guard);
    } else {
      Finish(operation, outcome, wakes);
    }
  }
  if (direction.head != nullptr) direction.head->immediate = nullptr;  // it pends: a packet follows
  direction.performing = false;
  if (&direction == &out_ && out_.head == nullptr && std::exchange(fin_after_sends_, false)) {
    guard.unlock();
    SysShutdown(fd_, SHUT_WR);
    guard.lock();
  }
}

// One attempt at the head, and what it says about the direction.
Socket::Outcome Socket::TryHead(Direction& direction, Operation& operation,
                                std::unique_lock<Lock>& guard) {
  direction.ready = false;  // before the attempt: an edge during it sets it again
  if (const CompletionPort* const port = device_.port.load(std::memory_order_relaxed)) {
    direction.cleared_at = port->looks();
  }
  Outcome outcome{.kind = Outcome::Kind::kAgain};
  if (reset_) {
    outcome = Failed(ECONNRESET);
  } else if (!operation.cancelled) {
    // Written when the attempt has succeeded: on its way to the cache during the system call.
    __builtin_prefetch(operation.receipt.overlapped, 1);
    Poller* const rearm = SystemCallsReplaced() ? poller_ : nullptr;
    guard.unlock();
    outcome = Attempt(operation);
    const bool again = outcome.kind == Outcome::Kind::kAgain && !outcome.starved;
    if (rearm != nullptr && (again || outcome.drained)) {
      rearm->Rearm(fd_, reinterpret_cast<std::uint64_t>(handle()));
    }
    guard.lock();
  }
  if (operation.cancelled) {
    // CancelIoEx or closesocket has promised a packet (P31), so it must not become an immediate
    // result. When the attempt has succeeded all the same, the packet says so.
    operation.immediate = nullptr;
    if (outcome.kind == Outcome::Kind::kAgain) {
      outcome = {.kind = Outcome::Kind::kFailed, .status = operation.cancel_status};
    }
  }
  if (outcome.kind != Outcome::Kind::kAgain && (!outcome.drained || hung_up_)) {
    direction.ready = true;  // there may be more
  }
  if (outcome.status == STATUS_CONNECTION_RESET && operation.kind != OperationKind::kConnect) {
    reset_ = true;
  }
  return outcome;
}

Socket::Outcome Socket::Failed(int error_number) {
  return {.kind = Outcome::Kind::kFailed,
          .error = WsaFromErrno(error_number),
          .status = StatusFromErrno(error_number)};
}

Socket::Outcome Socket::Attempt(Operation& operation) {
  switch (operation.kind) {
    case OperationKind::kReceive:
    case OperationKind::kAcceptReceive:
      return AttemptReceive(operation);
    case OperationKind::kSend:
      return AttemptSend(operation);
    case OperationKind::kAccept:
      return AttemptAccept(operation);
    case OperationKind::kConnect:
      return AttemptConnect(operation);
    case OperationKind::kDisconnect:
      break;
  }
  return {};
}

Socket::Outcome Socket::AttemptReceive(Operation& operation) {
  const std::size_t wanted = operation.buffers.total();
  ssize_t got = 0;
  if (wanted == 0) {
    // A zero-byte receive waits for data and leaves it in place (P22).
    char byte = 0;
    const iovec peek{&byte, 1};
    got = SysRecv(fd_, &peek, 1, MSG_PEEK);
    if (got >= 0) return {};
  } else {
    got = SysRecv(fd_, operation.buffers.parts(), operation.buffers.part_count(), 0);
  }
  if (got < 0) {
    if (errno == EAGAIN) return {.kind = Outcome::Kind::kAgain};
    return Failed(errno);
  }
  operation.moved = static_cast<std::size_t>(got);
  // Less than asked for: the kernel's buffer is empty, and whatever comes next is a new edge. That
  // saves one recv per message, the one that would only say EAGAIN. Not so when FIN or RST is there
  // already (hung_up_), which is no new edge.
  return {.drained = got > 0 && operation.moved < wanted};
}

Socket::Outcome Socket::AttemptSend(Operation& operation) {
  BufferList& buffers = operation.buffers;
  do {
    const ssize_t sent = SysSend(fd_, buffers.parts(), buffers.part_count());
    if (sent < 0) {
      if (errno == EAGAIN) return {.kind = Outcome::Kind::kAgain};
      return Failed(errno);
    }
    operation.moved += static_cast<std::size_t>(sent);
    buffers.Advance(static_cast<std::size_t>(sent));
  } while (buffers.total() > 0);  // whole, never short (P24)
  return {};
}

// --- readiness ---------------------------------------------------------------------------------------

void Socket::OnReady(const Ready& ready) {
  const auto socket = HandleTable::Find<Socket>(reinterpret_cast<HANDLE>(ready.token));
  if (!socket) return;  // closed meanwhile
  Wakes wakes;
  std::unique_lock guard(socket->lock_);
  if (ready.hung_up) socket->hung_up_ = true;
  if (ready.readable) socket->in_.ready = true;
  if (ready.writable) socket->out_.ready = true;
  for (Direction* const direction : {&socket->in_, &socket->out_}) {
    if (direction->head != nullptr && !direction->performing && direction->ready) {
      socket->Perform(*direction, guard, wakes);
    }
  }
}

// Once per socket (and connection), when an operation has to wait for the first time: with its
// port's poller, or with the background thread's while it belongs to no port.
void Socket::Register() {
  CompletionPort* port = nullptr;
  Poller* poller = nullptr;
  for (;;) {
    port = device_.port.load(std::memory_order_acquire);
    poller = port != nullptr ? &port->poller() : Background::SocketPoller();
    const std::lock_guard guard(lock_);
    if (poller_ != nullptr || closed_) return;
    if (port != device_.port.load(std::memory_order_relaxed)) continue;  // associated just now
    poller_ = poller;
    break;
  }
  if (poller != nullptr && poller->Add(fd_, reinterpret_cast<std::uint64_t>(handle()))) {
    if (port != nullptr) port->NoteRegistration();
    return;
  }
  Wakes wakes;
  const std::lock_guard guard(lock_);
  poller_ = nullptr;
  AbortQueued(in_, nullptr, STATUS_INSUFFICIENT_RESOURCES, wakes);
  AbortQueued(out_, nullptr, STATUS_INSUFFICIENT_RESOURCES, wakes);
}

}  // namespace iocp
