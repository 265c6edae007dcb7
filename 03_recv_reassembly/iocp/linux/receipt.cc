#include "iocp/linux/receipt.h"

#include <cstdio>
#include <cstdlib>
#include <unordered_set>

#include "iocp/linux/deadline.h"
#include "iocp/linux/device.h"
#include "iocp/linux/immortal.h"
#include "iocp/linux/thread.h"
#include "iocp/linux/win32_port.h"

namespace iocp {
namespace {

std::atomic_ref<ULONG_PTR> StatusOf(OVERLAPPED* overlapped) {
  return std::atomic_ref<ULONG_PTR>(overlapped->Internal);
}

ULONG_PTR Widen(NTSTATUS status) {
  return static_cast<ULONG_PTR>(static_cast<ULONG>(status));
}

#ifndef NDEBUG
// Debug builds know every pending OVERLAPPED, to catch the classic mistake of using one twice.
struct PendingSet {
  std::mutex lock;
  std::unordered_set<const OVERLAPPED*> members;  // guarded by lock
};

void MarkPending(const OVERLAPPED* overlapped) {
  auto& set = Immortal<PendingSet>();
  const std::lock_guard guard(set.lock);
  if (set.members.insert(overlapped).second) return;
  std::fprintf(
      stderr,
      "iocp: OVERLAPPED %p was passed to a new operation while its previous operation is "
      "still pending.\n"
      "iocp: each operation needs an OVERLAPPED of its own until its packet (or event) has "
      "arrived.\n",
      static_cast<const void*>(overlapped));
  std::abort();
}

void UnmarkPending(const OVERLAPPED* overlapped) {
  auto& set = Immortal<PendingSet>();
  const std::lock_guard guard(set.lock);
  set.members.erase(overlapped);
}
#else
void MarkPending(const OVERLAPPED*) {}
void UnmarkPending(const OVERLAPPED*) {}
#endif

// Threads in GetOverlappedResult(wait). Few or none: completions look at `count` first.
struct Waiter : Linked<Waiter> {
  const OVERLAPPED* overlapped = nullptr;
  Signal completed{Signal::Reset::kAuto, false};
};

struct WaiterList {
  std::atomic<int> count{0};
  std::mutex lock;
  List<Waiter> list;  // guarded by lock
};
constinit WaiterList g_waiters;

}  // namespace

DWORD Receipt::Begin(OVERLAPPED* o, const Device* device) {
  MarkPending(o);
  overlapped = o;
  issuer = Self().id;
  const auto value = has_routine ? 0 : reinterpret_cast<std::uintptr_t>(o->hEvent);
  no_packet = (value & 1) != 0;
  event = {};
  if ((value & ~std::uintptr_t{1}) != 0) {
    event = HandleTable::Find<Event>(reinterpret_cast<HANDLE>(value & ~std::uintptr_t{1}));
    if (!event) {
      UnmarkPending(o);
      return ERROR_INVALID_HANDLE;
    }
    event->signal()->Clear();
  }
  if (device != nullptr) device->signal.OnBegin();
  StatusOf(o).store(Widen(STATUS_PENDING), std::memory_order_release);
  return ERROR_SUCCESS;
}

void Receipt::Refuse(NTSTATUS status) {
  UnmarkPending(overlapped);
  StatusOf(overlapped).store(Widen(status), std::memory_order_release);
  event = {};
}

void Receipt::Complete(const Device* device, NTSTATUS status, std::uint64_t bytes, bool packet,
                       Wakes& wakes) {
  UnmarkPending(overlapped);
  overlapped->InternalHigh = bytes;
  // Status and event in one step: who sees the status may use both for the next operation at once,
  // and that one's event must not be set by this one's end. Sequentially consistent with the
  // waiter's count: either it sees the status or we see it waiting.
  if (event) {
    event->signal()->Set(wakes, &overlapped->Internal, Widen(status));
  } else {
    StatusOf(overlapped).store(Widen(status), std::memory_order_seq_cst);
    if (device != nullptr && !has_routine) device->signal.OnEnd(wakes);
  }
  event = {};
  if (g_waiters.count.load(std::memory_order_seq_cst) > 0) {
    const std::lock_guard guard(g_waiters.lock);
    for (Waiter* w = g_waiters.list.front(); w != nullptr; w = List<Waiter>::Next(w)) {
      if (w->overlapped == overlapped) w->completed.Set(wakes);
    }
  }
  if (!packet || no_packet || has_routine || device == nullptr) return;
  if (CompletionPort* const port = device->port.load(std::memory_order_acquire)) {
    port->Enqueue({.lpCompletionKey = device->key,
                   .lpOverlapped = overlapped,
                   .Internal = Widen(status),
                   .dwNumberOfBytesTransferred = static_cast<DWORD>(bytes)},
                  wakes);
  }
}

DWORD WaitForOverlapped(const OVERLAPPED* overlapped, DWORD milliseconds, bool alertable) {
  if (HasOverlappedIoCompleted(overlapped)) return WAIT_OBJECT_0;
  Waiter waiter;
  waiter.overlapped = overlapped;
  {
    const std::lock_guard guard(g_waiters.lock);
    g_waiters.list.PushBack(&waiter);
  }
  g_waiters.count.fetch_add(1, std::memory_order_seq_cst);
  const auto pending = [overlapped] {
    return StatusOf(const_cast<OVERLAPPED*>(overlapped)).load(std::memory_order_seq_cst) ==
           Widen(STATUS_PENDING);
  };
  Signal* const completed = &waiter.completed;
  const Deadline deadline(milliseconds);
  DWORD result = WAIT_OBJECT_0;
  // (Woken and still pending: that was the end of an operation before, with the same OVERLAPPED.)
  for (DWORD left = milliseconds; result == WAIT_OBJECT_0 && pending();) {
    result = WaitFor({&completed, 1}, false, left, alertable);
    left = static_cast<DWORD>(deadline.Milliseconds());  // -1 is INFINITE
  }
  g_waiters.count.fetch_sub(1, std::memory_order_relaxed);
  const std::lock_guard guard(g_waiters.lock);
  g_waiters.list.Remove(&waiter);
  return result;
}

}  // namespace iocp
