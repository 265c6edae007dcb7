#include "apps/port_calls.h"

namespace apps {

// [create-port]
HANDLE CreatePort(DWORD concurrency) {
  // <student 01.1>
  return CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, concurrency);
  // </student>
}
// [/create-port]

// [associate]
bool Associate(HANDLE port, SOCKET socket, ULONG_PTR key) {
  // <student 01.1>
  // The last parameter is ignored here: the port has its limit already (P1).
  return CreateIoCompletionPort(reinterpret_cast<HANDLE>(socket), port, key, 0) == port;
  // </student>
}
// [/associate]

// [post-packet]
bool PostPacket(HANDLE port, DWORD bytes, ULONG_PTR key, OVERLAPPED* overlapped) {
  // <student 01.1>
  return PostQueuedCompletionStatus(port, bytes, key, overlapped) != FALSE;
  // </student>
}
// [/post-packet]

}  // namespace apps
