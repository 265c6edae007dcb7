// The Win32 functions that wait for objects.
#include <array>

#include "iocp/linux/api_result.h"
#include "iocp/linux/event.h"
#include "iocp/linux/waitable.h"
#include "iocp/linux/win32_events.h"
#include "iocp/linux/win32_sockets.h"

using iocp::Event;
using iocp::Fail;
using iocp::HandleTable;
using iocp::Object;
using iocp::Ref;
using iocp::Result;
using iocp::Signal;

DWORD WaitForSingleObject(HANDLE handle, DWORD milliseconds) {
  return WaitForSingleObjectEx(handle, milliseconds, FALSE);
}

DWORD WaitForSingleObjectEx(HANDLE handle, DWORD milliseconds, BOOL alertable) {
  const Ref<Object> object = HandleTable::FindAny(handle);
  Signal* const signal = object ? object->signal() : nullptr;
  if (signal == nullptr) return Fail(ERROR_INVALID_HANDLE, WAIT_FAILED);
  return iocp::WaitFor({&signal, 1}, false, milliseconds, alertable != FALSE);
}

DWORD WaitForMultipleObjects(DWORD count, const HANDLE* handles, BOOL wait_all,
                             DWORD milliseconds) {
  return WaitForMultipleObjectsEx(count, handles, wait_all, milliseconds, FALSE);
}

DWORD WaitForMultipleObjectsEx(DWORD count, const HANDLE* handles, BOOL wait_all,
                               DWORD milliseconds, BOOL alertable) {
  if (count == 0 || count > MAXIMUM_WAIT_OBJECTS || handles == nullptr) {
    return Fail(ERROR_INVALID_PARAMETER, WAIT_FAILED);
  }
  std::array<Ref<Object>, MAXIMUM_WAIT_OBJECTS> objects;
  std::array<Signal*, MAXIMUM_WAIT_OBJECTS> signals;
  for (DWORD i = 0; i < count; ++i) {
    objects[i] = HandleTable::FindAny(handles[i]);
    signals[i] = objects[i] ? objects[i]->signal() : nullptr;
    if (signals[i] == nullptr) return Fail(ERROR_INVALID_HANDLE, WAIT_FAILED);
    // Windows refuses the same object twice when all are waited for. When any will do, the second
    // could never be the first that is signalled.
    for (DWORD before = 0; before < i; ++before) {
      if (signals[before] == signals[i] && wait_all != FALSE)
        return Fail(ERROR_INVALID_PARAMETER, WAIT_FAILED);
    }
  }
  return iocp::WaitFor({signals.data(), count}, wait_all != FALSE, milliseconds,
                       alertable != FALSE);
}

// --- winsock's names ---------------------------------------------------------------------------------

WSAEVENT WSACreateEvent() {
  return CreateEventW(nullptr, TRUE, FALSE, nullptr);
}

BOOL WSASetEvent(WSAEVENT event) {
  return SetEvent(event);
}

BOOL WSAResetEvent(WSAEVENT event) {
  return ResetEvent(event);
}

BOOL WSACloseEvent(WSAEVENT event) {
  if (HandleTable::Find<Event>(event)) return CloseHandle(event);
  return Result(WSA_INVALID_HANDLE);
}

DWORD WSAWaitForMultipleEvents(DWORD count, const WSAEVENT* events, BOOL wait_all,
                               DWORD milliseconds, BOOL alertable) {
  return WaitForMultipleObjectsEx(count, events, wait_all, milliseconds, alertable);
}
