// A socket's life: made, associated, its connections exchanged, closed.
#include "iocp/linux/socket.h"

#include <errno.h>

#include <memory>
#include <utility>

#include "iocp/linux/background.h"
#include "iocp/linux/counters.h"
#include "iocp/linux/errors.h"
#include "iocp/linux/syscalls.h"
#include "iocp/linux/win32_port.h"

namespace iocp {

Socket::Socket(int fd, int family, int type, bool overlapped)
    : Object(kKind),
      family_(static_cast<std::uint8_t>(family)),
      type_(static_cast<std::uint8_t>(type)),
      overlapped_(overlapped),
      connection_(new Connection(fd)) {
  CountAllocation();
  CountAllocation();
}

Socket::~Socket() {
  delete connection_;  // with the last reference nobody else holds it any more
}

void Socket::Close() {
  HANDLE listener = nullptr;
  bool last_of_closed_port = false;
  {
    Wakes wakes;
    Guard guard(lock_);
    if (closed_) return;
    closed_ = true;
    Connection& connection = *connection_;
    const bool connected = connection.state == State::kConnected;
    if (connected) ResetIfCut(connection);
    Abort(nullptr, connected ? STATUS_CONNECTION_ABORTED : STATUS_CANCELLED, wakes);
    AbortAccepted(nullptr, wakes);
    if (connection.state == State::kAccepting) listener = listener_;
    last_of_closed_port = device_.Leave();
    if (connection.waits > 0) {
      ++connection.holders;
      guard.unlock();
      SysShutdown(connection.fd, SHUT_RDWR);  // wakes them
      guard.lock();
      Drop(connection, guard);
    }
  }
  if (last_of_closed_port) Background::LookOver();
  if (const auto other = HandleTable::Find<Socket>(listener)) other->AbortAcceptOf(*this);
}

// When part of what the program sent is lost, the peer must not take the rest for all (P64). True:
// it is so, and the connection ends with a reset.
bool Socket::ResetIfCut(const Connection& connection) {
  if (connection.out.Gone()) return false;
  const linger reset{1, 0};
  SysSetSockOpt(connection.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  return true;
}

// --- the port ----------------------------------------------------------------------------------------

DWORD Socket::Associate(CompletionPort* port, ULONG_PTR key) {
  Wakes wakes;
  Guard guard(lock_);
  if (closed_) return ERROR_INVALID_HANDLE;
  if (!overlapped_ || device_.Port() != nullptr) return ERROR_INVALID_PARAMETER;
  device_.Associate(port, handle(), key);
  Connection& connection = *connection_;
  if (connection.watch != Connection::Watch::kBackground) return ERROR_SUCCESS;
  // Operations are pending already: their packets come to the port (P3), so its threads watch them.
  connection.watch = Connection::Watch::kPort;
  ++connection.holders;
  guard.unlock();
  Background::SocketPoller()->Remove(connection.fd);
  const bool added = port->poller().Add(connection.fd, reinterpret_cast<std::uint64_t>(handle()));
  if (added) port->NoteRegistration();
  guard.lock();
  if (!added) CannotWatch(connection, wakes);
  Drop(connection, guard);
  return ERROR_SUCCESS;
}

// A mode that is on stays on.
DWORD Socket::SetNotificationModes(UCHAR flags) {
  if ((flags & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS) != 0) {
    skip_on_success_.store(true, std::memory_order_relaxed);
  }
  if ((flags & FILE_SKIP_SET_EVENT_ON_HANDLE) != 0) device_.signal.Skip();
  return ERROR_SUCCESS;
}

// --- connections -------------------------------------------------------------------------------------

Direction& Socket::DirectionOf(Connection& connection, const Operation& operation) {
  const bool out =
      operation.kind == OperationKind::kSend || operation.kind == OperationKind::kSendTo ||
      operation.kind == OperationKind::kTransmit || operation.kind == OperationKind::kConnect;
  return out ? connection.out : connection.in;
}

void Socket::BeginConnect(Connection& connection) {
  connection.state = State::kConnecting;
  connection.bound = true;
  connection.error = 0;
}

// A fresh connection has no descriptor before it needs one: whatever ends, nothing can be lost for
// want of one. 0, or why there is none.
int Socket::EnsureDescriptor() {
  if (closed_) return WSAENOTSOCK;
  Connection& connection = *connection_;
  if (connection.fd >= 0) return 0;
  const int fd = OpenDescriptor(family_, type_);
  if (fd < 0) return WsaFromErrno(errno);
  connection.Take(fd);
  if (connection.shared) connection.SetShared(type_, true);
  options_.ApplyTo(fd);
  return 0;
}

// Makes a connection that is fresh in every field the socket's. When nobody else holds the one
// before, it is the same memory: an AcceptEx needs no block. Returns the descriptor that is to be
// closed when no lock is held; -1: none, or the last holder closes it.
int Socket::Exchange(int descriptor) {
  Connection& old = *connection_;
  const bool shared = old.shared;
  const bool exclusive = old.exclusive;
  int dropped = -1;
  if (old.holders == 1) {
    dropped = old.Surrender();
    std::destroy_at(&old);
    std::construct_at(&old, descriptor);
  } else {
    --old.holders;
    CountAllocation();
    connection_ = new Connection(descriptor);
  }
  connection_->shared = shared;
  connection_->exclusive = exclusive;
  return dropped;
}

void Socket::Drop(Connection& connection, Guard& guard) {
  if (--connection.holders > 0) return;
  guard.unlock();  // close can take its time
  delete &connection;
  guard.lock();
}

DWORD Socket::Cancel(const OVERLAPPED* overlapped, DWORD issuer) {
  Wakes wakes;
  Guard guard(lock_);
  bool any = Abort(overlapped, STATUS_CANCELLED, wakes, issuer);
  any = AbortAccepted(overlapped, wakes, issuer) || any;
  // A FIN may have been owed behind what has gone now.
  Run(*connection_, connection_->out, DirectionEvent::kQueued, guard, wakes);
  return any ? ERROR_SUCCESS : ERROR_NOT_FOUND;
}

}  // namespace iocp
