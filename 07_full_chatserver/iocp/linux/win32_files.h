// Files, as much as the lesson "a device is not only a socket" needs.
#pragma once

#include "iocp/linux/win32_errors.h"
#include "iocp/linux/win32_types.h"

#define GENERIC_READ 0x80000000u
#define GENERIC_WRITE 0x40000000u
#define FILE_SHARE_READ 0x1u
#define FILE_SHARE_WRITE 0x2u
#define FILE_SHARE_DELETE 0x4u
#define CREATE_NEW 1u
#define CREATE_ALWAYS 2u
#define OPEN_EXISTING 3u
#define OPEN_ALWAYS 4u
#define TRUNCATE_EXISTING 5u
#define FILE_ATTRIBUTE_NORMAL 0x80u
#define FILE_FLAG_OVERLAPPED 0x40000000u

// Opens a file (UTF-8 path for A, wide for W). Share modes are accepted and not enforced;
// attributes and template must be null. INVALID_HANDLE_VALUE and GetLastError on failure.
HANDLE CreateFileA(LPCSTR path, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES attributes,
                   DWORD disposition, DWORD flags, HANDLE template_file);
HANDLE CreateFileW(LPCWSTR path, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES attributes,
                   DWORD disposition, DWORD flags, HANDLE template_file);

// With an OVERLAPPED: at Offset/OffsetHigh, usually pending (ERROR_IO_PENDING); reading at or past
// the end of the file fails with ERROR_HANDLE_EOF (P40). On a handle opened without
// FILE_FLAG_OVERLAPPED and with overlapped = nullptr: at the file pointer, done when the call
// returns.
BOOL ReadFile(HANDLE file, LPVOID buffer, DWORD length, LPDWORD bytes, LPOVERLAPPED overlapped);
BOOL WriteFile(HANDLE file, LPCVOID buffer, DWORD length, LPDWORD bytes, LPOVERLAPPED overlapped);

BOOL GetFileSizeEx(HANDLE file, PLARGE_INTEGER size);
