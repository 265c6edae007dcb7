#include "iocp/linux/file.h"

#include <errno.h>

#include <condition_variable>
#include <deque>

#include "iocp/linux/background.h"
#include "iocp/linux/counters.h"
#include "iocp/linux/errors.h"
#include "iocp/linux/syscalls.h"
#include "iocp/linux/thread.h"
#include "iocp/linux/trace.h"

namespace iocp {

namespace {

struct FileOperation {
  Ref<File> file;
  Receipt receipt;
  bool write = false;
  char* data = nullptr;
  DWORD length = 0;
  off_t offset = 0;
};

const char* NameOf(const FileOperation& operation) {
  return operation.write ? "write" : "read";
}

}  // namespace

// Does the transfers of all files, one after the other.
class FileThread {
 public:
  static FileThread& Get() {
    static FileThread* const thread = new FileThread;  // outlives every other thread
    return *thread;
  }

  // Started when first needed. False: the system has no thread left.
  bool Running() {
    const std::lock_guard guard(lock_);
    if (!running_) running_ = StartHelper([this] { Run(); });
    return running_;
  }

  void Add(FileOperation operation) {
    CountOperation(1);
    const std::lock_guard guard(lock_);
    queue_.push_back(std::move(operation));
    work_.notify_one();
  }

  // Completes the operations that have not been begun (overlapped = nullptr: all of the file).
  bool Cancel(const File* file, const OVERLAPPED* overlapped, DWORD issuer) {
    std::deque<FileOperation> cancelled;
    {
      const std::lock_guard guard(lock_);
      for (auto it = queue_.begin(); it != queue_.end();) {
        const bool match = it->file.get() == file &&
                           (overlapped == nullptr || it->receipt.overlapped == overlapped) &&
                           (issuer == 0 || it->receipt.issuer == issuer);
        if (match) cancelled.push_back(std::move(*it));
        it = match ? queue_.erase(it) : it + 1;
      }
    }
    for (FileOperation& operation : cancelled) Finish(operation, STATUS_CANCELLED, 0);
    return !cancelled.empty();
  }

 private:
  FileThread() = default;

  void Run() {
    for (;;) {
      FileOperation operation;
      {
        std::unique_lock guard(lock_);
        work_.wait(guard, [this] { return !queue_.empty(); });
        operation = std::move(queue_.front());
        queue_.pop_front();
      }
      Perform(operation);
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
      trace::OperationCompleted(operation.file->handle(), NameOf(operation),
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
  bool running_ = false;  // guarded by lock_
  std::condition_variable work_;
  std::deque<FileOperation> queue_;  // guarded by lock_
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

DWORD File::Transfer(bool write, void* data, DWORD length, DWORD* bytes, OVERLAPPED* overlapped) {
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
  operation.offset = static_cast<off_t>((std::uint64_t{overlapped->OffsetHigh} << 32) |
                                        std::uint64_t{overlapped->Offset});
  if (!FileThread::Get().Running()) return ERROR_NO_SYSTEM_RESOURCES;
  {
    const std::lock_guard guard(lock_);
    if (const DWORD error = operation.receipt.Begin(overlapped, &device_)) return error;
  }
  if (bytes != nullptr) *bytes = 0;
  if (trace::On()) trace::OperationIssued(handle(), NameOf(operation), overlapped);
  FileThread::Get().Add(std::move(operation));
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
  if (!overlapped_ || device_.port.load(std::memory_order_relaxed) != nullptr) {
    return ERROR_INVALID_PARAMETER;
  }
  device_.Associate(port, handle(), key);
  return ERROR_SUCCESS;
}

bool File::Cancel(const OVERLAPPED* overlapped, DWORD issuer) {
  return FileThread::Get().Cancel(this, overlapped, issuer);
}

void File::Close() {
  bool last_of_closed_port = false;
  {
    const std::lock_guard guard(lock_);
    if (closed_) return;
    closed_ = true;
    if (CompletionPort* const port = device_.port.load(std::memory_order_relaxed)) {
      last_of_closed_port = port->RemoveDevice(&device_);
    }
  }
  if (last_of_closed_port) Background::LookOver();
  if (overlapped_) FileThread::Get().Cancel(this, nullptr, 0);
}

}  // namespace iocp
