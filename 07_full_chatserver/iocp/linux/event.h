// Event objects: manual-reset or auto-reset.
#pragma once

#include <mutex>

#include "iocp/linux/handle_table.h"
#include "iocp/linux/intrusive_list.h"
#include "iocp/linux/thread.h"
#include "iocp/linux/wakes.h"

namespace iocp {

class Event final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::kEvent;
  Event(bool manual_reset, bool signalled)
      : Object(kKind), manual_reset_(manual_reset), signalled_(signalled) {}

  // May be called under a socket's lock: the event's lock is the last in the order.
  void Set(Wakes& wakes);
  void Reset();

  // WAIT_OBJECT_0, WAIT_TIMEOUT or WAIT_IO_COMPLETION (an APC ran). Blocks the calling thread.
  DWORD Wait(DWORD milliseconds, bool alertable);

 private:
  struct Waiter : Linked<Waiter> {
    Thread* thread = nullptr;
    bool granted = false;  // guarded by lock_
  };

  bool TakeLocked();

  std::mutex lock_;
  const bool manual_reset_;
  bool signalled_;        // guarded by lock_
  List<Waiter> waiters_;  // guarded by lock_; longest waiting first
};

}  // namespace iocp
