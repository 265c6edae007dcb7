// Events, waits, and asynchronous procedure calls (APC).
#pragma once

#include "iocp/linux/win32_errors.h"
#include "iocp/linux/win32_types.h"

#define THREAD_SET_CONTEXT 0x0010u

using PAPCFUNC = void (*)(ULONG_PTR parameter);

// Events have no names and no security attributes here: both pointers must be nullptr.
HANDLE CreateEventW(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset, BOOL initial_state,
                    std::nullptr_t name);
BOOL SetEvent(HANDLE event);
BOOL ResetEvent(HANDLE event);

// Waits for an event. A thread of a port frees its place there while it waits (P12).
// Returns WAIT_OBJECT_0, WAIT_TIMEOUT, WAIT_IO_COMPLETION (alertable and an APC ran), WAIT_FAILED.
DWORD WaitForSingleObject(HANDLE event, DWORD milliseconds);
DWORD WaitForSingleObjectEx(HANDLE event, DWORD milliseconds, BOOL alertable);

// Sleeps; with `alertable`, an APC ends it early: WAIT_IO_COMPLETION, otherwise 0. Frees the place
// (P12).
DWORD SleepEx(DWORD milliseconds, BOOL alertable);
void Sleep(DWORD milliseconds);

// Queues a call that `thread` makes when it next waits alertably. 0 and ERROR_GEN_FAILURE when it
// has ended. A thread is named as in Win32 by OpenThread(THREAD_SET_CONTEXT, FALSE, id) with the id
// which it read from GetCurrentThreadId itself. (The id of a thread is a small number here.)
DWORD QueueUserAPC(PAPCFUNC function, HANDLE thread, ULONG_PTR parameter);
DWORD GetCurrentThreadId();
HANDLE OpenThread(DWORD access, BOOL inherit, DWORD thread_id);
