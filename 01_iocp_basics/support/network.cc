#include "support/network.h"

namespace apps {
namespace {

sockaddr_in Loopback(unsigned short port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

DWORD LastSocketError() {
  return static_cast<DWORD>(WSAGetLastError());
}

}  // namespace

Winsock::Winsock() {
  WSADATA data;
  const int error = WSAStartup(MAKEWORD(2, 2), &data);
  if (error != 0) {
    throw StartError("WSAStartup failed: " + ErrorText(static_cast<DWORD>(error)));
  }
}

Winsock::~Winsock() {
  WSACleanup();
}

UniqueSocket OverlappedSocket() {
  UniqueSocket result(
      WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED));
  if (result.Get() == INVALID_SOCKET) {
    throw StartError("cannot make a socket: " + ErrorText(LastSocketError()));
  }
  return result;
}

UniqueSocket ListenOnLoopback(unsigned short port) {
  UniqueSocket listener = OverlappedSocket();
  const sockaddr_in address = Loopback(port);
  if (bind(listener.Get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener.Get(), SOMAXCONN) != 0) {
    const DWORD error = LastSocketError();
    throw StartError(error == WSAEADDRINUSE ? "port " + std::to_string(port) + " is in use"
                                            : "cannot listen on 127.0.0.1:" + std::to_string(port) +
                                                  ": " + ErrorText(error));
  }
  return listener;
}

UniqueSocket ConnectToLoopback(unsigned short port) {
  UniqueSocket result = OverlappedSocket();
  const sockaddr_in address = Loopback(port);
  if (connect(result.Get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw StartError("cannot connect to 127.0.0.1:" + std::to_string(port) + ": " +
                     ErrorText(LastSocketError()));
  }
  return result;
}

unsigned short PortOf(SOCKET socket) {
  sockaddr_in address{};
  int size = sizeof address;
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

void SendAtOnce(SOCKET socket) {
  const int yes = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&yes), sizeof yes);
}

std::string ErrorText(DWORD error) {
  struct Name {
    DWORD error;
    const char* name;
  };
  static constexpr Name kNames[] = {
      {ERROR_INVALID_HANDLE, "ERROR_INVALID_HANDLE"},
      {ERROR_HANDLE_EOF, "ERROR_HANDLE_EOF"},
      {ERROR_NETNAME_DELETED, "ERROR_NETNAME_DELETED"},
      {ERROR_INVALID_PARAMETER, "ERROR_INVALID_PARAMETER"},
      {WAIT_TIMEOUT, "WAIT_TIMEOUT"},
      {ERROR_ABANDONED_WAIT_0, "ERROR_ABANDONED_WAIT_0"},
      {ERROR_OPERATION_ABORTED, "ERROR_OPERATION_ABORTED"},
      {ERROR_IO_PENDING, "ERROR_IO_PENDING"},
      {ERROR_CONNECTION_REFUSED, "ERROR_CONNECTION_REFUSED"},
      {ERROR_CONNECTION_ABORTED, "ERROR_CONNECTION_ABORTED"},
      {WSAEACCES, "WSAEACCES"},
      {WSAEINVAL, "WSAEINVAL"},
      {WSAEMFILE, "WSAEMFILE"},
      {WSAEWOULDBLOCK, "WSAEWOULDBLOCK"},
      {WSAENOTSOCK, "WSAENOTSOCK"},
      {WSAEADDRINUSE, "WSAEADDRINUSE"},
      {WSAECONNABORTED, "WSAECONNABORTED"},
      {WSAECONNRESET, "WSAECONNRESET"},
      {WSAESHUTDOWN, "WSAESHUTDOWN"},
      {WSAECONNREFUSED, "WSAECONNREFUSED"},
  };
  for (const Name& entry : kNames) {
    if (entry.error == error) {
      return std::to_string(error) + " (" + entry.name + ")";
    }
  }
  return std::to_string(error);
}

}  // namespace apps
