// From one table of errors to another: errno, winsock, NT status, Win32.
#pragma once

#include "iocp/linux/win32_types.h"

namespace iocp {

NTSTATUS StatusFromWsa(int error);
int WsaFromErrno(int error);             // what an immediate failure of a socket call reports
NTSTATUS StatusFromErrno(int error);     // what a pending operation completes with
DWORD Win32FromErrno(int error);         // files and handles
DWORD Win32FromStatus(NTSTATUS status);  // after a dequeue (P8)
DWORD Win32FromWsa(int error);           // ReadFile and WriteFile on a SOCKET
int WsaFromStatus(NTSTATUS status);      // WSAGetOverlappedResult

}  // namespace iocp
