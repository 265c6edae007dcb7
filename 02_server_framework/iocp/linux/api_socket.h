// What the files of winsock functions share: from a SOCKET to its object, from an error to a
// result.
#pragma once

#include "iocp/linux/socket.h"
#include "iocp/linux/win32_sockets.h"

namespace iocp {

// 0, or SOCKET_ERROR with the error set. (Success clears it: winsock's functions do.)
inline int WinsockResult(int error) {
  WSASetLastError(error);
  return error == 0 ? 0 : SOCKET_ERROR;
}

// TRUE, or FALSE with the error set.
inline BOOL WinsockBool(int error) {
  WSASetLastError(error);
  return error == 0 ? TRUE : FALSE;
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
