// Names and options of a socket.
#include <errno.h>
#include <sys/ioctl.h>

#include <cstring>

#include "iocp/linux/errors.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/syscalls.h"

namespace iocp {

int Socket::Name(bool peer, sockaddr* name, int* length) {
  if (name == nullptr || length == nullptr) return WSAEFAULT;
  {
    const std::lock_guard guard(lock_);
    if (closed_) return WSAENOTSOCK;
    if (needs_context_) return WSAENOTCONN;  // P34
    if (peer && state_ != State::kConnected && state_ != State::kDisconnected) return WSAENOTCONN;
    if (!peer && !bound_ && state_ != State::kConnected) return WSAEINVAL;
  }
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* const out = reinterpret_cast<sockaddr*>(&address);
  const int result = peer ? SysGetPeerName(fd_, out, &size) : SysGetSockName(fd_, out, &size);
  if (result != 0) return WsaFromErrno(errno);
  if (*length < static_cast<int>(size)) return WSAEFAULT;
  std::memcpy(name, &address, size);
  *length = static_cast<int>(size);
  return 0;
}

int Socket::SetOption(int level, int name, const void* value, int length) {
  if (value == nullptr && name != SO_UPDATE_CONNECT_CONTEXT) return WSAEFAULT;
  if (level == SOL_SOCKET && name == SO_UPDATE_ACCEPT_CONTEXT) {
    SOCKET listener = 0;
    if (length != static_cast<int>(sizeof listener)) return WSAEFAULT;
    std::memcpy(&listener, value, sizeof listener);
    if (!HandleTable::Find<Socket>(reinterpret_cast<HANDLE>(listener))) return WSAENOTSOCK;
    const std::lock_guard guard(lock_);
    if (state_ != State::kConnected) return WSAENOTCONN;
    needs_context_ = false;
    return 0;
  }
  if (level == SOL_SOCKET && name == SO_UPDATE_CONNECT_CONTEXT) {
    const std::lock_guard guard(lock_);
    if (state_ != State::kConnected) return WSAENOTCONN;
    needs_context_ = false;
    return 0;
  }
  if (level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO)) {
    if (length < static_cast<int>(sizeof(DWORD))) return WSAEFAULT;
    const std::lock_guard guard(lock_);
    Extra& extra = GetExtra();
    std::memcpy(name == SO_RCVTIMEO ? &extra.receive_timeout : &extra.send_timeout, value,
                sizeof(DWORD));
    return 0;
  }
  if (level == SOL_SOCKET && name == SO_EXCLUSIVEADDRUSE) return 0;  // what Linux does anyway
  const int result = SysSetSockOpt(fd_, level, name, value, static_cast<socklen_t>(length));
  return result == 0 ? 0 : WsaFromErrno(errno);
}

int Socket::GetOption(int level, int name, void* value, int* length) {
  if (value == nullptr || length == nullptr) return WSAEFAULT;
  if (level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO)) {
    if (*length < static_cast<int>(sizeof(DWORD))) return WSAEFAULT;
    const std::lock_guard guard(lock_);
    const Extra none;
    const Extra& extra = extra_ != nullptr ? *extra_ : none;
    std::memcpy(value, name == SO_RCVTIMEO ? &extra.receive_timeout : &extra.send_timeout,
                sizeof(DWORD));
    *length = sizeof(DWORD);
    return 0;
  }
  auto size = static_cast<socklen_t>(*length);
  if (SysGetSockOpt(fd_, level, name, value, &size) != 0) return WsaFromErrno(errno);
  *length = static_cast<int>(size);
  if (level == SOL_SOCKET && name == SO_ERROR && size == sizeof(int)) {
    int error = 0;
    std::memcpy(&error, value, sizeof error);
    if (error != 0) error = WsaFromErrno(error);
    std::memcpy(value, &error, sizeof error);
  }
  return 0;
}

int Socket::Ioctl(long command, unsigned long* argument) {
  if (argument == nullptr) return WSAEFAULT;
  if (command == FIONBIO) {
    const std::lock_guard guard(lock_);
    non_blocking_ = *argument != 0;
    return 0;
  }
  if (command == FIONREAD) {
    int count = 0;
    if (SysIoctl(fd_, FIONREAD, &count) != 0) return WsaFromErrno(errno);
    *argument = static_cast<unsigned long>(count);
    return 0;
  }
  return WSAEOPNOTSUPP;
}

}  // namespace iocp
