// The machine, the clock, and addresses as text.
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "iocp/linux/win32_sockets.h"
#include "iocp/linux/win32_types.h"

void GetSystemInfo(LPSYSTEM_INFO info) {
  *info = {};
  const long page = ::sysconf(_SC_PAGESIZE);
  info->dwPageSize = static_cast<DWORD>(page);
  info->dwAllocationGranularity = static_cast<DWORD>(page);
  info->lpMinimumApplicationAddress = reinterpret_cast<LPVOID>(page);
  info->lpMaximumApplicationAddress = reinterpret_cast<LPVOID>(0x7FFFFFFFEFFF);
  // The processors that the process may use are what a number of threads is derived from.
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    info->dwNumberOfProcessors = static_cast<DWORD>(CPU_COUNT(&allowed));
    for (unsigned i = 0; i < 64; ++i) {
      if (CPU_ISSET(i, &allowed)) info->dwActiveProcessorMask |= DWORD_PTR{1} << i;
    }
  } else {
    info->dwNumberOfProcessors = static_cast<DWORD>(::sysconf(_SC_NPROCESSORS_ONLN));
  }
}

BOOL QueryPerformanceCounter(PLARGE_INTEGER count) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  count->QuadPart = LONGLONG{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  return TRUE;
}

BOOL QueryPerformanceFrequency(PLARGE_INTEGER per_second) {
  per_second->QuadPart = 1'000'000'000;
  return TRUE;
}

ULONGLONG GetTickCount64() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<ULONGLONG>(now.tv_sec) * 1000 +
         static_cast<ULONGLONG>(now.tv_nsec) / 1'000'000;
}

DWORD GetTickCount() {
  return static_cast<DWORD>(GetTickCount64());
}

// Addresses are ASCII: a character of theirs is the same number, narrow or wide.

INT InetPtonW(INT family, LPCWSTR text, PVOID address) {
  if (text == nullptr || address == nullptr) {
    WSASetLastError(WSAEFAULT);
    return -1;
  }
  std::string narrow;
  for (; *text != 0; ++text) {
    narrow += *text > 0 && *text < 128 ? static_cast<char>(*text) : '?';
  }
  const INT result = ::inet_pton(family, narrow.c_str(), address);
  if (result < 0) WSASetLastError(WSAEAFNOSUPPORT);
  return result;
}

LPCWSTR InetNtopW(INT family, const void* address, LPWSTR text, SIZE_T size) {
  char narrow[INET6_ADDRSTRLEN];
  if (::inet_ntop(family, address, narrow, sizeof narrow) == nullptr) {
    WSASetLastError(WSAEAFNOSUPPORT);
    return nullptr;
  }
  const std::size_t length = std::strlen(narrow) + 1;
  if (text == nullptr || size < length) {
    WSASetLastError(WSA_INVALID_PARAMETER);
    return nullptr;
  }
  for (std::size_t i = 0; i < length; ++i) text[i] = static_cast<wchar_t>(narrow[i]);
  return text;
}
