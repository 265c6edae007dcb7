// How operations end: the one place that completes, and the one that aborts.
#include <utility>

#include "iocp/linux/counters.h"
#include "iocp/linux/errors.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/thread.h"
#include "iocp/linux/trace.h"

namespace iocp {

Socket::Outcome Socket::Failed(int error_number) {
  return {.kind = Outcome::Kind::kFailed,
          .number = error_number,
          .status = StatusFromErrno(error_number)};
}

Socket::Outcome Socket::Aborted(NTSTATUS status) {
  return {.kind = Outcome::Kind::kAborted, .status = status};
}

int Socket::Outcome::Error() const {
  if (kind == Kind::kFailed) return WsaFromErrno(number);
  return kind == Kind::kAborted ? WsaFromStatus(status) : 0;
}

// The operation has left its queue. The one place that completes.
void Socket::Finish(Operation* operation, const Outcome& outcome, Wakes& wakes) {
  const bool failed = outcome.kind != Outcome::Kind::kDone;
  const bool cut = outcome.status == STATUS_BUFFER_OVERFLOW;  // what there was room for
  const std::size_t bytes = failed && !cut ? 0 : operation->moved;
  const NTSTATUS status = failed ? outcome.status : STATUS_SUCCESS;
  Immediate* const immediate = operation->immediate;
  if (immediate != nullptr) {
    immediate->error = outcome.Error();
    immediate->bytes = static_cast<DWORD>(bytes);
    immediate->finished = true;
    if (immediate->plain != nullptr) {  // a plain call that never had its turn
      immediate->plain->parker.store(1, std::memory_order_release);
      wakes.AddParked(&immediate->plain->parker);
      return;
    }
  }
  if (failed) operation->dropped = StartOver(*operation, outcome);
  if (operation->kind == OperationKind::kAcceptReceive && !failed) {
    connection_->state = State::kConnected;
  }
  if (operation->receipt.overlapped != nullptr) {
    if (trace::On()) {
      trace::OperationCompleted(handle(), ToString(operation->kind), operation->receipt.overlapped,
                                status, bytes);
    }
    // The packet of an AcceptEx is the listener's, wherever it ends (P32).
    const Socket& owner =
        operation->kind == OperationKind::kAcceptReceive ? *operation->listener : *this;
    if (immediate != nullptr && failed) {
      operation->receipt.Refuse(status);
      operation->receipt.has_routine = false;
    } else {
      const bool skip =
          immediate != nullptr && owner.skip_on_success_.load(std::memory_order_relaxed);
      operation->receipt.Complete(&owner.device_, status, bytes, !skip, wakes);
    }
  }
  operation->moved = bytes;  // for the routine
  operation->cancel_status = status;
  wakes.AddFinished(operation);
}

int Socket::BeginAtOnce(OVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine,
                        Receipt* receipt) {
  if (overlapped == nullptr) return 0;
  receipt->has_routine = routine != nullptr;
  const std::lock_guard guard(lock_);
  if (receipt->has_routine && device_.Port() != nullptr) return WSAEINVAL;
  return static_cast<int>(receipt->Begin(overlapped, &device_));
}

void Socket::EndAtOnce(LPWSAOVERLAPPED_COMPLETION_ROUTINE routine, NTSTATUS status, DWORD bytes,
                       Receipt* receipt) {
  OVERLAPPED* const overlapped = receipt->overlapped;
  if (overlapped == nullptr) return;
  {
    Wakes wakes;
    const std::lock_guard guard(lock_);
    if (status != STATUS_SUCCESS) return receipt->Refuse(status);
    const bool skip = skip_on_success_.load(std::memory_order_relaxed);
    receipt->Complete(&device_, status, bytes, !skip && !closed_, wakes);
  }
  if (receipt->has_routine) {
    QueueApc(Self(), {.run = [=] { routine(0, bytes, overlapped, 0); }});
  }
}

// A connect or an accept has failed: the socket is as new, with a connection that knows nothing of
// it. Returns the descriptor that is to be closed without the lock, or -1.
int Socket::StartOver(const Operation& operation, const Outcome& outcome) {
  if (operation.kind == OperationKind::kAccept && operation.acceptor) {
    operation.acceptor->accept_ = nullptr;
    operation.acceptor->EndAccept();
  }
  const bool connecting = operation.kind == OperationKind::kConnect;
  if (closed_ || (!connecting && operation.kind != OperationKind::kAcceptReceive)) return -1;
  const Connection& old = *connection_;
  if (old.state != State::kConnecting && old.state != State::kAccepted) return -1;
  // After a refusal the kernel's socket is as new, and keeps its address and options. (Holders: we,
  // and the thread that performed this.) Otherwise it is still busy.
  const bool keep = connecting && outcome.kind == Outcome::Kind::kFailed && old.holders == 2;
  const bool was_bound = old.bound;
  const bool was_reused = old.reused;
  const Connection::Watch watch = old.watch;
  const int dropped = Exchange(keep ? connection_->Surrender() : -1);
  Connection& fresh = *connection_;
  fresh.bound = was_bound && keep;
  fresh.reused = was_bound || was_reused;
  if (keep) fresh.watch = watch;
  if (connecting) fresh.error = static_cast<std::uint8_t>(outcome.number);
  return dropped;
}

void Socket::FreeRecord(Operation* operation) {
  if (operation->receipt.has_routine) {  // P125; here, because no lock is held
    if (const auto issuer = FindThread(operation->receipt.issuer)) {
      QueueApc(*issuer,
               {.run = [routine = operation->routine,
                        error = static_cast<DWORD>(WsaFromStatus(operation->cancel_status)),
                        bytes = static_cast<DWORD>(operation->moved),
                        overlapped = operation->receipt.overlapped] {
                 routine(error, bytes, overlapped, 0);
               }});
    }
  }
  if (operation->kind == OperationKind::kAcceptReceive) {
    Socket& listener = *operation->listener;
    const std::lock_guard guard(listener.lock_);
    Operation* const before = operation->accepted_before;
    Operation* const after = operation->accepted_after;
    (before != nullptr ? before->accepted_after : listener.accepted_) = after;
    if (after != nullptr) after->accepted_before = before;
  }
  FreeOperation(operation);
}

bool Socket::Abort(const OVERLAPPED* overlapped, NTSTATUS status, Wakes& wakes, DWORD issuer) {
  Connection& connection = *connection_;  // exchanged when a connect is among them
  const bool in = AbortQueued(connection, connection.in, overlapped, status, wakes, issuer);
  return AbortQueued(connection, connection.out, overlapped, status, wakes, issuer) || in;
}

// Completes a queued operation with `status`; the one being performed is only marked, its performer
// completes it.
void Socket::AbortOne(Direction& direction, Operation* operation, NTSTATUS status, Wakes& wakes) {
  if (direction.Busy() && operation == direction.head) {
    if (!std::exchange(operation->cancelled, true)) operation->cancel_status = status;
    return;
  }
  direction.Remove(operation);
  Finish(operation, Aborted(status), wakes);
}

// Ends the queued operations that use `overlapped` (nullptr: all). False: there was none.
bool Socket::AbortQueued(const Connection& connection, Direction& direction,
                         const OVERLAPPED* overlapped, NTSTATUS status, Wakes& wakes,
                         DWORD issuer) {
  bool any = false;
  Operation* next = nullptr;
  for (Operation* operation = direction.head; operation != nullptr; operation = next) {
    next = operation->next;
    CountSearched();
    if (overlapped != nullptr && operation->receipt.overlapped != overlapped) continue;
    if (issuer != 0 && operation->receipt.issuer != issuer) continue;
    // Plain calls, and a connect in the background, end with the connection only.
    const bool ends = closed_ || connection.state == State::kDisconnected;
    if (operation->receipt.overlapped == nullptr && !ends) continue;
    any = true;
    AbortOne(direction, operation, status, wakes);
  }
  return any;
}

}  // namespace iocp
