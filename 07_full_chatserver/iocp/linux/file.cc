#include "iocp/linux/file.h"

#include <errno.h>

#include <condition_variable>
#include <deque>
#include <list>
#include <utility>

#include "iocp/linux/background.h"
#include "iocp/linux/counters.h"
#include "iocp/linux/errors.h"
#include "iocp/linux/immortal.h"
#include "iocp/linux/syscalls.h"
#include "iocp/linux/thread.h"
#include "iocp/linux/trace.h"

namespace iocp {

// An overlapped transfer, from issue to completion.
struct FileOperation {
  Ref<File> file;
  Receipt receipt;
  bool write = false;
  char* data = nullptr;
  DWORD length = 0;
  off_t offset = 0;

  const char* name() const { return write ? "write" : "read"; }
};

// Do the transfers: those of one file one after the other in the order of their calls, those of
// several files side by side. A thread more is started when all are busy.
class FileThreads {
 public:
  // False: there is none, and the system has none left.
  bool Running() {
    const std::lock_guard guard(lock_);
    const bool wanted = idle_ == 0 && started_ < kMost;
    if (wanted && StartHelper([this] { Run(); })) ++started_;
    return started_ > 0;
  }

  void Add(FileOperation operation) {
    CountOperation(1);
    const Ref<File> file = operation.file;
    const std::lock_guard guard(lock_);
    file->operations_.push_back(std::move(operation));
    if (std::exchange(file->has_turn_, true)) return;
    files_.push_back(file);
    work_.notify_one();
  }

  // Completes the operations that have not been begun (overlapped = nullptr: all of the file).
  bool Cancel(File* file, const OVERLAPPED* overlapped, DWORD issuer) {
    std::list<FileOperation> cancelled;
    {
      const std::lock_guard guard(lock_);
      auto& operations = file->operations_;
      for (auto it = operations.begin(); it != operations.end();) {
        const auto here = it++;
        const bool match = (overlapped == nullptr || here->receipt.overlapped == overlapped) &&
                           (issuer == 0 || here->receipt.issuer == issuer);
        if (match) cancelled.splice(cancelled.end(), operations, here);
      }
    }
    for (FileOperation& operation : cancelled) Finish(operation, STATUS_CANCELLED, 0);
    return !cancelled.empty();
  }

 private:
  static constexpr int kMost = 4;

  void Run() {
    for (;;) {
      Ref<File> file;
      std::list<FileOperation> one;  // or none: it was cancelled
      {
        std::unique_lock guard(lock_);
        ++idle_;
        work_.wait(guard, [this] { return !files_.empty(); });
        --idle_;
        file = std::move(files_.front());
        files_.pop_front();
        auto& operations = file->operations_;
        if (!operations.empty()) one.splice(one.end(), operations, operations.begin());
      }
      if (!one.empty()) Perform(one.front());
      const std::lock_guard guard(lock_);
      file->has_turn_ = !file->operations_.empty();
      if (file->has_turn_) files_.push_back(std::move(file));  // behind the others
    }
  }

  static void Perform(FileOperation& operation) {
    const int fd = operation.file->fd_;
    std::uint64_t moved = 0;
    NTSTATUS status = STATUS_SUCCESS;
    while (moved < operation.length) {
      char* const at = operation.data + moved;
      const std::size_t left = operation.length - moved;
      const off_t offset = operation.offset + static_cast<off_t>(moved);
      const ssize_t step =
          operation.write ? SysPWrite(fd, at, left, offset) : SysPRead(fd, at, left, offset);
      if (step < 0) status = StatusFromErrno(errno);
      if (step <= 0) break;
      moved += static_cast<std::uint64_t>(step);
    }
    if (status == STATUS_SUCCESS && !operation.write && moved == 0 && operation.length > 0) {
      status = STATUS_END_OF_FILE;  // P40
    }
    Finish(operation, status, moved);
  }

  static void Finish(FileOperation& operation, NTSTATUS status, std::uint64_t bytes) {
    Wakes wakes;
    if (trace::On()) {
      trace::OperationCompleted(operation.file->handle(), operation.name(),
                                operation.receipt.overlapped, status, bytes);
    }
    {
      // As sockets do: the next operation's beginning comes after this one's end.
      const std::lock_guard guard(operation.file->lock_);
      operation.receipt.Complete(&operation.file->device_, status, bytes, true, wakes);
    }
    CountOperation(-1);
  }

  std::mutex lock_;
  int started_ = 0;  // guarded by lock_, as all below
  int idle_ = 0;
  std::condition_variable work_;
  std::deque<Ref<File>> files_;  // those that have a transfer to be done, and nobody at it
};

// --- File --------------------------------------------------------------------------------------------

File::File(int fd, bool overlapped) : Object(kKind), fd_(fd), overlapped_(overlapped) {
  CountAllocation();
  CountDescriptors(1);
}

File::~File() {
  SysClose(fd_);
  CountDescriptors(-1);
}

DWORD File::ReadWrite(bool write, void* data, DWORD length, DWORD* bytes, OVERLAPPED* overlapped) {
  if (overlapped_ != (overlapped != nullptr)) return ERROR_INVALID_PARAMETER;
  if (!overlapped_) {
    const ssize_t moved = write ? SysWrite(fd_, data, length) : SysRead(fd_, data, length);
    if (moved < 0) return Win32FromErrno(errno);
    if (bytes != nullptr) *bytes = static_cast<DWORD>(moved);
    return ERROR_SUCCESS;
  }
  FileOperation operation;
  operation.file = Ref<File>::Share(this);
  operation.write = write;
  operation.data = static_cast<char*>(data);
  operation.length = length;
  operation.offset = OffsetOf(*overlapped);
  if (!Immortal<FileThreads>().Running()) return ERROR_NO_SYSTEM_RESOURCES;
  {
    const std::lock_guard guard(lock_);
    if (const DWORD error = operation.receipt.Begin(overlapped, &device_)) return error;
  }
  if (bytes != nullptr) *bytes = 0;
  if (trace::On()) trace::OperationIssued(handle(), operation.name(), overlapped, 1, length);
  Immortal<FileThreads>().Add(std::move(operation));
  return ERROR_IO_PENDING;
}

DWORD File::Size(LONGLONG* size) {
  struct stat info {};
  if (SysFStat(fd_, &info) != 0) return Win32FromErrno(errno);
  *size = info.st_size;
  return ERROR_SUCCESS;
}

DWORD File::Associate(CompletionPort* port, ULONG_PTR key) {
  const std::lock_guard guard(lock_);
  if (closed_) return ERROR_INVALID_HANDLE;
  if (!overlapped_ || device_.Port() != nullptr) return ERROR_INVALID_PARAMETER;
  device_.Associate(port, handle(), key);
  return ERROR_SUCCESS;
}

// An overlapped transfer always pends here, so there is never a packet to skip.
DWORD File::SetNotificationModes(UCHAR flags) {
  if (!overlapped_) return ERROR_INVALID_PARAMETER;
  if ((flags & FILE_SKIP_SET_EVENT_ON_HANDLE) != 0) device_.signal.Skip();
  return ERROR_SUCCESS;
}

DWORD File::Cancel(const OVERLAPPED* overlapped, DWORD issuer) {
  const bool any = Immortal<FileThreads>().Cancel(this, overlapped, issuer);
  return any ? ERROR_SUCCESS : ERROR_NOT_FOUND;
}

void File::Close() {
  bool last_of_closed_port = false;
  {
    const std::lock_guard guard(lock_);
    if (closed_) return;
    closed_ = true;
    last_of_closed_port = device_.Leave();
  }
  if (last_of_closed_port) Background::LookOver();
  if (overlapped_) Immortal<FileThreads>().Cancel(this, nullptr, 0);
}

}  // namespace iocp
