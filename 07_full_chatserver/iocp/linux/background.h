// The background thread: progress for operations that no dequeuing thread looks after.
//
//   - Sockets that belong to no port (waited for by event) are registered with its own poller.
//   - Ports, while nobody else polls for them. That is so when all threads of a port have been in
//     user code for some ticks, and at once when one of them blocks in a call of the API and none
//     is left to poll: it may wait for I/O of this port. The port's poller is nested into this
//     thread's then, until a thread polls there again. The ticks only decide that hand-over, they
//     never look at sockets, and they stop when every port has been attended for some ticks: an
//     idle process has none.
//   - Listeners that ran out of descriptors are tried again at each tick.
//
// Started at first use. Every function may be called from any thread, with no lock held.
#pragma once

#include "iocp/linux/completion_port.h"
#include "iocp/linux/handle_table.h"
#include "iocp/linux/poller.h"

namespace iocp {

class Background {
 public:
  // The poller for sockets without a port; nullptr: no descriptors left to start the thread.
  static Poller* SocketPoller();

  // Nobody polls there at the moment; `now`: this thread shall at once. False: could not be
  // started.
  static bool Watch(HANDLE port, bool now);
  static void LookOver();  // a closed port has lost its last device
  // Closed, but devices still hold it (P5).
  static void AdoptClosed(const Ref<CompletionPort>& port);
  static void RetryAccept(HANDLE listener);  // it stopped at EMFILE
};

}  // namespace iocp
