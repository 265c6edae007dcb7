// Winsock: TCP and UDP sockets (AF_INET, AF_INET6), overlapped and plain calls.
//
// A SOCKET is not a descriptor. The BSD names are overloads on SOCKET with Windows' parameter
// types, and what the C library would do to a SOCKET narrowed to an int is a compile error
// (win32_left_out.h). Every function needs a successful WSAStartup before (WSANOTINITIALISED), may
// be called from any thread, and leaves its error in WSAGetLastError.
#pragma once

#include "iocp/linux/win32_errors.h"
#include "iocp/linux/win32_types.h"

// socket() has the same parameters in the C library and in Windows, so it cannot be an overload.
// The C library's is declared under another name here, and the name is ours. Where <sys/socket.h>
// was included before, its socket() can only be forbidden.
#ifdef _SYS_SOCKET_H
#ifdef __clang__
#define IOCP_FORBIDDEN unavailable
#else
#define IOCP_FORBIDDEN error
#endif
extern "C" int socket(int family, int type, int protocol) noexcept
    __attribute__((IOCP_FORBIDDEN("this is the C library's socket(): include iocp/iocp.h before "
                                  "<sys/socket.h>, or use WSASocketW")));
#else
#define socket socket_of_the_c_library
#include <sys/socket.h>
#undef socket
#define IOCP_HAS_SOCKET
#endif
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <concepts>
#include <type_traits>

using SOCKET = std::uintptr_t;
using GROUP = unsigned int;
using SOCKADDR = sockaddr;
using SOCKADDR_IN = sockaddr_in;
using SOCKADDR_IN6 = sockaddr_in6;
using SOCKADDR_STORAGE = sockaddr_storage;
using IN_ADDR = in_addr;
using IN6_ADDR = in6_addr;
using PSOCKADDR = sockaddr*;
using LPSOCKADDR = sockaddr*;
using PSOCKADDR_IN = sockaddr_in*;
using LPSOCKADDR_IN = sockaddr_in*;
using PSOCKADDR_STORAGE = sockaddr_storage*;
using PIN_ADDR = in_addr*;
using LPIN_ADDR = in_addr*;
using ADDRINFOA = addrinfo;
using PADDRINFOA = addrinfo*;
using ADDRINFO = addrinfo;
using LPADDRINFO = addrinfo*;
using HOSTENT = hostent;
using LPHOSTENT = hostent*;
using TIMEVAL = timeval;
using PTIMEVAL = timeval*;

// Four bytes, as on Windows. (The C library's `struct linger` has eight; SO_LINGER takes both.)
struct LINGER {
  USHORT l_onoff;
  USHORT l_linger;
};
using PLINGER = LINGER*;
using LPLINGER = LINGER*;

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
#define SO_CONNECT_TIME 0x700C
#define SIO_KEEPALIVE_VALS 0x98000004u
#define SIO_UDP_CONNRESET 0x9800000Cu
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
using LPWSAPROTOCOL_INFO = WSAPROTOCOL_INFOW*;

// Events of winsock are events.
using WSAEVENT = HANDLE;
using LPWSAEVENT = HANDLE*;
#define WSA_INVALID_EVENT (static_cast<WSAEVENT>(nullptr))
#define WSA_MAXIMUM_WAIT_EVENTS MAXIMUM_WAIT_OBJECTS
#define WSA_INFINITE INFINITE
#define WSA_WAIT_FAILED WAIT_FAILED
#define WSA_WAIT_EVENT_0 WAIT_OBJECT_0
#define WSA_WAIT_TIMEOUT WAIT_TIMEOUT
#define WSA_WAIT_IO_COMPLETION WAIT_IO_COMPLETION
WSAEVENT WSACreateEvent();  // manual-reset, not set
BOOL WSASetEvent(WSAEVENT event);
BOOL WSAResetEvent(WSAEVENT event);
BOOL WSACloseEvent(WSAEVENT event);
DWORD WSAWaitForMultipleEvents(DWORD count, const WSAEVENT* events, BOOL wait_all,
                               DWORD milliseconds, BOOL alertable);

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
using WSAData = WSADATA;

int WSAStartup(WORD version, LPWSADATA data);
int WSACleanup();
int WSAGetLastError();
void WSASetLastError(int error);

SOCKET WSASocketW(int family, int type, int protocol, LPWSAPROTOCOL_INFOW info, GROUP group,
                  DWORD flags);
#define WSASocket WSASocketW
#ifdef IOCP_HAS_SOCKET
inline SOCKET socket(int family, int type, int protocol) {  // overlapped, as on Windows
  return WSASocketW(family, type, protocol, nullptr, 0, WSA_FLAG_OVERLAPPED);
}
#endif
int closesocket(SOCKET s);

// --- overlapped -------------------------------------------------------------------------------------
// 0: done at once (the packet is queued all the same, P15).
// SOCKET_ERROR and WSA_IO_PENDING: a packet follows.
// SOCKET_ERROR and anything else: failed, no packet (P16).
// The WSABUF array is captured before the call returns, the data buffers must live on (P21).
// With overlapped = nullptr: plain calls.
int WSARecv(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD bytes, LPDWORD flags,
            LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
int WSASend(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD bytes, DWORD flags,
            LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
// Datagrams (UDP): one operation, one datagram. A longer one than the buffers is cut: WSAEMSGSIZE,
// as a packet ERROR_MORE_DATA with the bytes that fitted. `from` and `from_length` must live as
// long as the data buffers; they may both be nullptr. On a TCP socket the address is left alone.
int WSARecvFrom(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD bytes, LPDWORD flags,
                sockaddr* from, LPINT from_length, LPWSAOVERLAPPED overlapped,
                LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
int WSASendTo(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD bytes, DWORD flags,
              const sockaddr* to, int to_length, LPWSAOVERLAPPED overlapped,
              LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
BOOL WSAGetOverlappedResult(SOCKET s, LPWSAOVERLAPPED overlapped, LPDWORD bytes, BOOL wait,
                            LPDWORD flags);

int WSAIoctl(SOCKET s, DWORD code, LPVOID in, DWORD in_length, LPVOID out, DWORD out_length,
             LPDWORD bytes, LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);

// --- plain calls ------------------------------------------------------------------------------------
// They block unless FIONBIO was set; a thread of a port frees its place there while it blocks
// (P12).
int bind(SOCKET s, const sockaddr* name, int length);
int listen(SOCKET s, int backlog);
SOCKET accept(SOCKET s, sockaddr* name, int* length);
int connect(SOCKET s, const sockaddr* name, int length);
int shutdown(SOCKET s, int how);
int send(SOCKET s, const char* data, int length, int flags);
int recv(SOCKET s, char* data, int length, int flags);
int recvfrom(SOCKET s, char* data, int length, int flags, sockaddr* from, int* from_length);
int sendto(SOCKET s, const char* data, int length, int flags, const sockaddr* to, int to_length);
int getsockname(SOCKET s, sockaddr* name, int* length);
int getpeername(SOCKET s, sockaddr* name, int* length);
// SO_RCVTIMEO and SO_SNDTIMEO take a DWORD of milliseconds, as on Windows.
// Options whose value is a BOOL or an int take a value of one byte (a C++ bool), too. LINGER;
// SO_DEBUG has no effect (TCP_NODELAY given at SOL_SOCKET is SO_DEBUG, on Windows as well).
// SO_CONNECT_TIME: seconds since the connection was made, also while AcceptEx waits for its first
// data; 0xFFFFFFFF: not connected.
int setsockopt(SOCKET s, int level, int name, const char* value, int length);
int getsockopt(SOCKET s, int level, int name, char* value, int* length);
int ioctlsocket(SOCKET s, long command, ULONG* argument);
int ioctlsocket(SOCKET s, long command,
                unsigned long* argument);  // 64 bits: where u_long is, still

// The condition function is not in the subset: pass nullptr.
SOCKET WSAAccept(SOCKET s, sockaddr* name, int* length, std::nullptr_t condition,
                 DWORD_PTR callback_data);

// SIO_KEEPALIVE_VALS: milliseconds, rounded up to whole seconds.
struct tcp_keepalive {
  ULONG onoff;
  ULONG keepalivetime;
  ULONG keepaliveinterval;
};

// Addresses as text. inet_pton, inet_ntop and getaddrinfo are the C library's: the same names and
// meaning, but a failing getaddrinfo returns the C library's EAI_ numbers.
INT InetPtonW(INT family, LPCWSTR text, PVOID address);
LPCWSTR InetNtopW(INT family, const void* address, LPWSTR text, SIZE_T size);
#define InetPtonA inet_pton
#define InetNtopA inet_ntop
#define InetPton InetPtonW
#define InetNtop InetNtopW

// --- readiness, for few sockets -----------------------------------------------------------------------
// An fd_set is an array of SOCKETs, as on Windows; the C library's, which holds small descriptor
// numbers, has no name where this header is included. `count` is ignored. Connecting sockets:
// writable when connected, in `except` when refused.
#undef FD_SETSIZE
#undef FD_ZERO
#undef FD_SET
#undef FD_CLR
#undef FD_ISSET
#define FD_SETSIZE 64
#define fd_set IocpSocketSet
struct IocpSocketSet {
  UINT fd_count;
  SOCKET fd_array[FD_SETSIZE];
};
inline void FD_ZERO(fd_set* set) {
  set->fd_count = 0;
}
BOOL FD_ISSET(SOCKET s, const fd_set* set);
void FD_SET(SOCKET s, fd_set* set);  // no room: ignored
void FD_CLR(SOCKET s, fd_set* set);
// How many entries are left in the sets; 0: time-out (nullptr: wait for ever).
int select(int count, fd_set* read, fd_set* write, fd_set* except, const timeval* timeout);

struct WSAPOLLFD {
  SOCKET fd;  // INVALID_SOCKET: ignored
  SHORT events;
  SHORT revents;
};
using LPWSAPOLLFD = WSAPOLLFD*;
using PWSAPOLLFD = WSAPOLLFD*;
int WSAPoll(LPWSAPOLLFD fds, ULONG count, INT milliseconds);  // negative: for ever

// send(s, text, sizeof text, 0): a length of another integer type is the same call.
template <std::integral Length>
int send(SOCKET s, const char* data, Length length, int flags) {
  return send(s, data, static_cast<int>(length), flags);
}
template <std::integral Length>
int recv(SOCKET s, char* data, Length length, int flags) {
  return recv(s, data, static_cast<int>(length), flags);
}

template <std::integral Length>
int recvfrom(SOCKET s, char* data, Length length, int flags, sockaddr* from, int* from_length) {
  return recvfrom(s, data, static_cast<int>(length), flags, from, from_length);
}
template <std::integral Length, std::integral ToLength>
int sendto(SOCKET s, const char* data, Length length, int flags, const sockaddr* to,
           ToLength to_length) {
  return sendto(s, data, static_cast<int>(length), flags, to, static_cast<int>(to_length));
}

#include "iocp/linux/win32_left_out.h"  // NOLINT: needs the types above
