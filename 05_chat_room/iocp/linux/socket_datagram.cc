// UDP. The engine is TCP's; what differs: a socket sends and receives as soon as it is bound, each
// datagram is whole or cut, and no error is the end of anything.
#include <errno.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "iocp/linux/errors.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/syscalls.h"

namespace iocp {

int Socket::ConnectDatagram(const sockaddr* name, socklen_t length) {
  const std::lock_guard guard(lock_);
  if (closed_) return WSAENOTSOCK;
  if (SysConnect(connection_->fd, name, length) != 0) return WsaFromErrno(errno);
  connection_->state = State::kConnected;
  connection_->bound = true;
  connection_->since = ThisSecond();
  return 0;
}

int Socket::CheckDatagram(const Operation& operation) const {
  const Connection& connection = *connection_;
  const bool connected = connection.state == State::kConnected;
  const bool send = operation.kind == OperationKind::kSendTo;
  const Direction& direction = send ? connection.out : connection.in;
  if (direction.state.end != End::kOpen) return WSAESHUTDOWN;
  if (send) {
    if (operation.address_length == 0 && !connected) return WSAENOTCONN;
    connection_->bound = true;  // sending binds
    return 0;
  }
  return connection.bound ? 0 : WSAEINVAL;
}

namespace {

// What one system call is given for a datagram: the program's buffers, or one piece instead when
// they are more than a call takes.
class Datagram {
 public:
  explicit Datagram(const BufferList& buffers) : buffers_(buffers) {
    if (buffers.in_one_call()) return;
    // One byte more than any datagram has: to send it is too long, and the system says so.
    piece_.resize(std::min<std::size_t>(buffers.total(), 65'536));
    part_ = {piece_.data(), piece_.size()};
  }
  Datagram(const Datagram&) = delete;
  Datagram& operator=(const Datagram&) = delete;

  const iovec* parts() const { return piece_.empty() ? buffers_.parts() : &part_; }
  std::size_t count() const { return piece_.empty() ? buffers_.part_count() : 1; }
  void BeforeSend() { buffers_.Gather(piece_.data(), piece_.size()); }
  void AfterReceive(std::size_t bytes) {
    if (!piece_.empty()) buffers_.Scatter(piece_.data(), bytes);
  }

 private:
  const BufferList& buffers_;
  std::vector<char> piece_;
  iovec part_{};
};

}  // namespace

// The caller holds the connection, not the lock.
Socket::Outcome Socket::AttemptReceiveFrom(int fd, Operation& operation) {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  bool truncated = false;
  Datagram datagram(operation.buffers);
  ssize_t got = 0;
  do {
    got = SysReceiveFrom(fd, datagram.parts(), datagram.count(), operation.flags,
                         reinterpret_cast<sockaddr*>(&from), &size, &truncated);
    // An earlier datagram found nobody at its port. The socket goes on.
  } while (got < 0 && errno == ECONNREFUSED && !tells_unreachable_.load());
  if (got < 0 && errno == EAGAIN) return {.kind = Outcome::Kind::kAgain};
  if (got < 0 && errno == ECONNREFUSED) return Failed(ECONNRESET);
  if (got < 0) return Failed(errno);
  operation.moved = static_cast<std::size_t>(got);
  datagram.AfterReceive(operation.moved);
  if (operation.output != nullptr && operation.from_length != nullptr) {
    const int room = std::max(*operation.from_length, 0);
    std::memcpy(operation.output, &from,
                std::min<std::size_t>(static_cast<std::size_t>(room), size));
    *operation.from_length = static_cast<int>(size);
  }
  if (!truncated) return {};
  return {.kind = Outcome::Kind::kFailed, .number = EMSGSIZE, .status = STATUS_BUFFER_OVERFLOW};
}

Socket::Outcome Socket::AttemptSendTo(int fd, Operation& operation) {
  Datagram datagram(operation.buffers);
  datagram.BeforeSend();
  const auto* const to = operation.address_length == 0
                             ? nullptr
                             : reinterpret_cast<const sockaddr*>(&operation.address);
  for (int again = 0;; ++again) {
    const ssize_t sent = SysSendTo(fd, datagram.parts(), datagram.count(), operation.flags, to,
                                   operation.address_length);
    if (sent >= 0) {
      operation.moved = static_cast<std::size_t>(sent);
      return {};
    }
    if (errno == EAGAIN) return {.kind = Outcome::Kind::kAgain};
    // That an earlier datagram found nobody is told once, by whichever call comes next; Windows
    // tells receives only.
    if (errno != ECONNREFUSED || again > 0) return Failed(errno);
  }
}

}  // namespace iocp
