#include "iocp/linux/event.h"

#include "iocp/linux/completion_port.h"
#include "iocp/linux/deadline.h"
#include "iocp/linux/win32_errors.h"

namespace iocp {

void Event::Set(Wakes& wakes) {
  const std::lock_guard guard(lock_);
  signalled_ = true;
  while (Waiter* const waiter = waiters_.front()) {
    if (!TakeLocked()) break;
    waiter->granted = true;
    waiters_.Remove(waiter);
    waiter->thread->parker.store(1, std::memory_order_release);
    wakes.AddParked(&waiter->thread->parker);
  }
}

void Event::Reset() {
  const std::lock_guard guard(lock_);
  signalled_ = false;
}

// An auto-reset event lets one waiter through.
bool Event::TakeLocked() {
  if (!signalled_) return false;
  if (!manual_reset_) signalled_ = false;
  return true;
}

DWORD Event::Wait(DWORD milliseconds, bool alertable) {
  Thread& self = Self();
  const Deadline deadline(milliseconds);
  Waiter waiter;
  waiter.thread = &self;
  self.parker.store(0, std::memory_order_relaxed);
  if (alertable && !BeginAlertable(self, nullptr)) {
    RunApcs(self);
    return WAIT_IO_COMPLETION;
  }
  bool got_it = false;
  bool queued = false;  // decided once: the clock goes on, and what is in the list must leave it
  {
    const std::lock_guard guard(lock_);
    got_it = TakeLocked();
    queued = !got_it && !deadline.Passed();
    if (queued) waiters_.PushBack(&waiter);
  }
  if (queued) {
    const PausedScope paused;
    while (self.parker.exchange(0, std::memory_order_acquire) == 0 && !deadline.Passed()) {
      Park(self, deadline.Nanoseconds());
    }
    // Granted, alerted or out of time: the event's lock decides.
    const std::lock_guard guard(lock_);
    got_it = waiter.granted;
    if (!got_it) waiters_.Remove(&waiter);
  }
  if (alertable) {
    EndAlertable(self);
    if (!got_it && RunApcs(self)) return WAIT_IO_COMPLETION;
  }
  return got_it ? WAIT_OBJECT_0 : WAIT_TIMEOUT;
}

}  // namespace iocp
