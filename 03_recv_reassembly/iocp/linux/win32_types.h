// Win32's basic types, with the sizes and signs of 64-bit Windows (tests/iocp/unit_api_types.cc
// holds them to it on both systems): a DWORD is 32 bits, handles are pointer-sized. (Do not print a
// DWORD with %lu: on Windows it is unsigned long, here uint32_t. Use a stream or fmt.)
#pragma once

#include <sys/types.h>  // before u_long is renamed below

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

using BOOL = int;
using BOOLEAN = std::uint8_t;
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
using DWORD64 = std::uint64_t;
using INT8 = std::int8_t;
using UINT8 = std::uint8_t;
using INT16 = std::int16_t;
using UINT16 = std::uint16_t;
using INT32 = std::int32_t;
using UINT32 = std::uint32_t;
using INT64 = std::int64_t;
using UINT64 = std::uint64_t;
using LONG64 = std::int64_t;
using ULONG64 = std::uint64_t;
using FLOAT = float;
using INT_PTR = std::intptr_t;
using UINT_PTR = std::uintptr_t;
using LONG_PTR = std::intptr_t;
using ULONG_PTR = std::uintptr_t;
using DWORD_PTR = std::uintptr_t;
using SIZE_T = std::size_t;
using SSIZE_T = std::intptr_t;
#define VOID void
using PVOID = void*;
using LPVOID = void*;
using LPCVOID = const void*;
using PBOOL = BOOL*;
using LPBOOL = BOOL*;
using PBYTE = BYTE*;
using LPBYTE = BYTE*;
using PCHAR = CHAR*;
using PUCHAR = UCHAR*;
using PUSHORT = USHORT*;
using PWORD = WORD*;
using LPWORD = WORD*;
using PINT = INT*;
using LPINT = INT*;
using PUINT = UINT*;
using PLONG = LONG*;
using LPLONG = LONG*;
using PULONG = ULONG*;
using LPDWORD = DWORD*;
using PDWORD = DWORD*;
using PDWORD_PTR = DWORD_PTR*;
using PLONG_PTR = LONG_PTR*;
using PULONG_PTR = ULONG_PTR*;
using PSIZE_T = SIZE_T*;
using LPSTR = char*;
using PSTR = char*;
using LPCSTR = const char*;
using PCSTR = const char*;
using LPWSTR = wchar_t*;
using PWSTR = wchar_t*;
using LPCWSTR = const wchar_t*;
using PCWSTR = const wchar_t*;
using NTSTATUS = LONG;
using HRESULT = LONG;

// <sys/types.h> of the C library has a u_long of 64 bits; Windows' has 32, and ioctlsocket stores
// through a pointer to one. A second typedef of that name is an error and the C library's header
// usually comes first, through <cstdlib>, so the name means another type from here on. Nothing that
// was declared before changes; of the system's headers only those of RPC use u_long, and they must
// be included before this one. (ioctlsocket takes a pointer to the 64-bit type as well.)
#define u_long ULONG

// Compiler words of the usual Windows program.
#define __int8 char
#define __int16 short
#define __int32 int
#define __int64 long long
#define __stdcall
#define __cdecl
#define IN
#define OUT

// A handle names an object of the port's own handle table: index and generation, low two bits
// clear. It is never a descriptor number (P39).
using HANDLE = void*;
using PHANDLE = HANDLE*;
using LPHANDLE = HANDLE*;

#define S_OK (static_cast<HRESULT>(0))
#define S_FALSE (static_cast<HRESULT>(1))
#define E_FAIL (static_cast<HRESULT>(0x80004005u))
#define SUCCEEDED(result) (static_cast<HRESULT>(result) >= 0)
#define FAILED(result) (static_cast<HRESULT>(result) < 0)
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
#define LOWORD(number) (static_cast<WORD>(static_cast<DWORD_PTR>(number) & 0xFFFF))
#define HIWORD(number) (static_cast<WORD>((static_cast<DWORD_PTR>(number) >> 16) & 0xFFFF))
#define LOBYTE(word) (static_cast<BYTE>(word))
#define HIBYTE(word) (static_cast<BYTE>(static_cast<WORD>(word) >> 8))

struct GUID {
  std::uint32_t Data1;
  std::uint16_t Data2;
  std::uint16_t Data3;
  std::uint8_t Data4[8];
};

struct SECURITY_ATTRIBUTES;  // only ever passed as nullptr
using LPSECURITY_ATTRIBUTES = SECURITY_ATTRIBUTES*;

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"  // the anonymous structs are Win32's layout
#endif
union LARGE_INTEGER {
  struct {
    DWORD LowPart;
    LONG HighPart;
  };
  struct {
    DWORD LowPart;
    LONG HighPart;
  } u;
  LONGLONG QuadPart;
};
using PLARGE_INTEGER = LARGE_INTEGER*;
union ULARGE_INTEGER {
  struct {
    DWORD LowPart;
    DWORD HighPart;
  };
  struct {
    DWORD LowPart;
    DWORD HighPart;
  } u;
  ULONGLONG QuadPart;
};

// One operation's receipt. Internal is the NT status (STATUS_PENDING until it completes, P18),
// InternalHigh the bytes moved. Programs derive from it or embed it.
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

// Called in the thread that issued the operation, when it next waits alertably (P125).
using LPWSAOVERLAPPED_COMPLETION_ROUTINE = void (*)(DWORD error, DWORD bytes,
                                                    OVERLAPPED* overlapped, DWORD flags);

struct OVERLAPPED_ENTRY {
  ULONG_PTR lpCompletionKey;
  LPOVERLAPPED lpOverlapped;
  ULONG_PTR Internal;
  DWORD dwNumberOfBytesTransferred;
};
using LPOVERLAPPED_ENTRY = OVERLAPPED_ENTRY*;

// The object that has `address` as its member `field`: from an OVERLAPPED back to its operation.
#define CONTAINING_RECORD(address, type, field) \
  (reinterpret_cast<type*>(reinterpret_cast<ULONG_PTR>(address) - offsetof(type, field)))

// Macros on Windows.
inline void ZeroMemory(void* destination, SIZE_T length) {
  std::memset(destination, 0, length);
}
inline void FillMemory(void* destination, SIZE_T length, int byte) {
  std::memset(destination, byte, length);
}
inline void CopyMemory(void* destination, const void* source, SIZE_T length) {
  std::memcpy(destination, source, length);
}
inline void MoveMemory(void* destination, const void* source, SIZE_T length) {
  std::memmove(destination, source, length);
}

// The machine: page size, processors that this process may run on.
struct SYSTEM_INFO {
  DWORD dwOemId;
  DWORD dwPageSize;
  LPVOID lpMinimumApplicationAddress;
  LPVOID lpMaximumApplicationAddress;
  DWORD_PTR dwActiveProcessorMask;
  DWORD dwNumberOfProcessors;
  DWORD dwProcessorType;
  DWORD dwAllocationGranularity;
  WORD wProcessorLevel;
  WORD wProcessorRevision;
};
using LPSYSTEM_INFO = SYSTEM_INFO*;
void GetSystemInfo(LPSYSTEM_INFO info);

BOOL QueryPerformanceCounter(PLARGE_INTEGER count);
BOOL QueryPerformanceFrequency(PLARGE_INTEGER per_second);

// Milliseconds since the machine was started.
ULONGLONG GetTickCount64();
DWORD GetTickCount();

// Last error of the calling thread; the winsock functions use the same slot.
DWORD GetLastError();
void SetLastError(DWORD error);

// Closes a port, an event, a file, a thread, a timer; a socket too, though closesocket is its name.
// Errors: ERROR_INVALID_HANDLE, also when the handle was closed before.
BOOL CloseHandle(HANDLE handle);
