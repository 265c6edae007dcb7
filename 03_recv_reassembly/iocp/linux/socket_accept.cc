// AcceptEx and accept. An AcceptEx waits in the listener's queue; with a receive length it then
// moves on to the accepting socket and waits there for the first data. Its packet always goes to
// the listener's port (P32), and CancelIoEx and closesocket on the listener find it wherever it is.
#include <errno.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "iocp/linux/background.h"
#include "iocp/linux/errors.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/syscalls.h"

namespace iocp {

int Socket::Accept(const Ref<Socket>& acceptor, char* output, DWORD receive_length,
                   DWORD local_length, DWORD remote_length, OVERLAPPED* overlapped, DWORD* bytes) {
  if (!acceptor->BeginAccept(handle())) return WSAEINVAL;
  Operation* const operation = TakeOperation(OperationKind::kAccept);
  operation->listener = Ref<Socket>::Share(this);
  operation->acceptor = acceptor;
  operation->output = output;
  operation->receive_length = receive_length;
  operation->local_length = local_length;
  operation->remote_length = remote_length;
  operation->buffers.Capture(output, receive_length);
  const int error = Issue(operation, overlapped, bytes);
  if (error != 0 && error != WSA_IO_PENDING) acceptor->EndAccept();
  return error;
}

// --- at the accepting socket -------------------------------------------------------------------------

bool Socket::BeginAccept(HANDLE listener) {
  const std::lock_guard guard(lock_);
  Connection& connection = *connection_;
  if (closed_ || connection.state != State::kFresh || connection.bound) return false;
  if (type_ != SOCK_STREAM) return false;
  connection.state = State::kAccepting;
  listener_ = listener;
  return true;
}

// Nothing was accepted: as new. May be called under the listener's lock.
void Socket::EndAccept() {
  const std::lock_guard guard(lock_);
  if (connection_->state == State::kAccepting) connection_->state = State::kFresh;
}

bool Socket::IsClosed() {
  const std::lock_guard guard(lock_);
  return closed_;
}

// --- at the listener ---------------------------------------------------------------------------------

namespace {

constexpr DWORD kAddressExtra = 16;  // AcceptEx wants that much more than an address needs
constexpr int kMostGone = 64;        // connections that went away before they were accepted

// The errors with which accept tells that this connection has failed already; the next may be fine.
bool IsOfOneConnection(int error) {
  switch (error) {
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case ETIMEDOUT:
    case ECONNRESET:
      return true;
    default:
      return false;
  }
}

bool IsOutOfDescriptors(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

// Serves a plain accept (output is null), too.
Socket::Outcome Socket::AttemptAccept(int fd, Operation& operation) {
  const bool extended = operation.receipt.overlapped != nullptr;
  const DWORD room = kAddressExtra + static_cast<DWORD>(family_ == AF_INET6 ? sizeof(sockaddr_in6)
                                                                            : sizeof(sockaddr_in));
  const bool wants_local = operation.local_length > 0;
  if (extended &&
      (operation.remote_length < room || (wants_local && operation.local_length < room))) {
    // Found out when somebody connects; the connection stays for the next.
    if (SysPoll(fd, POLLIN, 0) <= 0) return {.kind = Outcome::Kind::kAgain};
    return Aborted(STATUS_BUFFER_TOO_SMALL);
  }
  sockaddr_storage remote{};
  socklen_t remote_size = sizeof remote;
  Outcome outcome;
  for (int gone = 0;; ++gone) {
    outcome.number = SysAccept(fd, reinterpret_cast<sockaddr*>(&remote), &remote_size);
    if (outcome.number >= 0) break;
    if (errno == EAGAIN) return {.kind = Outcome::Kind::kAgain};
    if (IsOutOfDescriptors(errno) ? extended : gone == kMostGone) {
      // The connection stays in the backlog and the operation stays pending. No edge will tell when
      // there are descriptors again: the background thread tries again, a tick later each time.
      Background::RetryAccept(handle());
      return {.kind = Outcome::Kind::kAgain, .starved = true};
    }
    if (!IsOfOneConnection(errno)) return Failed(errno);
  }
  std::memcpy(&operation.address, &remote,
              std::min<std::size_t>(remote_size, sizeof operation.address));
  operation.address_length = remote_size;
  if (!extended) return outcome;
  sockaddr_storage local{};
  socklen_t local_size = sizeof local;
  if (SysGetSockName(outcome.number, reinterpret_cast<sockaddr*>(&local), &local_size) != 0) {
    const int error = errno;
    SysClose(outcome.number);
    return Failed(error);
  }
  char* const addresses = operation.output + operation.receive_length;
  if (wants_local) std::memcpy(addresses, &local, local_size);
  std::memcpy(addresses + operation.local_length, &remote, remote_size);
  return outcome;
}

// A connection was accepted: it becomes the accepting socket's. `operation` is in no queue.
void Socket::HandOver(Operation* operation, const Outcome& outcome, Guard& guard, Wakes& wakes) {
  const Ref<Socket> acceptor = operation->acceptor;
  const bool wants_data = operation->receive_length > 0;
  acceptor->accept_ = nullptr;
  int dropped = outcome.number;  // unless it can be handed over: then what it replaces
  Guard at_acceptor(acceptor->lock_);
  const bool possible = !acceptor->closed_ && acceptor->connection_->state == State::kAccepting;
  if (!possible || (wants_data && (closed_ || operation->cancelled))) {
    at_acceptor.unlock();
    Finish(operation, Aborted(STATUS_CANCELLED), wakes);
    guard.unlock();
  } else {
    dropped = acceptor->Exchange(outcome.number);
    Connection& connection = *acceptor->connection_;
    acceptor->options_.ApplyTo(connection.fd);  // its own, until it takes over the listener's
    connection.state = wants_data ? State::kAccepted : State::kConnected;
    connection.bound = true;
    connection.since = ThisSecond();
    connection.needs_context = true;  // P34
    if (!wants_data) {
      at_acceptor.unlock();
      Finish(operation, outcome, wakes);
      guard.unlock();
    } else {
      // From one queue to the other without a moment between: whoever looks for it finds it (P31).
      operation->kind = OperationKind::kAcceptReceive;
      operation->accepted_before = nullptr;
      operation->accepted_after = accepted_;
      if (accepted_ != nullptr) accepted_->accepted_before = operation;
      accepted_ = operation;
      connection.in.PushBack(operation);
      guard.unlock();
      acceptor->Run(connection, connection.in, DirectionEvent::kEdge, at_acceptor, wakes);
      acceptor->Watch(at_acceptor, wakes);
      at_acceptor.unlock();
    }
  }
  if (dropped >= 0) SysClose(dropped);
  guard.lock();
}

// `acceptor` is being closed: the AcceptEx that it is queued for ends (P35).
void Socket::AbortAcceptOf(const Socket& acceptor) {
  Wakes wakes;
  const std::lock_guard guard(lock_);
  if (acceptor.accept_ == nullptr) return;  // it has completed
  AbortOne(connection_->in, acceptor.accept_, STATUS_CANCELLED, wakes);
}

// Those of this listener's operations that wait for first data, at their accepting sockets.
bool Socket::AbortAccepted(const OVERLAPPED* overlapped, Wakes& wakes, DWORD issuer) {
  if (connection_->state != State::kListening) return false;  // accepted_ is something else there
  bool any = false;
  for (Operation* operation = accepted_; operation != nullptr;
       operation = operation->accepted_after) {
    Socket& acceptor = *operation->acceptor;
    const std::lock_guard guard(acceptor.lock_);
    Connection& connection = *acceptor.connection_;
    if (connection.in.head != operation) continue;  // it has completed
    any |= acceptor.AbortQueued(connection, connection.in,
                                overlapped == nullptr ? operation->receipt.overlapped : overlapped,
                                STATUS_CANCELLED, wakes, issuer);
  }
  return any;
}

// --- plain -------------------------------------------------------------------------------------------

int Socket::PlainAccept(sockaddr* name, int* length, SOCKET* accepted) {
  const auto room =
      static_cast<int>(family_ == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
  if (name != nullptr && length != nullptr && *length < room) return WSAEFAULT;
  Operation* const operation = TakeOperation(OperationKind::kAccept);
  Outcome outcome;
  int error = RunPlain(operation, INFINITE, false, &outcome);
  if (error == 0) {
    auto* const socket = new Socket(outcome.number, family_, SOCK_STREAM, overlapped_);
    socket->connection_->state = State::kConnected;
    socket->connection_->since = ThisSecond();
    socket->connection_->bound = true;
    socket->InheritFrom(*this);
    socket->non_blocking_.store(non_blocking_.load());
    if (HandleTable::Insert(socket) == nullptr) {
      error = WSAEMFILE;
    } else {
      *accepted = reinterpret_cast<SOCKET>(socket->handle());
    }
  }
  const auto size = static_cast<int>(operation->address_length);
  if (error == 0 && name != nullptr && length != nullptr) {
    std::memcpy(name, &operation->address, static_cast<std::size_t>(size));
    *length = size;
  }
  FreeOperation(operation);
  return error;
}

// What the kernel does not pass on by itself; and, where the accepting socket had options of its
// own before, the listener's over them.
void Socket::InheritFrom(Socket& listener) {
  receive_timeout_.store(listener.receive_timeout_.load());
  send_timeout_.store(listener.send_timeout_.load());
  KeptOptions options;
  bool shared = false;
  bool exclusive = false;
  {
    const std::lock_guard guard(listener.lock_);
    options.Keep(listener.options_);
    shared = listener.connection_->shared;
    exclusive = listener.connection_->exclusive;
  }
  const std::lock_guard guard(lock_);
  if (!options_.empty()) options.ApplyTo(connection_->fd);
  options_.Keep(options);
  connection_->shared = shared;
  connection_->exclusive = exclusive;
}

}  // namespace iocp
