// AcceptEx. The operation waits at the listener; with a receive length it then moves on to the
// accepting socket and waits there for the first data. Its packet always goes to the listener's
// port (P32).
#include <errno.h>

#include <cstring>
#include <utility>

#include "iocp/linux/background.h"
#include "iocp/linux/errors.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/syscalls.h"

namespace iocp {

int Socket::Accept(const Ref<Socket>& acceptor, char* output, DWORD receive_length,
                   DWORD local_length, DWORD remote_length, OVERLAPPED* overlapped, DWORD* bytes) {
  {
    const std::lock_guard guard(lock_);
    if (state_ != State::kListening) return WSAEINVAL;
  }
  if (!acceptor->BeginAccept(handle())) return WSAEINVAL;
  Operation* const operation = TakeOperation(OperationKind::kAccept);
  operation->other = acceptor;
  operation->output = output;
  operation->receive_length = receive_length;
  operation->local_length = local_length;
  operation->remote_length = remote_length;
  operation->buffers.Capture(output, receive_length);
  const int error = Issue(in_, operation, overlapped, bytes);
  if (error != 0 && error != WSA_IO_PENDING) acceptor->EndAccept(false);
  return error;
}

// --- at the accepting socket -------------------------------------------------------------------------

bool Socket::BeginAccept(HANDLE listener) {
  const std::lock_guard guard(lock_);
  if (closed_ || state_ != State::kFresh || bound_) return false;
  state_ = State::kAccepting;
  GetExtra().listener = listener;
  return true;
}

// Not accepted: the socket is as new.
void Socket::EndAccept(bool accepted) {
  const std::lock_guard guard(lock_);
  if (state_ != State::kAccepting) return;
  extra_->listener = nullptr;
  state_ = accepted ? State::kConnected : State::kFresh;
}

// The accepted connection takes the place of the fresh socket, under the same descriptor number, so
// that no other call ever sees the number change.
bool Socket::ReplaceDescriptor(int fd) {
  const bool replaced = SysDup3(fd, fd_) >= 0;
  SysClose(fd);
  if (!replaced) return false;
  const std::lock_guard guard(lock_);
  needs_context_ = true;
  in_.ready = true;
  out_.ready = true;
  return !closed_;
}

void Socket::WaitForFirstData(Operation* operation) {
  const Ref<Socket> listener = operation->other;  // the record may be gone at any moment
  bool must_register = false;
  {
    Wakes wakes;
    std::unique_lock guard(lock_);
    in_.PushBack(operation);
    if (closed_) {
      AbortQueued(in_, nullptr, STATUS_CANCELLED, wakes);
    } else {
      Perform(in_, guard, wakes);
    }
    must_register = poller_ == nullptr && !closed_ && in_.head != nullptr;
  }
  if (must_register) Register();
  // A listener that was closed while the operation was on its way here did not find it.
  if (listener->IsClosed()) {
    Wakes wakes;
    const std::lock_guard guard(lock_);
    if (state_ == State::kAccepting) AbortQueued(in_, nullptr, STATUS_CANCELLED, wakes);
  }
}

// --- at the listener ---------------------------------------------------------------------------------

namespace {

// GetAcceptExSockaddrs finds the addresses again by the lengths alone.
void StoreAddress(char* where, DWORD room, const sockaddr_storage& address, socklen_t length) {
  std::memset(where, 0, room);
  if (length <= room) std::memcpy(where, &address, length);
}

}  // namespace

Socket::Outcome Socket::AttemptAccept(Operation& operation) {
  sockaddr_storage remote{};
  socklen_t remote_size = sizeof remote;
  const int fd = SysAccept(fd_, reinterpret_cast<sockaddr*>(&remote), &remote_size);
  if (fd < 0) {
    switch (errno) {
      case EAGAIN:
        return {.kind = Outcome::Kind::kAgain};
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        // The connection stays in the backlog and the operation stays pending. No edge will tell
        // when there are descriptors again: the background thread tries again, a tick later each
        // time.
        Background::RetryAccept(handle());
        return {.kind = Outcome::Kind::kAgain, .starved = true};
      case ECONNABORTED:
      case EPROTO:
      case EPERM:
        return AttemptAccept(operation);  // that connection has gone; the next one
      default:
        return Failed(errno);
    }
  }
  Socket& acceptor = *operation.other;
  if (!acceptor.ReplaceDescriptor(fd)) {
    return {.kind = Outcome::Kind::kFailed, .error = WSAENOTSOCK, .status = STATUS_CANCELLED};
  }
  sockaddr_storage local{};
  socklen_t local_size = sizeof local;
  SysGetSockName(acceptor.fd_, reinterpret_cast<sockaddr*>(&local), &local_size);
  char* const addresses = operation.output + operation.receive_length;
  StoreAddress(addresses, operation.local_length, local, local_size);
  StoreAddress(addresses + operation.local_length, operation.remote_length, remote, remote_size);
  if (operation.receive_length > 0) return {.kind = Outcome::Kind::kAccepted};
  return {};
}

// Accepted; the operation goes on at the accepting socket, under that socket's lock.
void Socket::MoveToAcceptor(Operation* operation, std::unique_lock<Lock>& guard) {
  const Ref<Socket> acceptor = std::move(operation->other);
  operation->kind = OperationKind::kAcceptReceive;
  operation->acceptor = acceptor->handle();
  operation->other = Ref<Socket>::Share(this);
  GetExtra().acceptors.push_back(operation->acceptor);
  guard.unlock();
  acceptor->WaitForFirstData(operation);
  guard.lock();
}

// `acceptor` is being closed: its pending accept ends (P35).
void Socket::AbortAcceptsOf(const Socket* acceptor) {
  Wakes wakes;
  const std::lock_guard guard(lock_);
  for (Operation* operation = in_.head; operation != nullptr; operation = operation->next) {
    if (operation->kind != OperationKind::kAccept || operation->other.get() != acceptor) continue;
    AbortQueued(in_, operation->receipt.overlapped, STATUS_CANCELLED, wakes);
    return;
  }
}

void Socket::AbortAcceptors(const std::vector<HANDLE>& acceptors, const OVERLAPPED* overlapped,
                            bool* any) {
  for (const HANDLE handle : acceptors) {
    const auto acceptor = HandleTable::Find<Socket>(handle);
    if (!acceptor) continue;
    Wakes wakes;
    const std::lock_guard guard(acceptor->lock_);
    if (acceptor->state_ != State::kAccepting) continue;
    if (acceptor->AbortQueued(acceptor->in_, overlapped, STATUS_CANCELLED, wakes)) *any = true;
  }
}

}  // namespace iocp
