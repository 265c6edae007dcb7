// The loop at the heart of every worker thread: take a packet, find out what it means, act on it.
#pragma once

#include "iocp/iocp.h"

namespace apps {

// What one GetQueuedCompletionStatus can mean. There are four cases, and they are told apart by two
// things: the return value, and whether `overlapped` was written.
enum class Outcome {
  kPacket,      // TRUE: an operation succeeded, or somebody posted (then overlapped may be null)
  kFailedIo,    // FALSE with an overlapped: a packet came, but its operation has failed (P8)
  kTimeout,     // FALSE, no overlapped, WAIT_TIMEOUT: nothing came in time (P6)
  kPortClosed,  // FALSE, no overlapped, any other error: the port is gone (P13)
};

struct Completion {
  Outcome outcome = Outcome::kTimeout;
  DWORD bytes = 0;
  ULONG_PTR key = 0;
  OVERLAPPED* overlapped = nullptr;
  DWORD error = 0;  // why, for kFailedIo and kPortClosed
};

// Waits up to `milliseconds` for one packet. Any thread.
Completion Dequeue(HANDLE port, DWORD milliseconds);

// What a worker does with its packets. Called by the thread that is in RunDispatchLoop.
class PacketHandler {
 public:
  virtual ~PacketHandler() = default;
  virtual void OnCompleted(ULONG_PTR key, OVERLAPPED* overlapped, DWORD bytes) = 0;
  virtual void OnFailed(ULONG_PTR key, OVERLAPPED* overlapped, DWORD error) = 0;
  virtual void OnIdle() = 0;  // nothing came for idle_milliseconds
};

enum class LoopEnd { kEndPacket, kPortClosed };

// Serves packets until the end packet (key 0, no overlapped, 0 bytes) or until the port is closed.
// Other posted packets without an overlapped go to OnCompleted.
LoopEnd RunDispatchLoop(HANDLE port, PacketHandler& handler, DWORD idle_milliseconds = INFINITE);

}  // namespace apps
