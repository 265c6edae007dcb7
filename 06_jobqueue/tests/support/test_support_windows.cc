// The part of the test support that looks into the system: Windows and Wine. (Linux:
// test_support_linux.cc)
#ifdef _WIN32

#include <winternl.h>

#include "tests/support/test_support.h"

namespace course_test {
namespace {

template <typename Function>
Function NtdllFunction(const char* name) {
  return reinterpret_cast<Function>(
      reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(L"ntdll.dll"), name)));
}

// KTHREAD_STATE Waiting and KWAIT_REASON WrQueue: the thread sits in KeRemoveQueue, which is where
// GetQueuedCompletionStatus waits.
constexpr ULONG kStateWaiting = 5;
constexpr ULONG kReasonQueue = 15;

bool WaitsInAQueue(DWORD thread_id) {
  using Query = NTSTATUS(NTAPI*)(ULONG, void*, ULONG, ULONG*);
  static const auto query = NtdllFunction<Query>("NtQuerySystemInformation");
  std::vector<char> buffer(std::size_t{1} << 22);
  ULONG length = 0;
  if (query(SystemProcessInformation, buffer.data(), static_cast<ULONG>(buffer.size()), &length) !=
      0) {
    return false;
  }
  for (const char* at = buffer.data();;) {
    const auto* process = reinterpret_cast<const SYSTEM_PROCESS_INFORMATION*>(at);
    const auto* threads = reinterpret_cast<const SYSTEM_THREAD_INFORMATION*>(process + 1);
    for (ULONG i = 0; i < process->NumberOfThreads; ++i) {
      if (static_cast<DWORD>(reinterpret_cast<ULONG_PTR>(threads[i].ClientId.UniqueThread)) ==
          thread_id) {
        return threads[i].ThreadState == kStateWaiting && threads[i].WaitReason == kReasonQueue;
      }
    }
    if (process->NextEntryOffset == 0) return false;
    at += process->NextEntryOffset;
  }
}

}  // namespace

bool RunningUnderWine() {
  static const bool wine = NtdllFunction<void*>("wine_get_version") != nullptr;
  return wine;
}

std::size_t QueuedPackets(HANDLE port) {
  // IoCompletionBasicInformation: one LONG, the depth of the queue.
  using Query = NTSTATUS(NTAPI*)(HANDLE, ULONG, void*, ULONG, ULONG*);
  static const auto query = NtdllFunction<Query>("NtQueryIoCompletion");
  LONG depth = -1;
  ULONG length = 0;
  EXPECT_EQ(query(port, 0, &depth, sizeof depth, &length), 0);
  return static_cast<std::size_t>(depth);
}

std::size_t PortReferences(HANDLE port) {
  if (!RunningUnderWine()) return 0;
  using Query = NTSTATUS(NTAPI*)(HANDLE, OBJECT_INFORMATION_CLASS, void*, ULONG, ULONG*);
  static const auto query = NtdllFunction<Query>("NtQueryObject");
  PUBLIC_OBJECT_BASIC_INFORMATION information{};
  EXPECT_EQ(query(port, ObjectBasicInformation, &information, sizeof information, nullptr), 0);
  return information.PointerCount;
}

::testing::AssertionResult Waiter::AwaitParked(std::size_t /*position*/) {
  if (!Eventually([this] { return thread_id_.load(std::memory_order_acquire) != 0; })) {
    return ::testing::AssertionFailure() << "the thread never started";
  }
  const DWORD id = thread_id_.load(std::memory_order_acquire);
  // Wine 8.0 server/thread.c, add_queue: who waits for an object holds a reference to it. Its
  // server serves one request at a time, so nothing else of a dequeue is ever seen in the count.
  // A thread whose time was up before anybody looked has waited, too.
  const auto waits = [&] {
    if (RunningUnderWine()) return PortReferences(port_) > references_ || returned();
    return WaitsInAQueue(id);
  };
  if (!Eventually(waits)) {
    return ::testing::AssertionFailure() << "thread " << id << " does not wait in the port";
  }
  return ::testing::AssertionSuccess();
}

}  // namespace course_test

#endif  // _WIN32
