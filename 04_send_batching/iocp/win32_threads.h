// Threads and locks of Win32, for programs written with them; what the port itself needs (ports,
// events, waits, APCs) is in iocp.h. On Windows these are the system's headers.
//
// Elsewhere they are thin: a thread is a pthread with a handle that can be waited for, the locks
// are a futex word or a pthread mutex, the Interlocked functions are the compiler's. Like every
// wait of this API a thread that blocks in one of the locks frees its place in its port (P12), and
// std::mutex cannot do that: user space does not see it.
#pragma once

#include "iocp/iocp.h"

#ifdef _WIN32
#include <process.h>
#else
#include "iocp/linux/win32/interlocked.h"
#include "iocp/linux/win32/locks.h"
#include "iocp/linux/win32/threads.h"
#endif
