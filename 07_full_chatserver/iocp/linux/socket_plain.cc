// The plain calls: bind, listen, blocking (or FIONBIO) accept, connect, send, recv, and options.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstring>

#include "iocp/linux/deadline.h"
#include "iocp/linux/errors.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/syscalls.h"
#include "iocp/linux/thread.h"

namespace iocp {

// --- blocking ----------------------------------------------------------------------------------------

// Every descriptor is non-blocking; a plain call that has to wait does so here. 0: try again.
int Socket::BlockUntilReady(short events, const Deadline& deadline) {
  {
    const std::lock_guard guard(lock_);
    if (closed_) return WSAEINTR;
    if (non_blocking_) return WSAEWOULDBLOCK;
    ++plain_waits_;
  }
  int ready = 0;
  {
    const PausedScope paused;  // P12
    ready = SysPoll(fd_, events, deadline.Milliseconds());
  }
  const std::lock_guard guard(lock_);
  --plain_waits_;
  if (closed_) return WSAEINTR;
  return ready == 0 && deadline.Passed() ? WSAETIMEDOUT : 0;
}

int Socket::CheckPlain(bool send) {
  const std::lock_guard guard(lock_);
  if (closed_) return WSAENOTSOCK;
  if (reset_) return WSAECONNRESET;
  if (send ? send_shut_ : receive_shut_) return WSAESHUTDOWN;
  return state_ == State::kConnected || state_ == State::kConnecting ? 0 : WSAENOTCONN;
}

int Socket::NotePlainError(int error_number) {
  const int error = WsaFromErrno(error_number);
  if (error == WSAECONNRESET) {
    const std::lock_guard guard(lock_);
    reset_ = true;  // it latches (P26)
  }
  return error;
}

// --- data --------------------------------------------------------------------------------------------

int Socket::PlainReceive(const WSABUF* buffers, DWORD count, int flags, DWORD* bytes) {
  if (const int error = CheckPlain(false)) return error;
  DWORD timeout = 0;
  {
    const std::lock_guard guard(lock_);
    if (extra_ != nullptr) timeout = extra_->receive_timeout;
  }
  const Deadline deadline(timeout == 0 ? INFINITE : timeout);
  BufferList list;
  list.Capture(buffers, count);
  if (list.total() == 0) {
    *bytes = 0;
    return 0;
  }
  for (;;) {
    const ssize_t got = SysRecv(fd_, list.parts(), list.part_count(), flags & MSG_PEEK);
    if (got >= 0) {
      *bytes = static_cast<DWORD>(got);
      return 0;
    }
    if (errno != EAGAIN) return NotePlainError(errno);
    if (const int error = BlockUntilReady(POLLIN, deadline)) return error;
  }
}

// A blocking send returns when everything was taken; a non-blocking one may be short.
int Socket::PlainSend(const WSABUF* buffers, DWORD count, DWORD* bytes) {
  if (const int error = CheckPlain(true)) return error;
  DWORD timeout = 0;
  {
    const std::lock_guard guard(lock_);
    if (extra_ != nullptr) timeout = extra_->send_timeout;
  }
  const Deadline deadline(timeout == 0 ? INFINITE : timeout);
  BufferList list;
  list.Capture(buffers, count);
  *bytes = 0;
  while (list.total() > 0) {
    const ssize_t sent = SysSend(fd_, list.parts(), list.part_count());
    if (sent >= 0) {
      *bytes += static_cast<DWORD>(sent);
      list.Advance(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno != EAGAIN) return NotePlainError(errno);
    const int error = BlockUntilReady(POLLOUT, deadline);
    if (error == WSAEWOULDBLOCK && *bytes > 0) return 0;
    if (error != 0) return error;
  }
  return 0;
}

// --- connections -------------------------------------------------------------------------------------

int Socket::Bind(const sockaddr* name, socklen_t length) {
  // Windows lets a server rebind its port while old connections are in TIME_WAIT; so does Linux
  // with this option (and it still refuses a port that somebody listens on).
  const int on = 1;
  SysSetSockOpt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (SysBind(fd_, name, length) != 0) return WsaFromErrno(errno);
  const std::lock_guard guard(lock_);
  bound_ = true;
  return 0;
}

int Socket::Listen(int backlog) {
  {
    const std::lock_guard guard(lock_);
    if (state_ == State::kConnected) return WSAEISCONN;
    if (!bound_) return WSAEINVAL;
  }
  if (SysListen(fd_, backlog) != 0) return WsaFromErrno(errno);
  const std::lock_guard guard(lock_);
  state_ = State::kListening;
  return 0;
}

int Socket::PlainAccept(sockaddr* name, int* length, SOCKET* accepted) {
  {
    const std::lock_guard guard(lock_);
    if (closed_) return WSAENOTSOCK;
    if (state_ != State::kListening) return WSAEINVAL;
  }
  const Deadline never(INFINITE);
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  int fd = -1;
  while ((fd = SysAccept(fd_, reinterpret_cast<sockaddr*>(&peer), &size)) < 0) {
    if (errno == ECONNABORTED || errno == EPROTO) continue;  // that one has gone; the next
    if (errno != EAGAIN) return WsaFromErrno(errno);
    if (const int error = BlockUntilReady(POLLIN, never)) return error;
  }
  auto* const socket = new Socket(fd, family_, overlapped_);
  socket->state_ = State::kConnected;
  socket->bound_ = true;
  if (HandleTable::Insert(socket) == nullptr) return WSAEMFILE;
  *accepted = reinterpret_cast<SOCKET>(socket->handle());
  if (name != nullptr && length != nullptr) {
    std::memcpy(name, &peer, std::min<std::size_t>(size, static_cast<std::size_t>(*length)));
    *length = static_cast<int>(size);
  }
  return 0;
}

int Socket::PlainConnect(const sockaddr* name, socklen_t length) {
  {
    const std::lock_guard guard(lock_);
    if (closed_) return WSAENOTSOCK;
    if (state_ == State::kConnected) return WSAEISCONN;
    if (state_ == State::kListening) return WSAEINVAL;
    state_ = State::kConnecting;
    bound_ = true;
  }
  const Deadline never(INFINITE);
  int error = 0;
  for (bool again = false;; again = true) {
    if (SysConnect(fd_, name, length) == 0) break;
    if (errno == EISCONN) {
      bool blocking = false;
      {
        const std::lock_guard guard(lock_);
        blocking = !non_blocking_;
      }
      if (!again && !blocking) error = WSAEISCONN;  // a repeated non-blocking connect asks for this
      break;
    }
    if (errno != EINPROGRESS && errno != EALREADY) {
      error = WsaFromErrno(errno);
      break;
    }
    const bool under_way = errno == EALREADY;
    error = BlockUntilReady(POLLOUT, never);
    if (error == WSAEWOULDBLOCK) return under_way ? WSAEALREADY : WSAEWOULDBLOCK;
    if (error != 0) break;
  }
  const std::lock_guard guard(lock_);
  state_ = error == 0 || error == WSAEISCONN ? State::kConnected : State::kFresh;
  return error;
}

int Socket::Shutdown(int how) {
  if (how != SD_RECEIVE && how != SD_SEND && how != SD_BOTH) return WSAEINVAL;
  bool send_fin = false;
  {
    const std::lock_guard guard(lock_);
    if (closed_) return WSAENOTSOCK;
    if (state_ != State::kConnected || needs_context_) return WSAENOTCONN;
    // Only a flag: a pending receive lives on and may still complete (P28).
    if (how != SD_SEND) receive_shut_ = true;
    if (how != SD_RECEIVE && !send_shut_) {
      send_shut_ = true;
      send_fin = out_.head == nullptr;
      fin_after_sends_ = !send_fin;  // what was sent before goes out before the FIN
    }
  }
  if (send_fin && SysShutdown(fd_, SHUT_WR) != 0 && errno != ENOTCONN) return WsaFromErrno(errno);
  return 0;
}

}  // namespace iocp
