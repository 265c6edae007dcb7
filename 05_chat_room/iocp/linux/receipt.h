// An operation's OVERLAPPED while the operation is under way: what was captured from it at issue,
// and how its completion is told (status, event, packet), once.
#pragma once

#include "iocp/linux/event.h"
#include "iocp/linux/handle_table.h"
#include "iocp/linux/wakes.h"

namespace iocp {

struct Device;

struct Receipt {
  OVERLAPPED* overlapped = nullptr;
  Ref<Event>
      event;  // hEvent, looked up at issue: the program may free the OVERLAPPED at completion
  bool no_packet = false;  // hEvent's low bit: only the event tells (P19)
  bool has_routine =
      false;         // instead of event and packet, the issuing thread runs a routine (P125)
  DWORD issuer = 0;  // id of the issuing thread

  // Begins, with has_routine set before: hEvent is reset (P19), Internal becomes STATUS_PENDING
  // (P18). 0, or ERROR_INVALID_HANDLE for a bad hEvent. Debug builds abort when the OVERLAPPED
  // already belongs to a pending operation.
  DWORD Begin(OVERLAPPED* o, const Device* device);

  // The operation failed at issue: no event, no packet (P16).
  void Refuse(NTSTATUS status);

  // Completes. The program may free the OVERLAPPED as soon as Internal, event or packet has told
  // it, so it is not touched afterwards. `device` may be null or without a port.
  void Complete(const Device* device, NTSTATUS status, std::uint64_t bytes, bool packet,
                Wakes& wakes);
};

// Blocks until the operation has completed: WAIT_OBJECT_0, WAIT_TIMEOUT, or WAIT_IO_COMPLETION (an
// APC ran).
DWORD WaitForOverlapped(const OVERLAPPED* overlapped, DWORD milliseconds, bool alertable);

}  // namespace iocp
