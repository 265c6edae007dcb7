// The Win32 functions of ports, and those that take any kind of handle.
#include <thread>
#include <vector>

#include "iocp/linux/api_result.h"
#include "iocp/linux/completion_port.h"
#include "iocp/linux/errors.h"
#include "iocp/linux/event.h"
#include "iocp/linux/file.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/timer.h"
#include "iocp/linux/trace.h"
#include "iocp/linux/win32_port.h"

using iocp::CompletionPort;
using iocp::Deadline;
using iocp::Event;
using iocp::Fail;
using iocp::File;
using iocp::HandleTable;
using iocp::Object;
using iocp::ObjectKind;
using iocp::Packet;
using iocp::Ref;
using iocp::Result;
using iocp::Self;
using iocp::Socket;

DWORD GetLastError() {
  return Self().last_error;
}

void SetLastError(DWORD error) {
  Self().last_error = error;
}

BOOL CloseHandle(HANDLE handle) {
  const Ref<Object> object = HandleTable::FindAny(handle);
  if (!object) return Result(ERROR_INVALID_HANDLE);
  // Close before Remove: while a port can be found it is either open or knows that it is closed.
  if (object->kind() == ObjectKind::kPort) static_cast<CompletionPort&>(*object).Close();
  if (object->kind() == ObjectKind::kFile) static_cast<File&>(*object).Close();
  if (object->kind() == ObjectKind::kTimer) static_cast<iocp::Timer&>(*object).Close();
  if (!HandleTable::Remove(handle)) return Result(ERROR_INVALID_HANDLE);
  if (object->kind() == ObjectKind::kSocket) static_cast<Socket&>(*object).Close();
  return TRUE;
}

// --- port --------------------------------------------------------------------------------------------

HANDLE CreateIoCompletionPort(HANDLE file, HANDLE existing_port, ULONG_PTR completion_key,
                              DWORD concurrency) {
  Ref<CompletionPort> port;
  if (existing_port != nullptr) {
    if (file == INVALID_HANDLE_VALUE) return Fail<HANDLE>(ERROR_INVALID_PARAMETER, nullptr);
    port = HandleTable::Find<CompletionPort>(existing_port);
    if (!port) return Fail<HANDLE>(ERROR_INVALID_HANDLE, nullptr);
  }
  Ref<Object> device;
  if (file != INVALID_HANDLE_VALUE) {
    device = HandleTable::FindAny(file);
    if (!device) return Fail<HANDLE>(ERROR_INVALID_HANDLE, nullptr);
  }
  HANDLE handle = existing_port;
  if (!port) {
    CompletionPort* const created = CompletionPort::Create(concurrency);
    if (created == nullptr) return Fail<HANDLE>(ERROR_NO_SYSTEM_RESOURCES, nullptr);
    handle = created->handle();
    port = Ref<CompletionPort>::Share(created);
  }
  if (!device) return handle;
  const DWORD error = device->Associate(port.get(), completion_key);
  if (error == ERROR_SUCCESS) return handle;
  if (existing_port == nullptr) CloseHandle(handle);
  return Fail<HANDLE>(error, nullptr);
}

BOOL GetQueuedCompletionStatus(HANDLE port_handle, LPDWORD bytes, PULONG_PTR completion_key,
                               LPOVERLAPPED* overlapped, DWORD milliseconds) {
  if (overlapped != nullptr) *overlapped = nullptr;
  const auto port = HandleTable::Find<CompletionPort>(port_handle);
  if (!port) return Result(ERROR_INVALID_HANDLE);
  if (bytes == nullptr || completion_key == nullptr || overlapped == nullptr) {
    return Result(ERROR_INVALID_PARAMETER);
  }
  Packet packet{};
  std::size_t count = 0;
  const DWORD error = port->Dequeue({&packet, 1}, &count, Deadline(milliseconds), false);
  if (error != ERROR_SUCCESS) return Result(error);
  *bytes = packet.dwNumberOfBytesTransferred;
  *completion_key = packet.lpCompletionKey;
  *overlapped = packet.lpOverlapped;
  const auto status = static_cast<NTSTATUS>(static_cast<ULONG>(packet.Internal));
  return status >= 0 ? TRUE : Result(iocp::Win32FromStatus(status));  // P7, P8
}

BOOL GetQueuedCompletionStatusEx(HANDLE port_handle, LPOVERLAPPED_ENTRY entries, ULONG count,
                                 PULONG removed, DWORD milliseconds, BOOL alertable) {
  const auto port = HandleTable::Find<CompletionPort>(port_handle);
  if (!port) return Result(ERROR_INVALID_HANDLE);
  if (entries == nullptr || count == 0 || removed == nullptr)
    return Result(ERROR_INVALID_PARAMETER);
  std::size_t taken = 0;
  const DWORD error =
      port->Dequeue({entries, count}, &taken, Deadline(milliseconds), alertable != FALSE);
  *removed = static_cast<ULONG>(taken);
  return Result(error);
}

BOOL PostQueuedCompletionStatus(HANDLE port_handle, DWORD bytes, ULONG_PTR completion_key,
                                LPOVERLAPPED overlapped) {
  const auto port = HandleTable::Find<CompletionPort>(port_handle);
  if (!port) return Result(ERROR_INVALID_HANDLE);
  iocp::Wakes wakes;
  port->Enqueue({.lpCompletionKey = completion_key,
                 .lpOverlapped = overlapped,
                 .Internal = 0,
                 .dwNumberOfBytesTransferred = bytes},
                wakes);
  return TRUE;
}

BOOL SetFileCompletionNotificationModes(HANDLE file, UCHAR flags) {
  if ((flags & ~(FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE)) != 0) {
    return Result(ERROR_INVALID_PARAMETER);
  }
  const Ref<Object> object = HandleTable::FindAny(file);
  return Result(object ? object->SetNotificationModes(flags) : ERROR_INVALID_HANDLE);
}

BOOL CancelIoEx(HANDLE file, LPOVERLAPPED overlapped) {
  const Ref<Object> object = HandleTable::FindAny(file);
  return Result(object ? object->Cancel(overlapped, 0) : ERROR_INVALID_HANDLE);
}

BOOL CancelIo(HANDLE file) {
  const Ref<Object> object = HandleTable::FindAny(file);
  const DWORD error = object ? object->Cancel(nullptr, Self().id) : ERROR_INVALID_HANDLE;
  return Result(error == ERROR_NOT_FOUND ? ERROR_SUCCESS : error);
}

namespace {

BOOL ResultOf(const OVERLAPPED* overlapped, LPDWORD bytes) {
  *bytes = static_cast<DWORD>(overlapped->InternalHigh);
  const auto status = static_cast<NTSTATUS>(static_cast<ULONG>(overlapped->Internal));
  return status >= 0 ? TRUE : Result(iocp::Win32FromStatus(status));
}

// Without a file it is the event that is waited for, whoever sets it (P144).
BOOL ResultOfEvent(const OVERLAPPED* overlapped, LPDWORD bytes, DWORD milliseconds,
                   BOOL alertable) {
  const DWORD result = WaitForSingleObjectEx(overlapped->hEvent, milliseconds, alertable);
  if (result == WAIT_FAILED) return FALSE;
  if (result != WAIT_OBJECT_0) return Result(result);
  return ResultOf(overlapped, bytes);
}

}  // namespace

BOOL GetOverlappedResultEx(HANDLE file, LPOVERLAPPED overlapped, LPDWORD bytes, DWORD milliseconds,
                           BOOL alertable) {
  if (milliseconds != 0 && !HasOverlappedIoCompleted(overlapped)) {
    if (file == nullptr) return ResultOfEvent(overlapped, bytes, milliseconds, alertable);
    const DWORD result = iocp::WaitForOverlapped(overlapped, milliseconds, alertable != FALSE);
    if (result != WAIT_OBJECT_0) return Result(result);
    const auto event = HandleTable::Find<Event>(
        reinterpret_cast<HANDLE>(reinterpret_cast<ULONG_PTR>(overlapped->hEvent) & ~ULONG_PTR{1}));
    if (event) event->signal()->Take();  // an auto-reset event is used up by this wait
  }
  if (!HasOverlappedIoCompleted(overlapped)) return Result(ERROR_IO_INCOMPLETE);
  return ResultOf(overlapped, bytes);
}

BOOL GetOverlappedResult(HANDLE file, LPOVERLAPPED overlapped, LPDWORD bytes, BOOL wait) {
  return GetOverlappedResultEx(file, overlapped, bytes, wait != FALSE ? INFINITE : 0, FALSE);
}

// --- inspect.h ---------------------------------------------------------------------------------------

std::optional<iocp::PortSnapshot> iocp::TakeSnapshot(HANDLE port_handle) {
  const auto port = HandleTable::Find<CompletionPort>(port_handle);
  if (!port) return std::nullopt;
  return port->Snapshot();
}

std::optional<iocp::PortSizes> iocp::ReadSizes(HANDLE port_handle) {
  const auto port = HandleTable::Find<CompletionPort>(port_handle);
  if (!port) return std::nullopt;
  return port->Sizes();
}

bool iocp::WaitUntilParked(HANDLE port_handle, std::size_t count,
                           std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    const auto snapshot = TakeSnapshot(port_handle);
    if (!snapshot) return false;
    if (snapshot->waiting_threads.size() >= count) return true;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::yield();
  }
}
