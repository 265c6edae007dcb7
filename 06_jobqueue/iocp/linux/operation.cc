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
};

CommonPool& Common() {
  static CommonPool* const pool = new CommonPool;  // outlives every thread
  return *pool;
}

struct ThreadPool {
  Operation* first = nullptr;
  std::size_t count = 0;

  ~ThreadPool() {
    const std::lock_guard guard(Common().lock);
    while (first != nullptr) {
      Operation* const operation = first;
      first = operation->next;
      operation->next = Common().first;
      Common().first = operation;
    }
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
    const std::lock_guard guard(Common().lock);
    operation = Common().first;
    if (operation != nullptr) Common().first = operation->next;
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
    return;
  }
  const std::lock_guard guard(Common().lock);
  operation->next = Common().first;
  Common().first = operation;
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

void BufferList::Capture(const WSABUF* buffers, std::size_t count) {
  iovec* out = inline_.data();
  more_.clear();
  if (count > inline_.size()) {
    if (count > more_.capacity()) CountAllocation();
    more_.resize(count);
    out = more_.data();
  }
  first_ = 0;
  count_ = 0;
  total_ = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (buffers[i].len == 0) continue;  // a system call of nothing else would look like an end
    out[count_++] = {buffers[i].buf, buffers[i].len};
    total_ += buffers[i].len;
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
