// The winsock functions: checks, errors, and nothing else.
#include <errno.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "iocp/linux/errors.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/syscalls.h"
#include "iocp/linux/thread.h"
#include "iocp/linux/win32_port.h"

using iocp::HandleTable;
using iocp::Ref;
using iocp::Self;
using iocp::Socket;

namespace {

constinit std::atomic<int> g_startups{0};  // WSAStartup minus WSACleanup

int Result(int error) {
  if (error == 0) return 0;
  WSASetLastError(error);
  return SOCKET_ERROR;
}

BOOL BoolResult(int error) {
  if (error == 0) return TRUE;
  WSASetLastError(error);
  return FALSE;
}

Ref<Socket> Find(SOCKET s) {
  return HandleTable::Find<Socket>(reinterpret_cast<HANDLE>(s));
}

int NotASocket() {
  return g_startups.load() == 0 ? WSANOTINITIALISED : WSAENOTSOCK;
}

// Calls `function(socket)` with the socket of a handle; the result is a winsock error.
template <typename Function>
int With(SOCKET s, Function function) {
  const Ref<Socket> socket = Find(s);
  return socket ? function(*socket) : NotASocket();
}

}  // namespace

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
    if (count == 0) return Result(WSANOTINITIALISED);
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
  } else if (type != SOCK_STREAM) {
    error = WSAESOCKTNOSUPPORT;
  } else if (protocol != 0 && protocol != IPPROTO_TCP) {
    error = WSAEPROTONOSUPPORT;
  }
  const int fd = error == 0 ? iocp::SysSocket(family, SOCK_STREAM, IPPROTO_TCP) : -1;
  if (error == 0 && fd < 0) error = iocp::WsaFromErrno(errno);
  if (error == 0) {
    const HANDLE handle =
        HandleTable::Insert(new Socket(fd, family, (flags & WSA_FLAG_OVERLAPPED) != 0));
    if (handle != nullptr) return reinterpret_cast<SOCKET>(handle);
    error = WSAEMFILE;
  }
  WSASetLastError(error);
  return INVALID_SOCKET;
}

int closesocket(SOCKET s) {
  const Ref<Socket> socket = Find(s);
  if (!socket || !HandleTable::Remove(reinterpret_cast<HANDLE>(s))) return Result(NotASocket());
  socket->Close();
  return 0;
}

// --- overlapped --------------------------------------------------------------------------------------

int WSARecv(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD bytes, LPDWORD flags,
            LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE) {
  return Result(With(s, [&](Socket& socket) {
    if (flags == nullptr || buffers == nullptr) return WSAEFAULT;
    if (count == 0) return WSAEINVAL;  // P22
    if (overlapped == nullptr) {
      DWORD moved = 0;
      const int error = socket.PlainReceive(buffers, count, static_cast<int>(*flags), &moved);
      if (error == 0 && bytes != nullptr) *bytes = moved;
      return error;
    }
    if (*flags != 0) return WSAEOPNOTSUPP;
    return socket.Receive(buffers, count, overlapped, bytes);
  }));
}

int WSASend(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD bytes, DWORD flags,
            LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE) {
  return Result(With(s, [&](Socket& socket) {
    if (buffers == nullptr) return WSAEFAULT;
    if (count == 0) return WSAEINVAL;
    if (flags != 0) return WSAEOPNOTSUPP;
    if (overlapped == nullptr) {
      DWORD moved = 0;
      const int error = socket.PlainSend(buffers, count, &moved);
      if (error == 0 && bytes != nullptr) *bytes = moved;
      return error;
    }
    return socket.Send(buffers, count, overlapped, bytes);
  }));
}

BOOL WSAGetOverlappedResult(SOCKET s, LPWSAOVERLAPPED overlapped, LPDWORD bytes, BOOL wait,
                            LPDWORD flags) {
  if (!Find(s)) return BoolResult(NotASocket());
  if (overlapped == nullptr || bytes == nullptr || flags == nullptr) return BoolResult(WSAEFAULT);
  const DWORD before = GetLastError();
  if (GetOverlappedResult(reinterpret_cast<HANDLE>(s), overlapped, bytes, wait) != FALSE) {
    *flags = 0;
    return TRUE;
  }
  SetLastError(before);
  return BoolResult(
      iocp::WsaFromStatus(static_cast<NTSTATUS>(static_cast<ULONG>(overlapped->Internal))));
}

namespace {

BOOL ConnectEx(SOCKET s, const sockaddr* name, int name_length, PVOID send_buffer,
               DWORD send_length, LPDWORD bytes, LPOVERLAPPED overlapped) {
  return BoolResult(With(s, [&](Socket& socket) {
    if (overlapped == nullptr) return static_cast<int>(ERROR_INVALID_PARAMETER);
    if (name == nullptr || name_length < static_cast<int>(sizeof(sockaddr_in)) ||
        name_length > static_cast<int>(sizeof(sockaddr_storage))) {
      return WSAEFAULT;
    }
    return socket.Connect(name, static_cast<socklen_t>(name_length), send_buffer,
                          send_buffer == nullptr ? 0 : send_length, overlapped, bytes);
  }));
}

BOOL DisconnectEx(SOCKET s, LPOVERLAPPED overlapped, DWORD flags, DWORD reserved) {
  return BoolResult(With(s, [&](Socket& socket) {
    if (reserved != 0 || (flags & ~TF_REUSE_SOCKET) != 0) return WSAEINVAL;
    return socket.Disconnect(overlapped, (flags & TF_REUSE_SOCKET) != 0);
  }));
}

bool Same(const GUID& a, const GUID& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

}  // namespace

BOOL AcceptEx(SOCKET listener, SOCKET acceptor, PVOID output, DWORD receive_length,
              DWORD local_length, DWORD remote_length, LPDWORD bytes, LPOVERLAPPED overlapped) {
  return BoolResult(With(listener, [&](Socket& socket) {
    if (overlapped == nullptr) return static_cast<int>(ERROR_INVALID_PARAMETER);  // P33
    const Ref<Socket> accepting = Find(acceptor);
    if (!accepting) return WSAENOTSOCK;
    if (remote_length == 0 || output == nullptr) return WSAEFAULT;
    return socket.Accept(accepting, static_cast<char*>(output), receive_length, local_length,
                         remote_length, overlapped, bytes);
  }));
}

void GetAcceptExSockaddrs(PVOID output, DWORD receive_length, DWORD local_length, DWORD,
                          sockaddr** local, int* local_size, sockaddr** remote, int* remote_size) {
  char* const addresses = static_cast<char*>(output) + receive_length;
  const auto size_of = [](const sockaddr* address) {
    return static_cast<int>(address->sa_family == AF_INET6 ? sizeof(sockaddr_in6)
                                                           : sizeof(sockaddr_in));
  };
  *local = reinterpret_cast<sockaddr*>(addresses);
  *local_size = local_length == 0 ? 0 : size_of(*local);
  *remote = reinterpret_cast<sockaddr*>(addresses + local_length);
  *remote_size = size_of(*remote);
}

int WSAIoctl(SOCKET s, DWORD code, LPVOID in, DWORD in_length, LPVOID out, DWORD out_length,
             LPDWORD bytes, LPWSAOVERLAPPED, LPWSAOVERLAPPED_COMPLETION_ROUTINE) {
  return Result(With(s, [&](Socket& socket) {
    if (code == static_cast<DWORD>(FIONBIO) || code == static_cast<DWORD>(FIONREAD)) {
      if (out == nullptr && in == nullptr) return WSAEFAULT;
      return socket.Ioctl(static_cast<long>(code),
                          static_cast<unsigned long*>(in != nullptr ? in : out));
    }
    if (code != SIO_GET_EXTENSION_FUNCTION_POINTER) return WSAEOPNOTSUPP;
    if (in == nullptr || in_length < sizeof(GUID) || out == nullptr || out_length < sizeof(void*)) {
      return WSAEFAULT;
    }
    GUID wanted;
    std::memcpy(&wanted, in, sizeof wanted);
    void* function = nullptr;
    if (Same(wanted, WSAID_ACCEPTEX)) {
      function = reinterpret_cast<void*>(&AcceptEx);
    } else if (Same(wanted, WSAID_CONNECTEX)) {
      function = reinterpret_cast<void*>(&ConnectEx);
    } else if (Same(wanted, WSAID_DISCONNECTEX)) {
      function = reinterpret_cast<void*>(&DisconnectEx);
    } else if (Same(wanted, WSAID_GETACCEPTEXSOCKADDRS)) {
      function = reinterpret_cast<void*>(&GetAcceptExSockaddrs);
    } else {
      return WSAEINVAL;
    }
    std::memcpy(out, &function, sizeof function);
    if (bytes != nullptr) *bytes = sizeof function;
    return 0;
  }));
}

// --- plain calls -------------------------------------------------------------------------------------

int bind(SOCKET s, const sockaddr* name, int length) {
  return Result(With(s, [&](Socket& socket) {
    if (name == nullptr || length < 0) return WSAEFAULT;
    return socket.Bind(name, static_cast<socklen_t>(length));
  }));
}

int listen(SOCKET s, int backlog) {
  return Result(With(s, [&](Socket& socket) { return socket.Listen(backlog); }));
}

SOCKET accept(SOCKET s, sockaddr* name, int* length) {
  SOCKET accepted = INVALID_SOCKET;
  Result(With(s, [&](Socket& socket) { return socket.PlainAccept(name, length, &accepted); }));
  return accepted;
}

int connect(SOCKET s, const sockaddr* name, int length) {
  return Result(With(s, [&](Socket& socket) {
    if (name == nullptr || length < 0) return WSAEFAULT;
    return socket.PlainConnect(name, static_cast<socklen_t>(length));
  }));
}

int shutdown(SOCKET s, int how) {
  return Result(With(s, [&](Socket& socket) { return socket.Shutdown(how); }));
}

int send(SOCKET s, const char* data, int length, int flags) {
  DWORD moved = 0;
  const int result = Result(With(s, [&](Socket& socket) {
    if (length < 0 || (data == nullptr && length > 0)) return WSAEFAULT;
    if (flags != 0) return WSAEOPNOTSUPP;
    const WSABUF buffer{static_cast<ULONG>(length), const_cast<char*>(data)};
    return socket.PlainSend(&buffer, 1, &moved);
  }));
  return result == 0 ? static_cast<int>(moved) : result;
}

int recv(SOCKET s, char* data, int length, int flags) {
  DWORD moved = 0;
  const int result = Result(With(s, [&](Socket& socket) {
    if (length < 0 || (data == nullptr && length > 0)) return WSAEFAULT;
    if ((flags & ~MSG_PEEK) != 0) return WSAEOPNOTSUPP;
    const WSABUF buffer{static_cast<ULONG>(length), data};
    return socket.PlainReceive(&buffer, 1, flags, &moved);
  }));
  return result == 0 ? static_cast<int>(moved) : result;
}

int getsockname(SOCKET s, sockaddr* name, int* length) {
  return Result(With(s, [&](Socket& socket) { return socket.Name(false, name, length); }));
}

int getpeername(SOCKET s, sockaddr* name, int* length) {
  return Result(With(s, [&](Socket& socket) { return socket.Name(true, name, length); }));
}

int setsockopt(SOCKET s, int level, int name, const char* value, int length) {
  return Result(
      With(s, [&](Socket& socket) { return socket.SetOption(level, name, value, length); }));
}

int getsockopt(SOCKET s, int level, int name, char* value, int* length) {
  return Result(
      With(s, [&](Socket& socket) { return socket.GetOption(level, name, value, length); }));
}

int ioctlsocket(SOCKET s, long command, u_long* argument) {
  return Result(With(s, [&](Socket& socket) { return socket.Ioctl(command, argument); }));
}
