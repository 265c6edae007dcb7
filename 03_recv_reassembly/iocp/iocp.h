// The Win32 completion-port API, for one source on both systems.
//
// On Windows this header is the system headers and nothing else. Elsewhere it declares a subset of
// the same API with the same names, types, constants and observable behaviour, implemented in user
// space in iocp/linux/ (the promises are listed in iocp/PROMISES.md and PROMISES_API.md; code cites
// them by number).
//
// What the subset leaves out does not compile, and the message names what to use
// (linux/win32_left_out.h). What user space cannot reproduce, in one place:
//   - A thread that blocks in a call of *this* API frees its place in the port (P12). A thread that
//     blocks in any other way (std::mutex, std::this_thread::sleep_for, ::read on a pipe) cannot be
//     seen from user space and goes on counting as running. Windows sees both.
//     So a thread that has dequeued, even with a time-out, and then joins the port's other threads
//     keeps its place meanwhile: with concurrency 1 they would wait for it for ever. Let another
//     thread do the joining.
//   - Wide characters are 32 bits here (wchar_t), 16 bits on Windows.
//   - fork() without exec is not supported: the port's helper thread does not survive it.
// Wherever a pointer is handed to the API for the length of an operation (OVERLAPPED, data
// buffers), it must stay valid until the completion packet (or the event) has been received, as on
// Windows.
#pragma once

#ifdef _WIN32

#include <winsock2.h>
// (order matters: winsock2.h before the others)
#include <mswsock.h>
#include <windows.h>
#include <ws2tcpip.h>

#else

#include "iocp/linux/win32_errors.h"
#include "iocp/linux/win32_events.h"
#include "iocp/linux/win32_extensions.h"
#include "iocp/linux/win32_files.h"
#include "iocp/linux/win32_port.h"
#include "iocp/linux/win32_sockets.h"
#include "iocp/linux/win32_types.h"

#endif
