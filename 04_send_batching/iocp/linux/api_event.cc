// The Win32 functions of events, sleeping and APCs.
#include <time.h>

#include <algorithm>
#include <thread>

#include "iocp/linux/api_result.h"
#include "iocp/linux/completion_port.h"
#include "iocp/linux/counters.h"
#include "iocp/linux/event.h"
#include "iocp/linux/syscalls.h"
#include "iocp/linux/timer.h"
#include "iocp/linux/win32_events.h"

using iocp::Deadline;
using iocp::Event;
using iocp::Fail;
using iocp::HandleTable;
using iocp::Result;
using iocp::Self;

HANDLE CreateEventW(LPSECURITY_ATTRIBUTES, BOOL manual_reset, BOOL initial_state, std::nullptr_t) {
  iocp::CountAllocation();
  const HANDLE handle =
      HandleTable::Insert(new Event(manual_reset != FALSE, initial_state != FALSE));
  if (handle == nullptr) SetLastError(ERROR_NO_SYSTEM_RESOURCES);
  return handle;
}

BOOL SetEvent(HANDLE handle) {
  const auto event = HandleTable::Find<Event>(handle);
  if (!event) return Result(ERROR_INVALID_HANDLE);
  iocp::Wakes wakes;
  event->signal()->Set(wakes);
  return TRUE;
}

BOOL ResetEvent(HANDLE handle) {
  const auto event = HandleTable::Find<Event>(handle);
  if (!event) return Result(ERROR_INVALID_HANDLE);
  event->signal()->Clear();
  return TRUE;
}

DWORD SleepEx(DWORD milliseconds, BOOL alertable) {
  // Sleeping is waiting for something that never happens.
  iocp::Thread& self = Self();
  self.parker.store(0, std::memory_order_relaxed);
  if (alertable != FALSE && !BeginAlertable(self, nullptr)) {
    RunApcs(self);
    return WAIT_IO_COMPLETION;
  }
  const Deadline deadline(milliseconds);
  if (deadline.Passed()) {
    std::this_thread::yield();
  } else {
    const iocp::PausedScope paused;
    while (!deadline.Passed() && self.parker.load(std::memory_order_acquire) == 0) {
      Park(self, deadline.Nanoseconds());
    }
  }
  if (alertable == FALSE) return 0;
  EndAlertable(self, true);
  return RunApcs(self) ? WAIT_IO_COMPLETION : 0;
}

void Sleep(DWORD milliseconds) {
  SleepEx(milliseconds, FALSE);
}

DWORD QueueUserAPC(PAPCFUNC function, HANDLE thread_handle, ULONG_PTR parameter) {
  const std::shared_ptr<iocp::Thread> found = iocp::ThreadOf(thread_handle);
  if (found == nullptr) return Fail(ERROR_INVALID_HANDLE, DWORD{0});
  if (!iocp::QueueApc(*found, {.run = [=] { function(parameter); }})) {
    return Fail(ERROR_GEN_FAILURE, DWORD{0});
  }
  return 1;
}

HANDLE CreateWaitableTimerW(LPSECURITY_ATTRIBUTES, BOOL manual_reset, std::nullptr_t) {
  iocp::CountAllocation();
  const HANDLE handle = HandleTable::Insert(new iocp::Timer(manual_reset != FALSE));
  if (handle == nullptr) SetLastError(ERROR_NO_SYSTEM_RESOURCES);
  return handle;
}

BOOL SetWaitableTimer(HANDLE handle, const LARGE_INTEGER* due, LONG period,
                      PTIMERAPCROUTINE routine, LPVOID parameter, BOOL) {
  const auto timer = HandleTable::Find<iocp::Timer>(handle);
  if (!timer) return Result(ERROR_INVALID_HANDLE);
  if (due == nullptr || period < 0) return Result(ERROR_INVALID_PARAMETER);
  constexpr std::int64_t kFarthest = INT64_MAX / 200;  // 1,461 years, with room to add the clock's
  std::int64_t from_now = -std::max(due->QuadPart, -kFarthest);
  if (due->QuadPart > 0) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    constexpr std::int64_t kFrom1601 = 11'644'473'600;  // seconds to 1970
    from_now = due->QuadPart - ((now.tv_sec + kFrom1601) * 10'000'000 + now.tv_nsec / 100);
  }
  const DWORD error =
      timer->Set({.due = iocp::SysNow() + std::clamp<std::int64_t>(from_now, 0, kFarthest) * 100,
                  .period = std::int64_t{period} * 1'000'000,
                  .routine = routine,
                  .parameter = parameter,
                  .thread = Self().id});
  return Result(error);
}

BOOL CancelWaitableTimer(HANDLE handle) {
  const auto timer = HandleTable::Find<iocp::Timer>(handle);
  if (!timer) return Result(ERROR_INVALID_HANDLE);
  timer->Stop();
  return TRUE;
}

DWORD GetCurrentThreadId() {
  return Self().id;
}

HANDLE OpenThread(DWORD, BOOL, DWORD thread_id) {
  auto thread = iocp::FindThread(thread_id);
  if (thread == nullptr) return Fail<HANDLE>(ERROR_INVALID_PARAMETER, nullptr);
  return HandleTable::Insert(new iocp::ThreadObject(std::move(thread)));
}
