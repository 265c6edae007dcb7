// ConnectEx and DisconnectEx.
#include <errno.h>

#include <algorithm>
#include <cstring>

#include "iocp/linux/errors.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/syscalls.h"
#include "iocp/linux/trace.h"

namespace iocp {

int Socket::Connect(const sockaddr* name, socklen_t length, void* data, DWORD data_length,
                    OVERLAPPED* overlapped, DWORD* bytes) {
  Operation* const operation = TakeOperation(OperationKind::kConnect);
  // A program may pass the size of its sockaddr_storage.
  operation->address_length = std::min<socklen_t>(length, sizeof operation->address);
  std::memcpy(&operation->address, name, operation->address_length);
  operation->buffers.Capture(data, data_length);
  return Issue(out_, operation, overlapped, bytes);
}

// Asking again is how to learn the result: EALREADY while it is under way, EISCONN or an error
// after.
Socket::Outcome Socket::AttemptConnect(Operation& operation) {
  const int result = SysConnect(fd_, reinterpret_cast<const sockaddr*>(&operation.address),
                                operation.address_length);
  if (result == 0 || errno == EISCONN) return {.kind = Outcome::Kind::kConnected};
  if (errno == EINPROGRESS || errno == EALREADY || errno == EAGAIN) {
    return {.kind = Outcome::Kind::kAgain};
  }
  const int error = errno;
  {
    // Refused is a packet, however fast the answer came (P36).
    const std::lock_guard guard(lock_);
    operation.immediate = nullptr;
  }
  return Failed(error);
}

bool Socket::GoOnConnected(Operation& operation) {
  state_ = State::kConnected;
  needs_context_ = true;
  in_.ready = true;
  if (operation.buffers.total() == 0) return false;
  operation.kind = OperationKind::kSend;  // the first data, counted in the one packet (P36)
  return true;
}

// Pending operations end as aborted. With `reuse` a fresh socket takes the connection's place under
// the same handle and descriptor; the old connection ends as by close.
int Socket::Disconnect(OVERLAPPED* overlapped, bool reuse) {
  Operation* const operation = TakeOperation(OperationKind::kDisconnect);
  Immediate result;
  operation->immediate = &result;
  {
    Wakes wakes;
    std::unique_lock guard(lock_);
    int error = closed_ ? WSAENOTSOCK : state_ == State::kConnected ? 0 : WSAENOTCONN;
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
    state_ = State::kDisconnected;
    AbortQueued(in_, nullptr, STATUS_CONNECTION_ABORTED, wakes);
    AbortQueued(out_, nullptr, STATUS_CONNECTION_ABORTED, wakes);
  }
  SysShutdown(fd_, SHUT_WR);
  int fresh = -1;
  if (reuse) {
    fresh = SysSocket(family_, SOCK_STREAM, 0);
    if (fresh >= 0) {
      SysDup3(fresh, fd_);
      SysClose(fresh);
    }
  }
  Wakes wakes;
  const std::lock_guard guard(lock_);
  if (fresh >= 0) {
    state_ = State::kFresh;
    poller_ = nullptr;  // the registration went with the old connection
    in_.ready = out_.ready = true;
    reset_ = hung_up_ = receive_shut_ = send_shut_ = needs_context_ = false;
    was_bound_ = true;
    bound_ = false;
  }
  if (overlapped == nullptr) {
    wakes.AddFinished(operation);
    return 0;
  }
  Finish(operation, {}, wakes);
  return result.error;
}

}  // namespace iocp
