// ConnectEx, connect, and DisconnectEx.
#include <errno.h>

#include <algorithm>
#include <cstring>

#include "iocp/linux/errors.h"
#include "iocp/linux/file.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/syscalls.h"

namespace iocp {
namespace {

Operation* TakeConnect(const sockaddr* name, socklen_t length) {
  Operation* const operation = TakeOperation(OperationKind::kConnect);
  // A program may pass the size of its sockaddr_storage.
  operation->address_length = std::min<socklen_t>(length, sizeof operation->address);
  std::memcpy(&operation->address, name, operation->address_length);
  operation->file_to_send = nullptr;
  return operation;
}

}  // namespace

int Socket::Connect(const sockaddr* name, socklen_t length, void* data, DWORD data_length,
                    OVERLAPPED* overlapped, DWORD* bytes) {
  Operation* const operation = TakeConnect(name, length);
  if (data_length > 0) {
    auto* const first = static_cast<const char*>(data);
    operation->file_to_send = new FileToSend;
    operation->file_to_send->first_data.assign(first, first + data_length);
    operation->buffers.Capture(operation->file_to_send->first_data.data(), data_length);
  }
  return Issue(operation, overlapped, bytes);
}

// With FIONBIO the connect goes on in the background, and its end is never this call's result.
int Socket::PlainConnect(const sockaddr* name, socklen_t length) {
  if (type_ == SOCK_DGRAM) return ConnectDatagram(name, length);
  Operation* const operation = TakeConnect(name, length);
  if (non_blocking_.load()) {
    const int error = Issue(operation, nullptr, nullptr);
    const bool later = error == WSA_IO_PENDING || error == 0 || error == WSAECONNREFUSED;
    return later ? WSAEWOULDBLOCK : error;
  }
  Outcome outcome;
  // FIONBIO that comes meanwhile is for the calls after this one: nobody would go on with it.
  const int error = RunPlain(operation, INFINITE, true, &outcome);
  FreeOperation(operation);
  return error;
}

// Asking again is how to learn the result: EALREADY while it is under way, EISCONN or an error
// after.
Socket::Outcome Socket::AttemptConnect(int fd, Operation& operation) {
  const int result = SysConnect(fd, reinterpret_cast<const sockaddr*>(&operation.address),
                                operation.address_length);
  if (result == 0 || errno == EISCONN) return {};
  if (errno == EINPROGRESS || errno == EALREADY || errno == EAGAIN) {
    return {.kind = Outcome::Kind::kAgain};
  }
  return Failed(errno);
}

// The FIN goes out behind what was sent. With `reuse` everything pending ends as aborted, and the
// socket has a fresh connection afterwards; the old one ends as by close, as soon as no thread is
// in a call on it. The packet always follows; without an overlapped the call is done when it
// returns.
int Socket::Disconnect(OVERLAPPED* overlapped, bool reuse) {
  Operation* const operation = TakeOperation(OperationKind::kDisconnect);
  Wakes wakes;
  Guard guard(lock_);
  Connection& connection = *connection_;
  const bool connected = connection.state == State::kConnected;
  const int refused = closed_ ? WSAENOTSOCK : connected ? 0 : WSAENOTCONN;
  if (const int error = Begin(operation, overlapped, refused, guard)) return error;
  ++connection.holders;
  bool cut = false;
  if (reuse) {
    connection.state = State::kDisconnected;
    cut = ResetIfCut(connection);
    Abort(nullptr, STATUS_CONNECTION_ABORTED, wakes);
    Exchange(-1);  // we hold the old one
    connection_->reused = true;
  }
  if (!cut) Run(connection, connection.out, DirectionEvent::kFinish, guard, wakes);
  if (reuse && connection.waits > 0) {
    guard.unlock();
    SysShutdown(connection.fd, SHUT_RDWR);  // wakes the plain calls
    guard.lock();
  }
  Drop(connection, guard);
  Finish(operation, {}, wakes);
  return overlapped == nullptr ? 0 : WSA_IO_PENDING;
}

}  // namespace iocp
