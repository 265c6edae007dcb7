#include "iocp/linux/socket.h"

#include "iocp/linux/background.h"
#include "iocp/linux/counters.h"
#include "iocp/linux/syscalls.h"

namespace iocp {

// --- life --------------------------------------------------------------------------------------------

Socket::Socket(int fd, int family, bool overlapped)
    : Object(kKind), fd_(fd), family_(static_cast<std::uint8_t>(family)), overlapped_(overlapped) {
  CountAllocation();
  CountDescriptors(1);
}

Socket::~Socket() {
  SysClose(fd_);
  CountDescriptors(-1);
}

Socket::Extra& Socket::GetExtra() {
  if (extra_ == nullptr) {
    CountAllocation();
    extra_ = std::make_unique<Extra>();
  }
  return *extra_;
}

bool Socket::IsClosed() {
  const std::lock_guard guard(lock_);
  return closed_;
}

// The descriptor itself closes with the last reference, when no call uses its number any more
// (P39).
void Socket::Close() {
  std::vector<HANDLE> acceptors;
  HANDLE listener = nullptr;
  bool blocked_calls = false;
  bool last_of_closed_port = false;
  {
    Wakes wakes;
    const std::lock_guard guard(lock_);
    if (closed_) return;
    closed_ = true;
    const NTSTATUS status =
        state_ == State::kConnected ? STATUS_CONNECTION_ABORTED : STATUS_CANCELLED;
    AbortQueued(in_, nullptr, status, wakes);
    AbortQueued(out_, nullptr, status, wakes);
    if (extra_ != nullptr) {
      acceptors.swap(extra_->acceptors);
      listener = extra_->listener;
    }
    blocked_calls = plain_waits_ > 0;
    if (CompletionPort* const port = device_.port.load(std::memory_order_relaxed)) {
      last_of_closed_port = port->RemoveDevice(&device_);
    }
  }
  if (blocked_calls) SysShutdown(fd_, SHUT_RDWR);  // wakes them
  if (last_of_closed_port) Background::LookOver();
  bool unused = false;
  AbortAcceptors(acceptors, nullptr, &unused);
  if (const auto other = HandleTable::Find<Socket>(listener)) other->AbortAcceptsOf(this);
}

// --- the port ----------------------------------------------------------------------------------------

DWORD Socket::Associate(CompletionPort* port, ULONG_PTR key) {
  Poller* previous = nullptr;
  {
    const std::lock_guard guard(lock_);
    if (closed_) return ERROR_INVALID_HANDLE;
    if (!overlapped_ || device_.port.load(std::memory_order_relaxed) != nullptr) {
      return ERROR_INVALID_PARAMETER;
    }
    device_.Associate(port, handle(), key);
    // Operations are pending already: their packets come to the port (P3), so its threads watch
    // them.
    previous = poller_;
    if (previous != nullptr) poller_ = &port->poller();
  }
  if (previous != nullptr) {
    previous->Remove(fd_);
    port->poller().Add(fd_, reinterpret_cast<std::uint64_t>(handle()));
    port->NoteRegistration();
  }
  return ERROR_SUCCESS;
}

void Socket::SkipCompletionOnSuccess(bool skip) {
  const std::lock_guard guard(lock_);
  skip_on_success_ = skip_on_success_ || skip;
}

// --- issue and cancel --------------------------------------------------------------------------------

int Socket::Receive(const WSABUF* buffers, DWORD count, OVERLAPPED* overlapped, DWORD* bytes) {
  Operation* const operation = TakeOperation(OperationKind::kReceive);
  operation->buffers.Capture(buffers, count);
  return Issue(in_, operation, overlapped, bytes);
}

int Socket::Send(const WSABUF* buffers, DWORD count, OVERLAPPED* overlapped, DWORD* bytes) {
  Operation* const operation = TakeOperation(OperationKind::kSend);
  operation->buffers.Capture(buffers, count);
  return Issue(out_, operation, overlapped, bytes);
}

bool Socket::Cancel(const OVERLAPPED* overlapped) {
  std::vector<HANDLE> acceptors;
  bool any = false;
  {
    Wakes wakes;
    const std::lock_guard guard(lock_);
    any = AbortQueued(in_, overlapped, STATUS_CANCELLED, wakes);
    any = AbortQueued(out_, overlapped, STATUS_CANCELLED, wakes) || any;
    if (extra_ != nullptr) acceptors = extra_->acceptors;
  }
  AbortAcceptors(acceptors, overlapped, &any);
  return any;
}

}  // namespace iocp
