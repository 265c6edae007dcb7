#include "iocp/linux/waitable.h"

#include <algorithm>
#include <array>
#include <functional>

#include "iocp/linux/completion_port.h"
#include "iocp/linux/deadline.h"
#include "iocp/linux/thread.h"
#include "iocp/linux/win32_errors.h"

namespace iocp {

// --- the side that signals ---------------------------------------------------------------------------

void Signal::Set(Wakes& wakes) {
  const std::lock_guard guard(lock_);
  SetLocked(wakes);
}

void Signal::Set(Wakes& wakes, ULONG_PTR* word, ULONG_PTR value) {
  const std::lock_guard guard(lock_);
  std::atomic_ref(*word).store(value);
  SetLocked(wakes);
}

void Signal::SetLocked(Wakes& wakes) {
  set_ = true;
  for (Entry* entry = entries_.front(); entry != nullptr && set_;) {
    Entry* const next = List<Entry>::Next(entry);
    Wait& wait = *entry->wait;  // lives: its thread cannot leave without this lock
    std::uint32_t nothing = kNothing;
    if (wait.all || wait.granted.compare_exchange_strong(nothing, entry->index)) {
      if (!wait.all) {
        TakeLocked();
        entries_.Remove(entry);
        entry->listed = false;
      }
      wait.thread->parker.store(1, std::memory_order_release);
      wakes.AddParked(&wait.thread->parker);
    }
    entry = next;
  }
}

void Signal::Clear() {
  const std::lock_guard guard(lock_);
  set_ = false;
}

bool Signal::Take() {
  const std::lock_guard guard(lock_);
  return TakeLocked();
}

bool Signal::TakeLocked() {
  if (!set_) return false;
  if (reset_ == Reset::kAuto) set_ = false;
  return true;
}

// --- the side that waits -----------------------------------------------------------------------------

// Takes the signal for the entry's wait, or puts the entry into the list. False: look no further.
bool Signal::Join(Entry& entry) {
  const std::lock_guard guard(lock_);
  if (set_ && !entry.wait->all) {
    std::uint32_t nothing = kNothing;
    if (entry.wait->granted.compare_exchange_strong(nothing, entry.index)) TakeLocked();
    return false;
  }
  entries_.PushBack(&entry);
  entry.listed = true;
  return true;
}

void Signal::Leave(Entry& entry) {
  const std::lock_guard guard(lock_);
  if (entry.listed) entries_.Remove(&entry);
}

// All or none. The locks are taken in the order of their addresses.
bool Signal::TakeAll(std::span<Signal* const> signals) {
  std::array<Signal*, MAXIMUM_WAIT_OBJECTS> ordered;
  const auto end = std::copy(signals.begin(), signals.end(), ordered.begin());
  std::sort(ordered.begin(), end, std::less<>());
  for (auto it = ordered.begin(); it != end; ++it) (*it)->lock_.lock();
  const bool can =
      std::all_of(ordered.begin(), end, [](const Signal* signal) { return signal->set_; });
  for (auto it = ordered.begin(); it != end; ++it) {
    if (can) (*it)->TakeLocked();
    (*it)->lock_.unlock();
  }
  return can;
}

DWORD Signal::WaitWith(std::span<Entry> entries, std::span<Signal* const> signals, bool all,
                       DWORD milliseconds, bool alertable) {
  Thread& self = Self();
  const Deadline deadline(milliseconds);
  self.parker.store(0, std::memory_order_relaxed);
  bool alerted = alertable && !BeginAlertable(self, nullptr);
  Wait wait{&self, all};
  std::uint32_t joined = 0;
  for (bool going_on = true; going_on && joined < signals.size(); ++joined) {
    entries[joined].wait = &wait;
    entries[joined].index = joined;
    going_on = signals[joined]->Join(entries[joined]);
  }
  const auto granted = [&] {
    if (all && TakeAll(signals)) wait.granted.store(0);
    return wait.granted.load() != kNothing;
  };
  bool over = granted() || alerted || deadline.Passed();
  if (!over) {
    const PausedScope paused;
    do {
      if (self.parker.exchange(0, std::memory_order_acquire) == 0) {
        Park(self, deadline.Nanoseconds());
      }
      alerted = alertable && HasApcs(self);
      over = granted() || alerted || deadline.Passed();
    } while (!over);
  }
  // Whatever the reason to stop was: from here on nothing is granted, but a grant that came first
  // counts.
  std::uint32_t which = kNothing;
  const bool got_it = !wait.granted.compare_exchange_strong(which, kOver);
  for (std::uint32_t i = 0; i < joined; ++i) signals[i]->Leave(entries[i]);
  if (alertable) {
    EndAlertable(self, !got_it);
    if (!got_it && RunApcs(self)) return WAIT_IO_COMPLETION;
  }
  return got_it ? WAIT_OBJECT_0 + which : WAIT_TIMEOUT;
}

DWORD WaitFor(std::span<Signal* const> signals, bool all, DWORD milliseconds, bool alertable) {
  if (signals.size() == 1) {
    Signal::Entry entry;
    return Signal::WaitWith({&entry, 1}, signals, false, milliseconds, alertable);
  }
  std::array<Signal::Entry, MAXIMUM_WAIT_OBJECTS> entries;
  return Signal::WaitWith(entries, signals, all, milliseconds, alertable);
}

}  // namespace iocp
