// Threads of Win32.
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <memory>

#include "iocp/linux/api_result.h"
#include "iocp/linux/counters.h"
#include "iocp/linux/thread.h"
#include "iocp/linux/waitable.h"
#include "iocp/linux/win32/threads.h"

using iocp::HandleTable;
using iocp::Thread;
using iocp::ThreadObject;

namespace {

// What a new thread is told. It owns this.
struct Start {
  std::shared_ptr<Thread> thread;
  LPTHREAD_START_ROUTINE routine;
  LPVOID parameter;
};

void* Run(void* argument) {
  auto start = std::unique_ptr<Start>(static_cast<Start*>(argument));
  Thread& self = *start->thread;
  iocp::BecomeThread(self);
  iocp::Signal* const resumed = &self.resumed;
  iocp::WaitFor({&resumed, 1}, false, INFINITE, false);
  const LPTHREAD_START_ROUTINE routine = start->routine;
  const LPVOID parameter = start->parameter;
  start.reset();  // a routine that ends by ExitThread does not come back here
  iocp::RunApcs(self);
  self.exit_code.store(routine(parameter));
  return nullptr;
}

bool StartDetached(Start* start, SIZE_T stack_size) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  if (stack_size != 0) {
    // Windows rounds small sizes up as well; frames are larger here, with sanitizers above all.
    constexpr SIZE_T kLeast = 256 * 1024;
    pthread_attr_setstacksize(&attributes,
                              (std::max(stack_size, kLeast) + 0xFFFF) & ~SIZE_T{0xFFFF});
  }
  pthread_t thread{};
  const bool started = pthread_create(&thread, &attributes, &Run, start) == 0;
  pthread_attr_destroy(&attributes);
  return started;
}

}  // namespace

HANDLE CreateThread(LPSECURITY_ATTRIBUTES, SIZE_T stack_size, LPTHREAD_START_ROUTINE routine,
                    LPVOID parameter, DWORD flags, LPDWORD thread_id) {
  iocp::CountAllocation();
  const std::shared_ptr<Thread> thread = iocp::NewThread();
  if ((flags & CREATE_SUSPENDED) != 0) thread->resumed.Clear();
  const HANDLE handle = HandleTable::Insert(new ThreadObject(thread));
  auto start = std::make_unique<Start>(Start{thread, routine, parameter});
  if (thread_id != nullptr) *thread_id = thread->id;  // the thread itself may want to read it
  if (handle != nullptr && StartDetached(start.get(), stack_size)) {
    (void)start.release();
    return handle;
  }
  iocp::ForgetThread(*thread);
  if (handle != nullptr) HandleTable::Remove(handle);
  return iocp::Fail<HANDLE>(ERROR_NOT_ENOUGH_MEMORY, nullptr);
}

std::uintptr_t _beginthreadex(void* attributes, unsigned stack_size, unsigned (*routine)(void*),
                              void* parameter, unsigned flags, unsigned* thread_id) {
  return reinterpret_cast<std::uintptr_t>(
      CreateThread(static_cast<LPSECURITY_ATTRIBUTES>(attributes), stack_size, routine, parameter,
                   flags, thread_id));
}

void ExitThread(DWORD code) {
  iocp::Self().exit_code.store(code);
  pthread_exit(nullptr);
}

void _endthreadex(unsigned code) {
  ExitThread(code);
}

DWORD ResumeThread(HANDLE handle) {
  const auto thread = iocp::ThreadOf(handle);
  if (thread == nullptr) return iocp::Fail(ERROR_INVALID_HANDLE, static_cast<DWORD>(-1));
  const bool was_suspended = !thread->resumed.Take();
  iocp::Wakes wakes;
  thread->resumed.Set(wakes);
  return was_suspended ? 1 : 0;
}

BOOL GetExitCodeThread(HANDLE handle, LPDWORD code) {
  const auto thread = iocp::ThreadOf(handle);
  if (thread == nullptr) return iocp::Result(ERROR_INVALID_HANDLE);
  if (code == nullptr) return iocp::Result(ERROR_NOACCESS);
  // The code is there a little before the thread has ended: until then it is still active.
  *code = thread->finished.Take() ? thread->exit_code.load() : STILL_ACTIVE;
  return TRUE;
}

DWORD GetThreadId(HANDLE handle) {
  const auto thread = iocp::ThreadOf(handle);
  return thread != nullptr ? thread->id : iocp::Fail(ERROR_INVALID_HANDLE, DWORD{0});
}

BOOL SwitchToThread() {
  return ::sched_yield() == 0 ? TRUE : FALSE;
}
