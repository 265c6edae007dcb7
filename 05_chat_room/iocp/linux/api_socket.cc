// The winsock functions: from handles and arguments to the socket (socket.h), and the error back.
#include <errno.h>

#include <atomic>
#include <cstring>

#include "iocp/linux/api_socket.h"
#include "iocp/linux/errors.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/syscalls.h"
#include "iocp/linux/thread.h"
#include "iocp/linux/win32_port.h"

using iocp::FindSocket;
using iocp::HandleTable;
using iocp::NotASocket;
using iocp::Ref;
using iocp::Self;
using iocp::Socket;
using iocp::WinsockBool;
using iocp::WinsockResult;
using iocp::WithSocket;

namespace {

constinit std::atomic<int> g_startups{0};  // WSAStartup minus WSACleanup

}  // namespace

int iocp::NotASocket() {
  return g_startups.load() == 0 ? WSANOTINITIALISED : WSAENOTSOCK;
}

int WSAStartup(WORD version, LPWSADATA data) {
  if (data == nullptr) return WSAEFAULT;
  if (LOBYTE(version) < 2) return WSAVERNOTSUPPORTED;
  *data = {};
  data->wVersion = data->wHighVersion = MAKEWORD(2, 2);
  std::strcpy(data->szDescription, "iocp on Linux");
  std::strcpy(data->szSystemStatus, "Running");
  g_startups.fetch_add(1);
  return 0;
}

int WSACleanup() {
  int count = g_startups.load();
  do {
    if (count == 0) return WinsockResult(WSANOTINITIALISED);
  } while (!g_startups.compare_exchange_weak(count, count - 1));
  return 0;
}

int WSAGetLastError() {
  return static_cast<int>(Self().last_error);
}

void WSASetLastError(int error) {
  Self().last_error = static_cast<DWORD>(error);
}

SOCKET WSASocketW(int family, int type, int protocol, LPWSAPROTOCOL_INFOW, GROUP, DWORD flags) {
  int error = 0;
  if (g_startups.load() == 0) {
    error = WSANOTINITIALISED;
  } else if (family != AF_INET && family != AF_INET6) {
    error = WSAEAFNOSUPPORT;
  } else if (type != SOCK_STREAM && type != SOCK_DGRAM) {
    error = WSAESOCKTNOSUPPORT;
  } else if (protocol != 0 && protocol != (type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP)) {
    error = WSAEPROTONOSUPPORT;
  }
  const int fd = error == 0 ? iocp::OpenDescriptor(family, type) : -1;
  if (error == 0 && fd < 0) error = iocp::WsaFromErrno(errno);
  if (error == 0) {
    const HANDLE handle =
        HandleTable::Insert(new Socket(fd, family, type, (flags & WSA_FLAG_OVERLAPPED) != 0));
    if (handle != nullptr) return reinterpret_cast<SOCKET>(handle);
    error = WSAEMFILE;
  }
  WSASetLastError(error);
  return INVALID_SOCKET;
}

int closesocket(SOCKET s) {
  const Ref<Socket> socket = FindSocket(s);
  if (!socket || !HandleTable::Remove(reinterpret_cast<HANDLE>(s)))
    return WinsockResult(NotASocket());
  socket->Close();
  return 0;
}

namespace {

// To peek and to wait for all do not go together: peeking again finds the same bytes.
bool IsReceiveFlags(int flags) {
  return (flags & ~(MSG_PEEK | MSG_WAITALL)) == 0 && flags != (MSG_PEEK | MSG_WAITALL);
}

}  // namespace

// --- overlapped --------------------------------------------------------------------------------------

int WSARecv(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD bytes, LPDWORD flags,
            LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  return WinsockResult(WithSocket(s, [&](Socket& socket) {
    if (count == 0) return WSAEINVAL;  // P22
    if (flags == nullptr || buffers == nullptr) return WSAEFAULT;
    const int given = static_cast<int>(*flags);
    if (!IsReceiveFlags(given)) return WSAEOPNOTSUPP;
    return socket.Receive({{buffers, count}, given, overlapped, bytes, routine});
  }));
}

int WSASend(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD bytes, DWORD flags,
            LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  return WinsockResult(WithSocket(s, [&](Socket& socket) {
    if (count == 0) return WSAEINVAL;
    if (buffers == nullptr) return WSAEFAULT;
    if ((flags & ~static_cast<DWORD>(MSG_OOB)) != 0) return WSAEOPNOTSUPP;
    return socket.Send({{buffers, count}, static_cast<int>(flags), overlapped, bytes, routine});
  }));
}

int WSARecvFrom(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD bytes, LPDWORD flags,
                sockaddr* from, LPINT from_length, LPWSAOVERLAPPED overlapped,
                LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  return WinsockResult(WithSocket(s, [&](Socket& socket) {
    if (count == 0) return WSAEINVAL;
    if (flags == nullptr || buffers == nullptr) return WSAEFAULT;
    if ((from == nullptr) != (from_length == nullptr)) return WSAEFAULT;
    const int given = static_cast<int>(*flags);
    if ((given & ~MSG_PEEK) != 0) return WSAEOPNOTSUPP;
    return socket.Receive({{buffers, count}, given, overlapped, bytes, routine}, from, from_length);
  }));
}

int WSASendTo(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD bytes, DWORD flags,
              const sockaddr* to, int to_length, LPWSAOVERLAPPED overlapped,
              LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  return WinsockResult(WithSocket(s, [&](Socket& socket) {
    if (count == 0) return WSAEINVAL;
    if (buffers == nullptr) return WSAEFAULT;
    if (flags != 0) return WSAEOPNOTSUPP;
    return socket.Send({{buffers, count}, 0, overlapped, bytes, routine}, to, to_length);
  }));
}

BOOL WSAGetOverlappedResult(SOCKET s, LPWSAOVERLAPPED overlapped, LPDWORD bytes, BOOL wait,
                            LPDWORD flags) {
  if (!FindSocket(s)) return WinsockBool(NotASocket());
  if (overlapped == nullptr || bytes == nullptr || flags == nullptr) return WinsockBool(WSAEFAULT);
  if (GetOverlappedResult(reinterpret_cast<HANDLE>(s), overlapped, bytes, wait) != FALSE) {
    *flags = 0;
    return TRUE;
  }
  // Only a completed operation's status stays as it is.
  if (GetLastError() == ERROR_IO_INCOMPLETE) return WinsockBool(WSA_IO_INCOMPLETE);
  return WinsockBool(
      iocp::WsaFromStatus(static_cast<NTSTATUS>(static_cast<ULONG>(overlapped->Internal))));
}

// --- plain calls -------------------------------------------------------------------------------------

int bind(SOCKET s, const sockaddr* name, int length) {
  return WinsockResult(WithSocket(s, [&](Socket& socket) {
    if (name == nullptr || length < 0) return WSAEFAULT;
    return socket.Bind(name, static_cast<socklen_t>(length));
  }));
}

int listen(SOCKET s, int backlog) {
  return WinsockResult(WithSocket(s, [&](Socket& socket) { return socket.Listen(backlog); }));
}

SOCKET accept(SOCKET s, sockaddr* name, int* length) {
  SOCKET accepted = INVALID_SOCKET;
  WinsockResult(
      WithSocket(s, [&](Socket& socket) { return socket.PlainAccept(name, length, &accepted); }));
  return accepted;
}

SOCKET WSAAccept(SOCKET s, sockaddr* name, int* length, std::nullptr_t, DWORD_PTR) {
  return accept(s, name, length);
}

int connect(SOCKET s, const sockaddr* name, int length) {
  return WinsockResult(WithSocket(s, [&](Socket& socket) {
    if (name == nullptr || length < 0) return WSAEFAULT;
    return socket.PlainConnect(name, static_cast<socklen_t>(length));
  }));
}

int shutdown(SOCKET s, int how) {
  return WinsockResult(WithSocket(s, [&](Socket& socket) { return socket.Shutdown(how); }));
}

namespace {

// The four plain transfers are the overlapped ones with one buffer and without an OVERLAPPED;
// `call` is given the buffer and the count of bytes moved, which is the result.
template <typename Call>
int PlainTransfer(SOCKET s, const char* data, int length, Call call) {
  if (length < 0 || (data == nullptr && length > 0)) {
    return WinsockResult(WithSocket(s, [](Socket&) { return WSAEFAULT; }));
  }
  WSABUF buffer{static_cast<ULONG>(length), const_cast<char*>(data)};
  DWORD moved = 0;
  return call(&buffer, &moved) == 0 ? static_cast<int>(moved) : SOCKET_ERROR;
}

}  // namespace

int send(SOCKET s, const char* data, int length, int flags) {
  return PlainTransfer(s, data, length, [&](WSABUF* buffer, DWORD* moved) {
    return WSASend(s, buffer, 1, moved, static_cast<DWORD>(flags), nullptr, nullptr);
  });
}

int recv(SOCKET s, char* data, int length, int flags) {
  auto given = static_cast<DWORD>(flags);
  return PlainTransfer(s, data, length, [&](WSABUF* buffer, DWORD* moved) {
    return WSARecv(s, buffer, 1, moved, &given, nullptr, nullptr);
  });
}

int recvfrom(SOCKET s, char* data, int length, int flags, sockaddr* from, int* from_length) {
  auto given = static_cast<DWORD>(flags);
  return PlainTransfer(s, data, length, [&](WSABUF* buffer, DWORD* moved) {
    return WSARecvFrom(s, buffer, 1, moved, &given, from, from_length, nullptr, nullptr);
  });
}

int sendto(SOCKET s, const char* data, int length, int flags, const sockaddr* to, int to_length) {
  return PlainTransfer(s, data, length, [&](WSABUF* buffer, DWORD* moved) {
    return WSASendTo(s, buffer, 1, moved, static_cast<DWORD>(flags), to, to_length, nullptr,
                     nullptr);
  });
}

int getsockname(SOCKET s, sockaddr* name, int* length) {
  return WinsockResult(
      WithSocket(s, [&](Socket& socket) { return socket.Name(false, name, length); }));
}

int getpeername(SOCKET s, sockaddr* name, int* length) {
  return WinsockResult(
      WithSocket(s, [&](Socket& socket) { return socket.Name(true, name, length); }));
}
