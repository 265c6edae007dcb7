// Socket options, where Windows' numbers, sizes or meanings differ from Linux'.
#include <algorithm>
#include <cstring>

#include "iocp/linux/api_socket.h"

using iocp::Socket;
using iocp::WinsockResult;
using iocp::WithSocket;

namespace {

// A BOOL or an int may be given in fewer bytes: a ServerCore passes a C++ bool.
int IntegerFrom(const char* value, int length) {
  unsigned number = 0;
  std::memcpy(&number, value, static_cast<std::size_t>(length));  // little-endian
  return static_cast<int>(number);
}

bool IsShortInteger(const char* value, int length) {
  return value != nullptr && length > 0 && length < static_cast<int>(sizeof(int));
}

int SetLinger(Socket& socket, const char* value, int length) {
  linger system{};
  if (length == static_cast<int>(sizeof(LINGER))) {
    LINGER given;
    std::memcpy(&given, value, sizeof given);
    system = {given.l_onoff, given.l_linger};
  } else if (length >= static_cast<int>(sizeof system)) {
    std::memcpy(&system, value, sizeof system);
  } else {
    return WSAEFAULT;
  }
  return socket.SetOption(SOL_SOCKET, SO_LINGER, &system, sizeof system);
}

int GetLinger(Socket& socket, char* value, int* length) {
  if (length == nullptr || *length < static_cast<int>(sizeof(LINGER))) return WSAEFAULT;
  linger system{};
  int size = sizeof system;
  const int error = socket.GetOption(SOL_SOCKET, SO_LINGER, &system, &size);
  if (error != 0) return error;
  if (*length >= size) {
    std::memcpy(value, &system, sizeof system);
    *length = size;
    return 0;
  }
  const LINGER given{static_cast<USHORT>(system.l_onoff), static_cast<USHORT>(system.l_linger)};
  std::memcpy(value, &given, sizeof given);
  *length = sizeof given;
  return 0;
}

int SetOption(Socket& socket, int level, int name, const char* value, int length) {
  const bool none = value == nullptr || length <= 0;
  if (none && !(level == SOL_SOCKET && name == SO_UPDATE_CONNECT_CONTEXT)) return WSAEFAULT;
  if (level == SOL_SOCKET && name == SO_LINGER) return SetLinger(socket, value, length);
  // Number 1 is TCP_NODELAY at its own level and SO_DEBUG at this one, on both systems. Linux lets
  // only an administrator debug; on Windows it has no effect.
  if (level == SOL_SOCKET && name == SO_DEBUG) return 0;
  if (IsShortInteger(value, length)) {
    const int number = IntegerFrom(value, length);
    return socket.SetOption(level, name, &number, sizeof number);
  }
  return socket.SetOption(level, name, value, length);
}

int GetOption(Socket& socket, int level, int name, char* value, int* length) {
  if (value == nullptr || length == nullptr) return WSAEFAULT;
  if (level == SOL_SOCKET && name == SO_LINGER) return GetLinger(socket, value, length);
  if (!IsShortInteger(value, *length)) return socket.GetOption(level, name, value, length);
  int number = 0;
  int size = sizeof number;
  const int error = socket.GetOption(level, name, &number, &size);
  if (error == 0) std::memcpy(value, &number, static_cast<std::size_t>(*length));
  return error;
}

}  // namespace

int setsockopt(SOCKET s, int level, int name, const char* value, int length) {
  return WinsockResult(
      WithSocket(s, [&](Socket& socket) { return SetOption(socket, level, name, value, length); }));
}

int getsockopt(SOCKET s, int level, int name, char* value, int* length) {
  return WinsockResult(
      WithSocket(s, [&](Socket& socket) { return GetOption(socket, level, name, value, length); }));
}

// --- ioctlsocket: the argument has 32 bits -----------------------------------------------------------

int ioctlsocket(SOCKET s, long command, ULONG* argument) {
  return WinsockResult(
      WithSocket(s, [&](Socket& socket) { return socket.Ioctl(command, argument); }));
}

int ioctlsocket(SOCKET s, long command, unsigned long* argument) {
  ULONG number = argument == nullptr ? 0 : static_cast<ULONG>(*argument);
  const int result = ioctlsocket(s, command, argument == nullptr ? nullptr : &number);
  if (result == 0) *argument = number;
  return result;
}

int iocp::KeepAlive(Socket& socket, const tcp_keepalive& values) {
  const auto seconds = [](ULONG milliseconds) {
    const ULONG most = 32'767;  // what Linux takes
    return static_cast<int>(std::clamp<std::uint64_t>((milliseconds + 999ull) / 1000, 1, most));
  };
  const int on = values.onoff != 0;
  int error = socket.SetOption(SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  if (error != 0 || on == 0) return error;
  const int idle = seconds(values.keepalivetime);
  const int interval = seconds(values.keepaliveinterval);
  error = socket.SetOption(IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  if (error == 0) error = socket.SetOption(IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  return error;
}
