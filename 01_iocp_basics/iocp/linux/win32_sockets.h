// Winsock: TCP sockets (AF_INET, AF_INET6), overlapped and plain calls.
//
// A SOCKET is not a descriptor. The BSD names are overloads on SOCKET with Windows' parameter
// types; the libc calls that would silently narrow a SOCKET to an int are deleted at the end of
// this file. (socket() cannot be overloaded: it would give a bare descriptor, which every function
// here refuses as WSAENOTSOCK.) Every function needs a successful WSAStartup before
// (WSANOTINITIALISED), may be called from any thread, and leaves its error in WSAGetLastError.
#pragma once

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <concepts>

#include "iocp/linux/win32_errors.h"
#include "iocp/linux/win32_types.h"

using SOCKET = std::uintptr_t;
using GROUP = unsigned int;
using SOCKADDR = sockaddr;
using SOCKADDR_IN = sockaddr_in;
using SOCKADDR_STORAGE = sockaddr_storage;
using PSOCKADDR = sockaddr*;
using LPSOCKADDR = sockaddr*;
using LINGER = linger;

#define INVALID_SOCKET (static_cast<SOCKET>(~static_cast<SOCKET>(0)))
#define SOCKET_ERROR (-1)
#define SD_RECEIVE 0
#define SD_SEND 1
#define SD_BOTH 2
#define WSA_FLAG_OVERLAPPED 0x01u
#define WSA_FLAG_NO_HANDLE_INHERIT 0x80u
#define SO_UPDATE_ACCEPT_CONTEXT 0x700B
#define SO_UPDATE_CONNECT_CONTEXT 0x7010
#define SO_EXCLUSIVEADDRUSE (~SO_REUSEADDR)
#define TF_DISCONNECT 0x01u
#define TF_REUSE_SOCKET 0x02u
#define SIO_GET_EXTENSION_FUNCTION_POINTER 0xC8000006u
#ifndef FIONBIO
#define FIONBIO 0x5421
#endif
#ifndef FIONREAD
#define FIONREAD 0x541B
#endif

struct WSABUF {
  ULONG len;
  CHAR* buf;
};
using LPWSABUF = WSABUF*;

using WSAOVERLAPPED = OVERLAPPED;
using LPWSAOVERLAPPED = OVERLAPPED*;
struct WSAPROTOCOL_INFOW;  // only ever passed as nullptr
using LPWSAPROTOCOL_INFOW = WSAPROTOCOL_INFOW*;
struct IocpNoCompletionRoutine;  // completion routines are not in the subset: pass nullptr
using LPWSAOVERLAPPED_COMPLETION_ROUTINE = IocpNoCompletionRoutine*;

struct WSADATA {
  WORD wVersion;
  WORD wHighVersion;
  unsigned short iMaxSockets;
  unsigned short iMaxUdpDg;
  char* lpVendorInfo;
  char szDescription[257];
  char szSystemStatus[129];
};
using LPWSADATA = WSADATA*;

int WSAStartup(WORD version, LPWSADATA data);
int WSACleanup();
int WSAGetLastError();
void WSASetLastError(int error);

SOCKET WSASocketW(int family, int type, int protocol, LPWSAPROTOCOL_INFOW info, GROUP group,
                  DWORD flags);
int closesocket(SOCKET s);

// --- overlapped
// -------------------------------------------------------------------------------------- 0: done at
// once (the packet is queued all the same, P15). SOCKET_ERROR and WSA_IO_PENDING: a packet follows.
// SOCKET_ERROR and anything else: failed, no packet (P16). The WSABUF array is captured before the
// call returns, the data buffers must live on (P21). With overlapped = nullptr: plain calls.
int WSARecv(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD bytes, LPDWORD flags,
            LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
int WSASend(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD bytes, DWORD flags,
            LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
BOOL WSAGetOverlappedResult(SOCKET s, LPWSAOVERLAPPED overlapped, LPDWORD bytes, BOOL wait,
                            LPDWORD flags);

// AcceptEx and GetAcceptExSockaddrs are also exported directly, as by mswsock.lib; ConnectEx and
// DisconnectEx are only reached through WSAIoctl(SIO_GET_EXTENSION_FUNCTION_POINTER), as on
// Windows.
using LPFN_ACCEPTEX = BOOL (*)(SOCKET listener, SOCKET acceptor, PVOID output, DWORD receive_length,
                               DWORD local_length, DWORD remote_length, LPDWORD bytes,
                               LPOVERLAPPED overlapped);
using LPFN_CONNECTEX = BOOL (*)(SOCKET s, const sockaddr* name, int name_length, PVOID send_buffer,
                                DWORD send_length, LPDWORD bytes, LPOVERLAPPED overlapped);

// Ends a connection (P37): what was sent still goes out, then the peer sees FIN. A packet always
// follows; on Windows it often comes only when the peer has closed its side, too, so wait for it.
//   - Without TF_REUSE_SOCKET only the sends end; what the peer still sends can be received.
//   - With it what is pending ends first, each operation with its own failed packet, and the same
//     SOCKET, still associated with its port, may be given to AcceptEx or ConnectEx as soon as the
//     packet has arrived. Data that nobody had received is thrown away, and then the peer sees a
//     reset, as after closesocket.
// An unconnected socket: WSAENOTCONN.
using LPFN_DISCONNECTEX = BOOL (*)(SOCKET s, LPOVERLAPPED overlapped, DWORD flags, DWORD reserved);
using LPFN_GETACCEPTEXSOCKADDRS = void (*)(PVOID output, DWORD receive_length, DWORD local_length,
                                           DWORD remote_length, sockaddr** local, int* local_size,
                                           sockaddr** remote, int* remote_size);
#define WSAID_ACCEPTEX                               \
  {                                                  \
    0xb5367df1, 0xcbac, 0x11cf, {                    \
      0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92 \
    }                                                \
  }
#define WSAID_CONNECTEX                              \
  {                                                  \
    0x25a207b9, 0xddf3, 0x4660, {                    \
      0x8e, 0xe9, 0x76, 0xe5, 0x8c, 0x74, 0x06, 0x3e \
    }                                                \
  }
#define WSAID_DISCONNECTEX                           \
  {                                                  \
    0x7fda2e11, 0x8630, 0x436f, {                    \
      0xa0, 0x31, 0xf5, 0x36, 0xa6, 0xee, 0xc1, 0x57 \
    }                                                \
  }
#define WSAID_GETACCEPTEXSOCKADDRS                   \
  {                                                  \
    0xb5367df2, 0xcbac, 0x11cf, {                    \
      0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92 \
    }                                                \
  }

int WSAIoctl(SOCKET s, DWORD code, LPVOID in, DWORD in_length, LPVOID out, DWORD out_length,
             LPDWORD bytes, LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
BOOL AcceptEx(SOCKET listener, SOCKET acceptor, PVOID output, DWORD receive_length,
              DWORD local_length, DWORD remote_length, LPDWORD bytes, LPOVERLAPPED overlapped);
void GetAcceptExSockaddrs(PVOID output, DWORD receive_length, DWORD local_length,
                          DWORD remote_length, sockaddr** local, int* local_size, sockaddr** remote,
                          int* remote_size);

// --- plain calls
// ------------------------------------------------------------------------------------- They block
// unless FIONBIO was set; a thread of a port frees its place there while it blocks (P12).
int bind(SOCKET s, const sockaddr* name, int length);
int listen(SOCKET s, int backlog);
SOCKET accept(SOCKET s, sockaddr* name, int* length);
int connect(SOCKET s, const sockaddr* name, int length);
int shutdown(SOCKET s, int how);
int send(SOCKET s, const char* data, int length, int flags);
int recv(SOCKET s, char* data, int length, int flags);
int getsockname(SOCKET s, sockaddr* name, int* length);
int getpeername(SOCKET s, sockaddr* name, int* length);
// SO_RCVTIMEO and SO_SNDTIMEO take a DWORD of milliseconds, as on Windows.
int setsockopt(SOCKET s, int level, int name, const char* value, int length);
int getsockopt(SOCKET s, int level, int name, char* value, int* length);
int ioctlsocket(SOCKET s, long command, u_long* argument);

// send(s, text, sizeof text, 0): a length of another integer type is the same call.
template <std::integral Length>
int send(SOCKET s, const char* data, Length length, int flags) {
  return send(s, data, static_cast<int>(length), flags);
}
template <std::integral Length>
int recv(SOCKET s, char* data, Length length, int flags) {
  return recv(s, data, static_cast<int>(length), flags);
}

// --- not in the subset: compile errors instead of a SOCKET narrowed to a descriptor
// ------------------
int send(SOCKET s, const void* data, int length, int flags) = delete;
int recv(SOCKET s, void* data, int length, int flags) = delete;
// (A template: NULL, as for SO_UPDATE_CONNECT_CONTEXT, fits the one above alone.)
template <typename T>
requires(!std::same_as<T, char>) int setsockopt(SOCKET s, int level, int name, const T* value,
                                                int length) = delete;
int getsockopt(SOCKET s, int level, int name, void* value, int* length) = delete;
template <typename Length>
SOCKET accept(SOCKET s, sockaddr* name, Length* length) = delete;
template <typename Length>
int getsockname(SOCKET s, sockaddr* name, Length* length) = delete;
template <typename Length>
int getpeername(SOCKET s, sockaddr* name, Length* length) = delete;
template <std::same_as<SOCKET> Socket, typename... Rest>
void read(Socket, Rest...) = delete;
template <std::same_as<SOCKET> Socket, typename... Rest>
void write(Socket, Rest...) = delete;
template <std::same_as<SOCKET> Socket, typename... Rest>
void close(Socket, Rest...) = delete;
template <std::same_as<SOCKET> Socket, typename... Rest>
void readv(Socket, Rest...) = delete;
template <std::same_as<SOCKET> Socket, typename... Rest>
void writev(Socket, Rest...) = delete;
template <std::same_as<SOCKET> Socket, typename... Rest>
void recvfrom(Socket, Rest...) = delete;
template <std::same_as<SOCKET> Socket, typename... Rest>
void sendto(Socket, Rest...) = delete;
template <std::same_as<SOCKET> Socket, typename... Rest>
void recvmsg(Socket, Rest...) = delete;
template <std::same_as<SOCKET> Socket, typename... Rest>
void sendmsg(Socket, Rest...) = delete;
template <std::same_as<SOCKET> Socket, typename... Rest>
void accept4(Socket, Rest...) = delete;
template <std::same_as<SOCKET> Socket, typename... Rest>
void dup(Socket, Rest...) = delete;
template <std::same_as<SOCKET> Socket, typename... Rest>
void fcntl(Socket, Rest...) = delete;
template <std::same_as<SOCKET> Socket, typename... Rest>
void ioctl(Socket, Rest...) = delete;
