// The winsock extension functions: AcceptEx, ConnectEx, DisconnectEx, and WSAIoctl that finds them.
#include <cstring>
#include <utility>

#include "iocp/linux/api_socket.h"
#include "iocp/linux/errors.h"
#include "iocp/linux/file.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/win32_extensions.h"

using iocp::FindSocket;
using iocp::Ref;
using iocp::Socket;
using iocp::WinsockBool;
using iocp::WinsockResult;
using iocp::WithSocket;

namespace {

// AcceptEx and ConnectEx leave it so even when they fail at once.
void MarkPending(OVERLAPPED* overlapped) {
  if (overlapped != nullptr) overlapped->Internal = static_cast<ULONG>(STATUS_PENDING);
}

BOOL ConnectEx(SOCKET s, const sockaddr* name, int name_length, PVOID send_buffer,
               DWORD send_length, LPDWORD bytes, LPOVERLAPPED overlapped) {
  MarkPending(overlapped);
  return WinsockBool(WithSocket(s, [&](Socket& socket) {
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
  return WinsockBool(WithSocket(s, [&](Socket& socket) {
    if (reserved != 0 || (flags & ~TF_REUSE_SOCKET) != 0) return WSAEINVAL;
    return socket.Disconnect(overlapped, (flags & TF_REUSE_SOCKET) != 0);
  }));
}

}  // namespace

BOOL AcceptEx(SOCKET listener, SOCKET acceptor, PVOID output, DWORD receive_length,
              DWORD local_length, DWORD remote_length, LPDWORD bytes, LPOVERLAPPED overlapped) {
  MarkPending(overlapped);
  return WinsockBool(WithSocket(listener, [&](Socket& socket) {
    if (overlapped == nullptr) return static_cast<int>(ERROR_INVALID_PARAMETER);  // P33
    const Ref<Socket> accepting = FindSocket(acceptor);
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
  if (local_length > 0) {
    *local = reinterpret_cast<sockaddr*>(addresses);
    *local_size = size_of(*local);
  }
  *remote = reinterpret_cast<sockaddr*>(addresses + local_length);
  *remote_size = size_of(*remote);
}

BOOL TransmitFile(SOCKET s, HANDLE file, DWORD length, DWORD, LPOVERLAPPED overlapped,
                  LPTRANSMIT_FILE_BUFFERS buffers, DWORD flags) {
  return WinsockBool(WithSocket(s, [&](Socket& socket) {
    if ((flags & (TF_DISCONNECT | TF_REUSE_SOCKET)) != 0) return WSAEOPNOTSUPP;
    iocp::FileToSend what;
    if (file != nullptr) {
      what.file = iocp::HandleTable::Find<iocp::File>(file);
      if (!what.file) return static_cast<int>(ERROR_INVALID_HANDLE);
      what.left = length == 0 ? ~std::uint64_t{0} : length;
      what.at_pointer = overlapped == nullptr;
      if (overlapped != nullptr) what.offset = iocp::OffsetOf(*overlapped);
    }
    WSABUF head{0, nullptr};
    if (buffers != nullptr) {
      head = {buffers->HeadLength, static_cast<CHAR*>(buffers->Head)};
      what.tail = buffers->Tail;
      what.tail_length = buffers->TailLength;
    }
    return socket.Transmit(head, std::move(what), overlapped);
  }));
}

namespace {

int Control(Socket& socket, DWORD code, void* in, DWORD in_length, void* out, DWORD out_length,
            DWORD* bytes) {
  if (code == static_cast<DWORD>(FIONBIO) || code == static_cast<DWORD>(FIONREAD)) {
    void* const argument = code == static_cast<DWORD>(FIONBIO) ? in : out;
    ULONG number = 0;
    if (argument == nullptr || (argument == in ? in_length : out_length) < sizeof number) {
      return WSAEFAULT;
    }
    std::memcpy(&number, argument, sizeof number);
    const int error = socket.Ioctl(static_cast<long>(code), &number);
    if (error == 0 && argument == out) {
      std::memcpy(out, &number, sizeof number);
      *bytes = sizeof number;
    }
    return error;
  }
  if (code == SIO_UDP_CONNRESET) {
    BOOL tell = FALSE;
    if (in == nullptr || in_length < sizeof tell) return WSAEFAULT;
    std::memcpy(&tell, in, sizeof tell);
    socket.TellUnreachable(tell != FALSE);
    return 0;
  }
  if (code == SIO_KEEPALIVE_VALS) {
    tcp_keepalive values;
    if (in == nullptr || in_length < sizeof values) return WSAEFAULT;
    std::memcpy(&values, in, sizeof values);
    return iocp::KeepAlive(socket, values);
  }
  if (code != SIO_GET_EXTENSION_FUNCTION_POINTER) return WSAEOPNOTSUPP;
  if (in == nullptr || in_length < sizeof(GUID) || out == nullptr || out_length < sizeof(void*)) {
    return WSAEFAULT;
  }
  struct Extension {
    GUID id;
    void* function;
  };
  const Extension all[] = {
      {WSAID_ACCEPTEX, reinterpret_cast<void*>(&AcceptEx)},
      {WSAID_CONNECTEX, reinterpret_cast<void*>(&ConnectEx)},
      {WSAID_DISCONNECTEX, reinterpret_cast<void*>(&DisconnectEx)},
      {WSAID_TRANSMITFILE, reinterpret_cast<void*>(&TransmitFile)},
      {WSAID_GETACCEPTEXSOCKADDRS, reinterpret_cast<void*>(&GetAcceptExSockaddrs)},
  };
  for (const auto& [id, function] : all) {
    if (std::memcmp(in, &id, sizeof id) != 0) continue;
    std::memcpy(out, &function, sizeof function);
    *bytes = sizeof function;
    return 0;
  }
  return WSAEINVAL;
}

}  // namespace

int WSAIoctl(SOCKET s, DWORD code, LPVOID in, DWORD in_length, LPVOID out, DWORD out_length,
             LPDWORD bytes, LPWSAOVERLAPPED overlapped,
             LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  return WinsockResult(WithSocket(s, [&](Socket& socket) {
    if (bytes == nullptr) return WSAEFAULT;
    *bytes = 0;
    iocp::Receipt receipt;
    if (const int error = socket.BeginAtOnce(overlapped, routine, &receipt)) return error;
    const int error = Control(socket, code, in, in_length, out, out_length, bytes);
    const NTSTATUS status = error == 0 ? STATUS_SUCCESS : iocp::StatusFromWsa(error);
    socket.EndAtOnce(routine, status, 0, &receipt);
    return error;
  }));
}
