#include "iocp/linux/operation.h"

#include <cstring>
#include <mutex>
#include <utility>

#include "iocp/linux/counters.h"
#include "iocp/linux/file.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/syscalls.h"

namespace iocp {
namespace {

// Free records: a few per thread, the rest in a common list.
constexpr std::size_t kKeptPerThread = 64;

struct CommonPool {
  std::mutex lock;
  Operation* first = nullptr;  // guarded by lock

  void Put(Operation* operation) {
    const std::lock_guard guard(lock);
    operation->next = first;
    first = operation;
  }
};
constinit CommonPool g_common;

struct ThreadPool {
  Operation* first = nullptr;
  std::size_t count = 0;

  ~ThreadPool() {
    while (first != nullptr) g_common.Put(std::exchange(first, first->next));
    count = kKeptPerThread;  // a later destructor of this thread frees to the common list
  }
};

thread_local ThreadPool t_pool;

}  // namespace

Operation* TakeOperation(OperationKind kind) {
  CountOperation(1);
  ThreadPool& mine = t_pool;
  Operation* operation = mine.first;
  if (operation != nullptr) {
    mine.first = operation->next;
    --mine.count;
  } else {
    const std::lock_guard guard(g_common.lock);
    operation = g_common.first;
    if (operation != nullptr) g_common.first = operation->next;
  }
  if (operation == nullptr) {
    CountAllocation();
    operation = new Operation;
  }
  operation->next = nullptr;
  operation->kind = kind;
  return operation;
}

void FreeOperation(Operation* operation) {
  // The others leave the record's colder half alone.
  if (operation->kind != OperationKind::kReceive && operation->kind != OperationKind::kSend) {
    operation->listener = {};
    operation->acceptor = {};
    if (operation->kind == OperationKind::kTransmit || operation->kind == OperationKind::kConnect) {
      delete operation->file_to_send;
    }
    if (operation->dropped >= 0) SysClose(std::exchange(operation->dropped, -1));
  }
  operation->receipt.event = {};
  operation->receipt.has_routine = false;
  operation->receipt.overlapped = nullptr;
  operation->immediate = nullptr;
  operation->cancelled = false;
  operation->flags = 0;
  operation->buffers.Clear();
  operation->moved = 0;
  CountOperation(-1);
  ThreadPool& mine = t_pool;
  if (mine.count < kKeptPerThread) {
    operation->next = mine.first;
    mine.first = operation;
    ++mine.count;
  } else {
    g_common.Put(operation);
  }
}

const char* ToString(OperationKind kind) {
  switch (kind) {
    case OperationKind::kReceive:
    case OperationKind::kReceiveFrom:
      return "recv";
    case OperationKind::kSend:
    case OperationKind::kSendTo:
    case OperationKind::kTransmit:
      return "send";
    case OperationKind::kAccept:
    case OperationKind::kAcceptReceive:
      return "accept";
    case OperationKind::kConnect:
      return "connect";
    case OperationKind::kDisconnect:
      return "disconnect";
  }
  return "unknown";
}

// --- BufferList --------------------------------------------------------------------------------------

void BufferList::Capture(std::span<const WSABUF> buffers) {
  iovec* out = inline_.data();
  more_.clear();
  if (buffers.size() > inline_.size()) {
    if (buffers.size() > more_.capacity()) CountAllocation();
    more_.resize(buffers.size());
    out = more_.data();
  }
  Clear();
  for (const WSABUF& buffer : buffers) {
    if (buffer.len == 0) continue;  // a system call of nothing else would look like an end
    out[count_++] = {buffer.buf, buffer.len};
    total_ += buffer.len;
  }
}

void BufferList::Capture(void* data, std::size_t length) {
  more_.clear();
  inline_[0] = {data, length};
  first_ = 0;
  count_ = 1;
  total_ = length;
}

void BufferList::Advance(std::size_t bytes) {
  iovec* const all = const_cast<iovec*>(data());
  total_ -= bytes;
  while (bytes > 0 && bytes >= all[first_].iov_len) bytes -= all[first_++].iov_len;
  if (bytes == 0) return;
  all[first_].iov_base = static_cast<char*>(all[first_].iov_base) + bytes;
  all[first_].iov_len -= bytes;
}

void BufferList::Gather(char* to, std::size_t bytes) const {
  for (const iovec* part = parts(); bytes > 0; ++part) {
    const std::size_t step = std::min(bytes, part->iov_len);
    std::memcpy(to, part->iov_base, step);
    to += step;
    bytes -= step;
  }
}

void BufferList::Scatter(const char* from, std::size_t bytes) const {
  for (const iovec* part = parts(); bytes > 0; ++part) {
    const std::size_t step = std::min(bytes, part->iov_len);
    std::memcpy(part->iov_base, from, step);
    from += step;
    bytes -= step;
  }
}

// --- Direction ---------------------------------------------------------------------------------------

void Direction::PushBack(Operation* operation) {
  operation->next = nullptr;
  operation->previous = tail;
  (tail != nullptr ? tail->next : head) = operation;
  tail = operation;
}

void Direction::Remove(Operation* operation) {
  (operation->previous != nullptr ? operation->previous->next : head) = operation->next;
  (operation->next != nullptr ? operation->next->previous : tail) = operation->previous;
}

}  // namespace iocp
