// The three calls of a completion port, behind names that say what each use is for.
//
// CreateIoCompletionPort has two jobs that share one function: making a port, and tying a device to
// it. These wrappers give each job its own name. Any thread may call them.
#pragma once

#include "iocp/iocp.h"

namespace apps {

// A new port on which at most `concurrency` threads run at a time; 0: as many as processors (P1).
// nullptr on failure, reason in GetLastError().
HANDLE CreatePort(DWORD concurrency);

// From now on every overlapped operation on `socket` reports its end to `port` with `key`, until
// the socket is closed (P2). False on failure, reason in GetLastError(): 87 if it already has a
// port.
bool Associate(HANDLE port, SOCKET socket, ULONG_PTR key);

// Puts a packet into the port's queue as if an operation had completed. The port looks at none of
// the three values; `overlapped` may be nullptr (P9).
bool PostPacket(HANDLE port, DWORD bytes, ULONG_PTR key, OVERLAPPED* overlapped);

}  // namespace apps
