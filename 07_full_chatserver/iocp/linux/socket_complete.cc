// How operations end: the one place that completes, and the one that aborts.
#include <utility>

#include "iocp/linux/socket.h"
#include "iocp/linux/trace.h"

namespace iocp {

void Socket::Finish(Operation* operation, const Outcome& outcome, Wakes& wakes) {
  const bool failed = outcome.kind == Outcome::Kind::kFailed;
  const std::size_t bytes = failed ? 0 : operation->moved;
  const NTSTATUS status = failed ? outcome.status : STATUS_SUCCESS;
  if (trace::On()) {
    trace::OperationCompleted(handle(), ToString(operation->kind), operation->receipt.overlapped,
                              status, bytes);
  }
  if (operation->kind == OperationKind::kAccept) operation->other->EndAccept(!failed);
  if (operation->kind == OperationKind::kAcceptReceive) {
    state_ = failed ? State::kFresh : State::kConnected;
    if (extra_ != nullptr) extra_->listener = nullptr;
  }
  if (operation->kind == OperationKind::kConnect && failed) state_ = State::kFresh;
  // The packet of an AcceptEx carries the listener's key (P32).
  const bool at_acceptor = operation->kind == OperationKind::kAcceptReceive;
  const Device& device = at_acceptor ? operation->other->device_ : device_;
  Immediate* const immediate = operation->immediate;
  if (immediate != nullptr) {
    *immediate = {
        .finished = true, .error = failed ? outcome.error : 0, .bytes = static_cast<DWORD>(bytes)};
  }
  if (immediate != nullptr && failed) {
    operation->receipt.Refuse(status);
  } else {
    const bool skip = immediate != nullptr && skip_on_success_;
    operation->receipt.Complete(&device, status, bytes, !skip, wakes);
  }
  wakes.AddFinished(operation);
}

void Socket::FreeRecord(Operation* operation) {
  if (operation->kind == OperationKind::kAcceptReceive) {
    Socket& listener = *operation->other;
    const std::lock_guard guard(listener.lock_);
    if (listener.extra_ != nullptr) std::erase(listener.extra_->acceptors, operation->acceptor);
  }
  FreeOperation(operation);
}

// Completes the queued operations that use `overlapped` (nullptr: all) with `status`; the one being
// performed is only marked, its performer completes it. False: there was none.
bool Socket::AbortQueued(Direction& direction, const OVERLAPPED* overlapped, NTSTATUS status,
                         Wakes& wakes) {
  bool any = false;
  Operation* next = nullptr;
  for (Operation* operation = direction.head; operation != nullptr; operation = next) {
    next = operation->next;
    if (overlapped != nullptr && operation->receipt.overlapped != overlapped) continue;
    any = true;
    if (direction.performing && operation == direction.head) {
      if (!std::exchange(operation->cancelled, true)) operation->cancel_status = status;
      continue;
    }
    direction.Remove(operation);
    Finish(operation, {.kind = Outcome::Kind::kFailed, .status = status}, wakes);
  }
  return any;
}

}  // namespace iocp
