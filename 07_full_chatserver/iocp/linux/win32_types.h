// Win32's basic types, sizes as on 64-bit Windows: a DWORD is 32 bits, handles are pointer-sized.
// (Do not print a DWORD with %lu: on Windows it is unsigned long, here uint32_t. Use a stream or
// fmt.)
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

using BOOL = int;
using BYTE = std::uint8_t;
using CHAR = char;
using UCHAR = unsigned char;
using WCHAR = wchar_t;
using SHORT = std::int16_t;
using USHORT = std::uint16_t;
using WORD = std::uint16_t;
using INT = int;
using UINT = unsigned int;
using LONG = std::int32_t;
using ULONG = std::uint32_t;
using DWORD = std::uint32_t;
using LONGLONG = std::int64_t;
using ULONGLONG = std::uint64_t;
using LONG_PTR = std::intptr_t;
using ULONG_PTR = std::uintptr_t;
using DWORD_PTR = std::uintptr_t;
using SIZE_T = std::size_t;
using PVOID = void*;
using LPVOID = void*;
using LPCVOID = const void*;
using LPBOOL = BOOL*;
using LPDWORD = DWORD*;
using PDWORD = DWORD*;
using PULONG = ULONG*;
using PULONG_PTR = ULONG_PTR*;
using LPSTR = char*;
using LPCSTR = const char*;
using LPWSTR = wchar_t*;
using LPCWSTR = const wchar_t*;
using NTSTATUS = LONG;

// A handle names an object of the port's own handle table: index and generation, low two bits
// clear. It is never a descriptor number (P39).
using HANDLE = void*;
using PHANDLE = HANDLE*;

#define TRUE 1
#define FALSE 0
#define INFINITE 0xFFFFFFFFu
#define INVALID_HANDLE_VALUE (reinterpret_cast<HANDLE>(static_cast<LONG_PTR>(-1)))
#define WINAPI
#define CALLBACK
#define NTAPI
#define PASCAL
#define MAKEWORD(low, high) \
  (static_cast<WORD>(static_cast<BYTE>(low) | (static_cast<WORD>(static_cast<BYTE>(high)) << 8)))
#define LOBYTE(word) (static_cast<BYTE>(word))
#define HIBYTE(word) (static_cast<BYTE>(static_cast<WORD>(word) >> 8))

struct GUID {
  std::uint32_t Data1;
  std::uint16_t Data2;
  std::uint16_t Data3;
  std::uint8_t Data4[8];
};

union LARGE_INTEGER {
  struct {
    DWORD LowPart;
    LONG HighPart;
  } u;
  LONGLONG QuadPart;
};
using PLARGE_INTEGER = LARGE_INTEGER*;

struct SECURITY_ATTRIBUTES;  // only ever passed as nullptr
using LPSECURITY_ATTRIBUTES = SECURITY_ATTRIBUTES*;

// One operation's receipt. Internal is the NT status (STATUS_PENDING until it completes, P18),
// InternalHigh the bytes moved. Programs derive from it or embed it.
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"  // the anonymous struct is Win32's layout
#endif
struct OVERLAPPED {
  ULONG_PTR Internal;
  ULONG_PTR InternalHigh;
  union {
    struct {
      DWORD Offset;
      DWORD OffsetHigh;
    };
    PVOID Pointer;
  };
  HANDLE hEvent;
};
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
using LPOVERLAPPED = OVERLAPPED*;

struct OVERLAPPED_ENTRY {
  ULONG_PTR lpCompletionKey;
  LPOVERLAPPED lpOverlapped;
  ULONG_PTR Internal;
  DWORD dwNumberOfBytesTransferred;
};
using LPOVERLAPPED_ENTRY = OVERLAPPED_ENTRY*;

// Last error of the calling thread; the winsock functions use the same slot.
DWORD GetLastError();
void SetLastError(DWORD error);

// Closes a port, an event, a file or a thread handle (sockets: closesocket).
// Errors: ERROR_INVALID_HANDLE, also when the handle was closed before.
BOOL CloseHandle(HANDLE handle);
