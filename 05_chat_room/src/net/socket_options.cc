#include "net/socket_options.h"

namespace net {

int SetSocketOptions(SOCKET socket, const SocketOptions& options) {
  const int no_delay = options.nagle ? 0 : 1;
  if (setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&no_delay),
                 sizeof(no_delay)) != 0) {
    return WSAGetLastError();
  }
  if (options.send_buffer == 0) return 0;
  const int size = static_cast<int>(options.send_buffer);
  if (setsockopt(socket, SOL_SOCKET, SO_SNDBUF, reinterpret_cast<const char*>(&size),
                 sizeof(size)) != 0) {
    return WSAGetLastError();
  }
  return 0;
}

SocketOptions GetSocketOptions(SOCKET socket) {
  SocketOptions options;
  int no_delay = 0;
  int length = sizeof(no_delay);
  if (getsockopt(socket, IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<char*>(&no_delay), &length) ==
      0) {
    options.nagle = no_delay == 0;
  }
  int size = 0;
  length = sizeof(size);
  if (getsockopt(socket, SOL_SOCKET, SO_SNDBUF, reinterpret_cast<char*>(&size), &length) == 0) {
    options.send_buffer = static_cast<std::uint32_t>(size);
  }
  return options;
}

}  // namespace net
