// What the files of winsock functions share: from a SOCKET to its object, from an error to a
// result.
#pragma once

#include "iocp/linux/socket.h"
#include "iocp/linux/win32_sockets.h"

namespace iocp {

// 0, or SOCKET_ERROR with the error set.
inline int WinsockResult(int error) {
  if (error == 0) return 0;
  WSASetLastError(error);
  return SOCKET_ERROR;
}

// TRUE, or FALSE with the error set.
inline BOOL WinsockBool(int error) {
  if (error == 0) return TRUE;
  WSASetLastError(error);
  return FALSE;
}

inline Ref<Socket> FindSocket(SOCKET s) {
  return HandleTable::Find<Socket>(reinterpret_cast<HANDLE>(s));
}

int KeepAlive(Socket& socket, const tcp_keepalive& values);  // SIO_KEEPALIVE_VALS

int NotASocket();  // WSAENOTSOCK, or WSANOTINITIALISED before WSAStartup

// Calls `function(socket)` with the object of a handle; the result is a winsock error.
template <typename Function>
int WithSocket(SOCKET s, Function function) {
  const Ref<Socket> socket = FindSocket(s);
  return socket ? function(*socket) : NotASocket();
}

}  // namespace iocp
