// How the Win32 functions tell an error.
#pragma once

#include "iocp/linux/win32_port.h"

namespace iocp {

// TRUE, or FALSE with the last error set. Success leaves the last error alone.
inline BOOL Result(DWORD error) {
  if (error == ERROR_SUCCESS) return TRUE;
  SetLastError(error);
  return FALSE;
}

// `result` with the last error set.
template <typename T>
T Fail(DWORD error, T result) {
  SetLastError(error);
  return result;
}

}  // namespace iocp
