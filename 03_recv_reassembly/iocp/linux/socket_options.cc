// Addresses and options of a socket.
#include <errno.h>
#include <linux/filter.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

#include "iocp/linux/background.h"
#include "iocp/linux/errors.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/syscalls.h"

namespace iocp {

namespace {

// Of several sockets that listen at one address, the first gets the connections until it closes,
// then another (P142). Linux alone would spread them; where a kernel refuses the filter, it does.
void FirstTakesAll(int fd) {
  sock_filter first = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{1, &first};
  SysSetSockOpt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
}

// Held while a socket has Linux' SO_REUSEADDR and does not listen yet: another one that has it
// could bind the same port. One thread at a time in all processes: the lock is a name that one
// socket can have, and that the system frees, whatever becomes of the process. Where it cannot be
// had (no descriptor left, somebody keeps it), the port is still not listened at by two.
class AddressLock {
 public:
  AddressLock() : fd_(SysSocket(AF_UNIX, SOCK_DGRAM, 0)) {
    constexpr char kName[] = "\0iocp.address";
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, kName, sizeof kName);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + sizeof kName);
    constexpr int kTries = 200;  // a millisecond each
    for (int i = 0; fd_ >= 0 && i < kTries; ++i) {
      if (SysBind(fd_, reinterpret_cast<const sockaddr*>(&name), length) == 0) break;
      if (errno != EADDRINUSE) break;
      SysPollMany(nullptr, 0, 1);
    }
  }
  ~AddressLock() {
    if (fd_ >= 0) SysClose(fd_);
  }
  AddressLock(const AddressLock&) = delete;
  AddressLock& operator=(const AddressLock&) = delete;

 private:
  const int fd_;
};

}  // namespace

// Everything here is done under the lock: none of these system calls blocks, and AddressLock keeps
// waiting only the one socket that wants to bind or to listen.

int Socket::Bind(const sockaddr* name, socklen_t length) {
  const std::lock_guard guard(lock_);
  if (closed_) return WSAENOTSOCK;
  const socklen_t least = family_ == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  if (length >= static_cast<socklen_t>(sizeof name->sa_family) && name->sa_family != family_) {
    return WSAEAFNOSUPPORT;
  }
  if (length < least) return WSAEFAULT;
  Connection& connection = *connection_;
  if (connection.state != State::kFresh || connection.bound) return WSAEINVAL;
  if (const int error = EnsureDescriptor()) return error;
  if (SysBind(connection.fd, name, length) != 0) {
    if (errno != EADDRINUSE) return WsaFromErrno(errno);
    int result = -1;
    if (type_ == SOCK_STREAM) {
      // Windows lets a server bind its port again while old connections are in TIME_WAIT. So does
      // Linux with this option; it must not stay, or a second socket could bind the port, too.
      const AddressLock turn;
      connection.ShareAddress(true);
      result = SysBind(connection.fd, name, length);
      const int error = errno;
      connection.ShareAddress(false);
      if (result != 0 && error != EADDRINUSE) return WsaFromErrno(error);
    }
    if (result != 0) return connection.shared ? WSAEACCES : WSAEADDRINUSE;  // P142
  }
  connection.bound = true;
  return 0;
}

int Socket::Listen(int backlog) {
  // It tries again when an accept found no descriptor, and cannot be started any more then.
  if (Background::SocketPoller() == nullptr) return WSAEMFILE;
  const std::lock_guard guard(lock_);
  if (closed_) return WSAENOTSOCK;
  Connection& connection = *connection_;
  if (type_ == SOCK_DGRAM) return WSAEOPNOTSUPP;
  if (connection.state == State::kConnected) return WSAEISCONN;
  if (connection.state == State::kListening) return 0;
  if (!connection.bound || connection.state != State::kFresh) return WSAEINVAL;
  // What it accepts inherits this, so that its TIME_WAIT does not keep the port (Bind).
  const AddressLock turn;
  connection.ShareAddress(true);
  if (SysListen(connection.fd, backlog) != 0) return WsaFromErrno(errno);
  if (connection.shared) FirstTakesAll(connection.fd);
  connection.state = State::kListening;
  return 0;
}

int Socket::Name(bool peer, sockaddr* name, int* length) {
  const std::lock_guard guard(lock_);
  if (closed_) return WSAENOTSOCK;
  const Connection& connection = *connection_;
  if (connection.needs_context) return WSAENOTCONN;  // P34
  const State state = connection.state;
  const bool connecting = state == State::kConnecting && connection.ConnectsPlainly();
  const bool has_peer = state == State::kConnected || connecting;
  if (peer && !has_peer) return WSAENOTCONN;
  if (!peer && !connection.bound && !has_peer) return WSAEINVAL;
  if (name == nullptr || length == nullptr) return WSAEFAULT;
  sockaddr_storage address{};
  socklen_t size = family_ == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  auto* const out = reinterpret_cast<sockaddr*>(&address);
  // SO_PEERNAME knows the peer while it connects and after both sides have sent FIN, too.
  const int result = peer ? SysGetSockOpt(connection.fd, SOL_SOCKET, SO_PEERNAME, out, &size)
                          : SysGetSockName(connection.fd, out, &size);
  if (result != 0) return WsaFromErrno(errno);
  if (*length < static_cast<int>(size)) return WSAEFAULT;
  std::memcpy(name, &address, size);
  *length = static_cast<int>(size);
  return 0;
}

int Socket::SetOption(int level, int name, const void* value, int length) {
  const bool accepted = level == SOL_SOCKET && name == SO_UPDATE_ACCEPT_CONTEXT;
  if (accepted || (level == SOL_SOCKET && name == SO_UPDATE_CONNECT_CONTEXT)) {
    Ref<Socket> listener;
    if (accepted) {
      HANDLE handle = nullptr;
      if (value == nullptr || length != static_cast<int>(sizeof handle)) return WSAEFAULT;
      std::memcpy(&handle, value, sizeof handle);
      listener = HandleTable::Find<Socket>(handle);
      if (!listener) return WSAENOTSOCK;
    }
    {
      const std::lock_guard guard(lock_);
      if (connection_->state != State::kConnected) return WSAENOTCONN;
      connection_->needs_context = false;
    }
    if (listener) InheritFrom(*listener);
    return 0;
  }
  if (value == nullptr) return WSAEFAULT;
  if (level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO)) {
    if (length < static_cast<int>(sizeof(DWORD))) return WSAEFAULT;
    DWORD milliseconds = 0;
    std::memcpy(&milliseconds, value, sizeof milliseconds);
    (name == SO_RCVTIMEO ? receive_timeout_ : send_timeout_).store(milliseconds);
    return 0;
  }
  const std::lock_guard guard(lock_);
  if (const int error = EnsureDescriptor()) return error;
  int number = 0;
  std::memcpy(&number, value, std::min(sizeof number, static_cast<std::size_t>(length)));
  if (level == SOL_SOCKET && (name == SO_REUSEADDR || name == SO_EXCLUSIVEADDRUSE)) {
    return SetAddressUse(name, number != 0);
  }
  const int result =
      SysSetSockOpt(connection_->fd, level, name, value, static_cast<socklen_t>(length));
  if (result != 0) return WsaFromErrno(errno);
  options_.Keep(level, name, value, static_cast<std::size_t>(length));
  return 0;
}

// The two exclude each other. Exclusive is what every socket is that does not share.
int Socket::SetAddressUse(int name, bool on) {
  Connection& connection = *connection_;
  if (name == SO_REUSEADDR) {
    if (on && connection.exclusive) return WSAEINVAL;
    connection.SetShared(type_, on);
    return 0;
  }
  if (connection.bound || (on && connection.shared)) return WSAEINVAL;
  connection.exclusive = on;
  return 0;
}

int Socket::GetOption(int level, int name, void* value, int* length) {
  if (value == nullptr || length == nullptr) return WSAEFAULT;
  const auto give = [&](DWORD number) {
    if (*length < static_cast<int>(sizeof number)) return WSAEFAULT;
    std::memcpy(value, &number, sizeof number);
    *length = sizeof number;
    return 0;
  };
  if (level == SOL_SOCKET && name == SO_RCVTIMEO) return give(receive_timeout_.load());
  if (level == SOL_SOCKET && name == SO_SNDTIMEO) return give(send_timeout_.load());
  Wakes wakes;
  Guard guard(lock_);
  if (closed_) return WSAENOTSOCK;
  Connection& connection = *connection_;
  if (level == SOL_SOCKET && name == SO_CONNECT_TIME) {
    const State state = connection.state;
    const bool connected =
        type_ == SOCK_STREAM && (state == State::kConnected || state == State::kAccepted);
    return give(connected ? ThisSecond() - connection.since : 0xFFFFFFFF);
  }
  if (const int error = EnsureDescriptor()) return error;
  auto size = static_cast<socklen_t>(*length);
  if (SysGetSockOpt(connection.fd, level, name, value, &size) != 0) return WsaFromErrno(errno);
  *length = static_cast<int>(size);
  if (level != SOL_SOCKET || size != sizeof(int)) return 0;
  int number = 0;
  std::memcpy(&number, value, sizeof number);
  if (name == SO_ERROR) {
    if (connection.state == State::kFresh && connection.error != 0) number = connection.error;
    const int error = number;
    if (error != 0) number = WsaFromErrno(error);
    // The kernel tells it once.
    const bool ended = connection.state == State::kConnected && type_ == SOCK_STREAM;
    if (error != 0 && ended) Break(connection, error, guard, wakes);
  } else if (name == SO_SNDBUF || name == SO_RCVBUF) {
    // Windows reports what was set; Linux doubles it, for its own overhead.
    number = options_.Find(level, name).value_or(number / 2);
  } else if (name == SO_REUSEADDR) {
    number = connection.shared ? 1 : 0;
  }
  std::memcpy(value, &number, sizeof number);
  return 0;
}

int Socket::Ioctl(long command, ULONG* argument) {
  if (argument == nullptr) return WSAEFAULT;
  if (command == FIONBIO) {
    non_blocking_.store(*argument != 0);
    return 0;
  }
  if (command == FIONREAD) {
    int count = 0;
    const std::lock_guard guard(lock_);
    if (const int error = EnsureDescriptor()) return error;
    if (SysIoctl(connection_->fd, FIONREAD, &count) != 0) return WsaFromErrno(errno);
    *argument = static_cast<ULONG>(count);
    return 0;
  }
  return WSAEOPNOTSUPP;
}

}  // namespace iocp
