#include "apps/dispatch_loop.h"

namespace apps {

// [dequeue]
Completion Dequeue(HANDLE port, DWORD milliseconds) {
  // <student 01.2>
  Completion completion;
  const BOOL ok = GetQueuedCompletionStatus(port, &completion.bytes, &completion.key,
                                            &completion.overlapped, milliseconds);
  if (ok) {
    completion.outcome = Outcome::kPacket;
    return completion;
  }
  completion.error = GetLastError();
  if (completion.overlapped != nullptr) {
    completion.outcome = Outcome::kFailedIo;
  } else if (completion.error == WAIT_TIMEOUT) {
    completion.outcome = Outcome::kTimeout;
  } else {
    completion.outcome = Outcome::kPortClosed;
  }
  return completion;
  // </student>
}
// [/dequeue]

// [dispatch-loop]
LoopEnd RunDispatchLoop(HANDLE port, PacketHandler& handler, DWORD idle_milliseconds) {
  // <student 01.2>
  while (true) {
    const Completion completion = Dequeue(port, idle_milliseconds);
    switch (completion.outcome) {
      case Outcome::kPacket:
        if (completion.overlapped == nullptr && completion.key == 0 && completion.bytes == 0) {
          return LoopEnd::kEndPacket;
        }
        handler.OnCompleted(completion.key, completion.overlapped, completion.bytes);
        break;
      case Outcome::kFailedIo:
        handler.OnFailed(completion.key, completion.overlapped, completion.error);
        break;
      case Outcome::kTimeout:
        handler.OnIdle();
        break;
      case Outcome::kPortClosed:
        return LoopEnd::kPortClosed;
    }
  }
  // </student>
}
// [/dispatch-loop]

}  // namespace apps
