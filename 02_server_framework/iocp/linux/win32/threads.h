// Threads. See iocp/win32_threads.h.
#pragma once

#include "iocp/linux/win32_events.h"
#include "iocp/linux/win32_types.h"

#define CREATE_SUSPENDED 0x4u
#define STACK_SIZE_PARAM_IS_A_RESERVATION 0x10000u

using LPTHREAD_START_ROUTINE = DWORD (*)(LPVOID parameter);
using PTHREAD_START_ROUTINE = LPTHREAD_START_ROUTINE;

// Starts a thread. Its handle is signalled once the thread has ended, the destructors of its
// thread_local objects included, and is closed by CloseHandle, which does not end the thread. APCs
// queued before it begins run first. nullptr and ERROR_NOT_ENOUGH_MEMORY when there can be no more
// threads. `attributes` must be nullptr; stack size 0: the default.
HANDLE CreateThread(LPSECURITY_ATTRIBUTES attributes, SIZE_T stack_size,
                    LPTHREAD_START_ROUTINE start, LPVOID parameter, DWORD flags, LPDWORD thread_id);
std::uintptr_t _beginthreadex(void* attributes, unsigned stack_size, unsigned (*start)(void*),
                              void* parameter, unsigned flags, unsigned* thread_id);

// Ends the calling thread. (Here its C++ objects are destroyed on the way out, on Windows not.)
[[noreturn]] void ExitThread(DWORD code);
[[noreturn]] void _endthreadex(unsigned code);

// Lets a thread made with CREATE_SUSPENDED begin: 1, or 0 when it had begun; -1: no thread.
DWORD ResumeThread(HANDLE thread);
BOOL GetExitCodeThread(HANDLE thread, LPDWORD code);  // STILL_ACTIVE while it runs
DWORD GetThreadId(HANDLE thread);
BOOL SwitchToThread();
