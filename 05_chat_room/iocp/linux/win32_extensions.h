// Winsock's extension functions, as <mswsock.h> has them: AcceptEx, ConnectEx, DisconnectEx,
// TransmitFile.
#pragma once

#include "iocp/linux/win32_sockets.h"

#define TF_DISCONNECT 0x01u
#define TF_REUSE_SOCKET 0x02u

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

// Sends `head`, then the file from OVERLAPPED's offset (without one: from its file pointer),
// `length` bytes or 0 for all that is left, then `tail`, as one operation of so many bytes. `file`
// may be nullptr. TF_DISCONNECT and TF_REUSE_SOCKET are not in the subset: WSAEOPNOTSUPP.
struct TRANSMIT_FILE_BUFFERS {
  LPVOID Head;
  DWORD HeadLength;
  LPVOID Tail;
  DWORD TailLength;
};
using LPTRANSMIT_FILE_BUFFERS = TRANSMIT_FILE_BUFFERS*;
#define TF_WRITE_BEHIND 0x04u
#define TF_USE_DEFAULT_WORKER 0x00u
#define TF_USE_SYSTEM_THREAD 0x10u
#define TF_USE_KERNEL_APC 0x20u
using LPFN_TRANSMITFILE = BOOL (*)(SOCKET s, HANDLE file, DWORD length, DWORD per_send,
                                   LPOVERLAPPED overlapped, LPTRANSMIT_FILE_BUFFERS buffers,
                                   DWORD flags);
BOOL TransmitFile(SOCKET s, HANDLE file, DWORD length, DWORD per_send, LPOVERLAPPED overlapped,
                  LPTRANSMIT_FILE_BUFFERS buffers, DWORD flags);
#define WSAID_TRANSMITFILE                           \
  {                                                  \
    0xb5367df0, 0xcbac, 0x11cf, {                    \
      0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92 \
    }                                                \
  }
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

BOOL AcceptEx(SOCKET listener, SOCKET acceptor, PVOID output, DWORD receive_length,
              DWORD local_length, DWORD remote_length, LPDWORD bytes, LPOVERLAPPED overlapped);
void GetAcceptExSockaddrs(PVOID output, DWORD receive_length, DWORD local_length,
                          DWORD remote_length, sockaddr** local, int* local_size, sockaddr** remote,
                          int* remote_size);
