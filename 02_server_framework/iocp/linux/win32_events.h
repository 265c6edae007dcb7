// Events, waits, and asynchronous procedure calls (APC).
#pragma once

#include "iocp/linux/win32_errors.h"
#include "iocp/linux/win32_types.h"

#define THREAD_SET_CONTEXT 0x0010u

using PAPCFUNC = void (*)(ULONG_PTR parameter);

#define SYNCHRONIZE 0x00100000u
#define THREAD_ALL_ACCESS 0x001FFFFFu

// Events have no names and no security attributes here: all these pointers must be
// nullptr, and a name does not compile.
HANDLE CreateEventW(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset, BOOL initial_state,
                    std::nullptr_t name);
inline HANDLE CreateEventA(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset, BOOL initial_state,
                           std::nullptr_t name) {
  return CreateEventW(attributes, manual_reset, initial_state, name);
}
#define CreateEvent CreateEventW
template <typename Character>
struct events_have_no_names_here_pass_nullptr* CreateEventW(LPSECURITY_ATTRIBUTES, BOOL, BOOL,
                                                            const Character* name) = delete;
template <typename Character>
struct events_have_no_names_here_pass_nullptr* CreateEventA(LPSECURITY_ATTRIBUTES, BOOL, BOOL,
                                                            const Character* name) = delete;
BOOL SetEvent(HANDLE event);
BOOL ResetEvent(HANDLE event);

// Timers (P136). `due`: in units of 100 ns, negative from now on, positive since 1601. `period` in
// milliseconds, 0: once. The routine runs in the calling thread when that waits alertably (the time
// that it is given is 0). Setting resets the timer, cancelling leaves it as it is.
using PTIMERAPCROUTINE = void (*)(LPVOID parameter, DWORD time_low, DWORD time_high);
HANDLE CreateWaitableTimerW(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset,
                            std::nullptr_t name);
inline HANDLE CreateWaitableTimerA(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset,
                                   std::nullptr_t name) {
  return CreateWaitableTimerW(attributes, manual_reset, name);
}
#define CreateWaitableTimer CreateWaitableTimerW
BOOL SetWaitableTimer(HANDLE timer, const LARGE_INTEGER* due, LONG period, PTIMERAPCROUTINE routine,
                      LPVOID parameter, BOOL resume);
BOOL CancelWaitableTimer(HANDLE timer);

// Waits for an event, the end of a thread, or the end of an operation on a file or socket handle
// (P102, P106, P127). A thread of a port frees its place there while it waits (P12). Returns
// WAIT_OBJECT_0 (+ index of the object), WAIT_TIMEOUT, WAIT_IO_COMPLETION (alertable, nothing was
// signalled and an APC ran), WAIT_FAILED.
DWORD WaitForSingleObject(HANDLE object, DWORD milliseconds);
DWORD WaitForSingleObjectEx(HANDLE object, DWORD milliseconds, BOOL alertable);

// At most MAXIMUM_WAIT_OBJECTS of them (ERROR_INVALID_PARAMETER). For any: the first in the array
// that is signalled. For all: all at once, or none is touched; none may be there twice (the same
// error).
DWORD WaitForMultipleObjects(DWORD count, const HANDLE* objects, BOOL wait_all, DWORD milliseconds);
DWORD WaitForMultipleObjectsEx(DWORD count, const HANDLE* objects, BOOL wait_all,
                               DWORD milliseconds, BOOL alertable);

// Sleeps; with `alertable`, an APC ends it early: WAIT_IO_COMPLETION, otherwise 0. Frees the place
// (P12).
DWORD SleepEx(DWORD milliseconds, BOOL alertable);
void Sleep(DWORD milliseconds);

// Queues a call that `thread` makes when it next waits alertably. 0 and ERROR_GEN_FAILURE when it
// has ended. A thread is named by the handle that CreateThread gave (win32_threads.h), by
// GetCurrentThread() for itself, or by OpenThread(THREAD_SET_CONTEXT, FALSE, id) with the id which
// it read from GetCurrentThreadId itself. (The id of a thread is a small number here.)
DWORD QueueUserAPC(PAPCFUNC function, HANDLE thread, ULONG_PTR parameter);
DWORD GetCurrentThreadId();
inline HANDLE GetCurrentThread() {
  return reinterpret_cast<HANDLE>(static_cast<LONG_PTR>(-2));
}
HANDLE OpenThread(DWORD access, BOOL inherit, DWORD thread_id);
