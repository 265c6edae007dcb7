// What a thread can wait for: the signal inside an event, a thread, a timer, a socket's or a file's
// handle.
//
// A wait is one object on the waiting thread's stack with one Entry in the list of each signal that
// it waits for. Whoever sets a signal grants it to the waits in its list, the longest waiting
// first, by one atomic change of the wait's `granted`: a wait for any of several signals is granted
// one of them, and another signal set at the same moment stays set for somebody else. The waiting
// thread leaves every list, each under its lock, before its wait goes away.
//
// A wait for all of several signals is not granted anything: every change wakes the thread, which
// looks at all of them under all their locks. (So a signal that is set and reset again before the
// thread has looked was not there for it; on Windows it may have been.)
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>

#include "iocp/linux/intrusive_list.h"
#include "iocp/linux/wakes.h"
#include "iocp/linux/win32_types.h"

namespace iocp {

struct Thread;

class Signal {
 public:
  enum class Reset : std::uint8_t { kManual, kAuto };  // kAuto: lets one wait through
  Signal(Reset reset, bool set) : reset_(reset), set_(set) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  // Any thread. May be called under a socket's lock: this lock is the last in the order.
  void Set(Wakes& wakes);
  // The same, and first sets `*word`, in one step: who sees the value and clears or takes the
  // signal then does it after this.
  void Set(Wakes& wakes, ULONG_PTR* word, ULONG_PTR value);
  void Clear();
  bool Take();  // set: uses it up as a wait would. Never blocks.

 private:
  friend DWORD WaitFor(std::span<Signal* const>, bool, DWORD, bool);

  static constexpr std::uint32_t kNothing = ~0u;   // not granted yet
  static constexpr std::uint32_t kOver = ~0u - 1;  // the thread has given up
  struct Wait {
    Thread* thread;  // its parker tells it to look
    bool all;
    std::atomic<std::uint32_t> granted{kNothing};  // index of the signal; any thread, by CAS
  };
  struct Entry : Linked<Entry> {
    Wait* wait = nullptr;
    std::uint32_t index = 0;
    bool listed = false;  // guarded by the signal's lock_
  };

  void SetLocked(Wakes& wakes);
  bool TakeLocked();
  bool Join(Entry& entry);
  void Leave(Entry& entry);
  static bool TakeAll(std::span<Signal* const> signals);
  static DWORD WaitWith(std::span<Entry> entries, std::span<Signal* const> signals, bool all,
                        DWORD milliseconds, bool alertable);

  std::mutex lock_;
  const Reset reset_;
  bool set_;             // guarded by lock_
  List<Entry> entries_;  // guarded by lock_; longest waiting first
};

// Waits until one of the signals (or all at once) can be taken, and takes it: the first in the list
// when several can. Frees the calling thread's place in its port meanwhile (P12). The caller keeps
// the signals alive. At most MAXIMUM_WAIT_OBJECTS; for all, no signal twice. Returns WAIT_OBJECT_0
// + index (all: WAIT_OBJECT_0), WAIT_TIMEOUT, or WAIT_IO_COMPLETION (nothing was set, and an APC
// ran).
DWORD WaitFor(std::span<Signal* const> signals, bool all, DWORD milliseconds, bool alertable);

}  // namespace iocp
