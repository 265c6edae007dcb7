// The completion port: create, associate, dequeue, post.
// Threading: every function may be called from any thread at any time.
#pragma once

#include "iocp/linux/win32_errors.h"
#include "iocp/linux/win32_types.h"

#define FILE_SKIP_COMPLETION_PORT_ON_SUCCESS 0x1
#define FILE_SKIP_SET_EVENT_ON_HANDLE 0x2

// Creates a port (file = INVALID_HANDLE_VALUE, existing_port = nullptr; concurrency 0 = number of
// processors, P1) or associates a socket or file with one (concurrency ignored). Returns the port.
// Errors (nullptr): ERROR_INVALID_PARAMETER (associated before, not overlapped: P2),
// ERROR_INVALID_HANDLE.
HANDLE CreateIoCompletionPort(HANDLE file, HANDLE existing_port, ULONG_PTR completion_key,
                              DWORD concurrency);

// Takes one packet, waiting up to `milliseconds` (INFINITE: for ever).
//   TRUE                      a packet of an operation that succeeded, or a posted one (P7, P9)
//   FALSE, *overlapped set    a packet of an operation that failed; GetLastError tells why (P8)
//   FALSE, *overlapped null   no packet: WAIT_TIMEOUT (P6), ERROR_ABANDONED_WAIT_0,
//                             ERROR_INVALID_HANDLE (P13)
BOOL GetQueuedCompletionStatus(HANDLE port, LPDWORD bytes, PULONG_PTR completion_key,
                               LPOVERLAPPED* overlapped, DWORD milliseconds);

// Takes up to `count` packets; waits for the first only (P10). Each entry's Internal holds its NT
// status. With `alertable`, a queued APC ends the wait: FALSE, WAIT_IO_COMPLETION.
BOOL GetQueuedCompletionStatusEx(HANDLE port, LPOVERLAPPED_ENTRY entries, ULONG count,
                                 PULONG removed, DWORD milliseconds, BOOL alertable);

// Queues a packet of the program's own. Nothing is interpreted; overlapped may be nullptr (P9).
BOOL PostQueuedCompletionStatus(HANDLE port, DWORD bytes, ULONG_PTR completion_key,
                                LPOVERLAPPED overlapped);

// FILE_SKIP_SET_EVENT_ON_HANDLE: the end of an operation does not set the handle itself (P127).
// FILE_SKIP_COMPLETION_PORT_ON_SUCCESS: an operation that succeeds at once queues no packet (P15).
BOOL SetFileCompletionNotificationModes(HANDLE file, UCHAR flags);

// Asks to cancel one pending operation, or all of the handle (overlapped = nullptr).
// TRUE means requested: exactly one packet still follows for each (P31).
BOOL CancelIoEx(HANDLE file, LPOVERLAPPED overlapped);

// The same for what the calling thread has issued on the handle.
BOOL CancelIo(HANDLE file);

// Result of an operation; with `wait`, waits until it has completed, whatever becomes of its event
// (an auto-reset one is used up). Only without a file it is the event that is waited for (P144).
BOOL GetOverlappedResult(HANDLE file, LPOVERLAPPED overlapped, LPDWORD bytes, BOOL wait);

// The same with a limit: WAIT_TIMEOUT (0 milliseconds: ERROR_IO_INCOMPLETE). With `alertable`, a
// queued APC ends it: WAIT_IO_COMPLETION.
BOOL GetOverlappedResultEx(HANDLE file, LPOVERLAPPED overlapped, LPDWORD bytes, DWORD milliseconds,
                           BOOL alertable);

// True once the operation has completed. (A macro on Windows. May be polled by any thread.)
inline bool HasOverlappedIoCompleted(const OVERLAPPED* overlapped) {
  std::atomic_ref<ULONG_PTR> internal(const_cast<OVERLAPPED*>(overlapped)->Internal);
  return internal.load(std::memory_order_acquire) != static_cast<ULONG_PTR>(STATUS_PENDING);
}
