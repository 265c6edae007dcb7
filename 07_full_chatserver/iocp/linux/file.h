// Files: the device that is not a socket. A regular file is always "ready" for a poller, so its
// overlapped operations are done by a few threads of the library's own (started when needed), those
// of one file in the order in which they were issued.
#pragma once

#include <list>
#include <mutex>

#include "iocp/linux/device.h"
#include "iocp/linux/handle_table.h"
#include "iocp/linux/receipt.h"
#include "iocp/linux/win32_files.h"
#include "iocp/linux/win32_port.h"

namespace iocp {

struct FileOperation;

class File final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::kFile;
  File(int fd, bool overlapped);

  // A Win32 error; ERROR_IO_PENDING: a packet (or event) follows. Any thread.
  DWORD Transfer(bool write, void* data, DWORD length, DWORD* bytes, OVERLAPPED* overlapped);
  DWORD Size(LONGLONG* size);
  // A file's operations always pend here, so there is never a packet to skip.
  void SetNotificationModes(UCHAR flags) {
    if ((flags & FILE_SKIP_SET_EVENT_ON_HANDLE) != 0) device_.signal.Skip();
  }
  Signal& signal() { return device_.signal.Get(); }  // the handle itself
  int descriptor() const { return fd_; }
  bool overlapped() const { return overlapped_; }
  DWORD Associate(CompletionPort* port, ULONG_PTR key);     // P2
  bool Cancel(const OVERLAPPED* overlapped, DWORD issuer);  // nullptr, 0: whichever
  void Close();

 private:
  friend class FileThreads;
  ~File() override;

  const int fd_;
  const bool overlapped_;
  std::mutex lock_;
  Device device_;        // set under lock_
  bool closed_ = false;  // guarded by lock_
  // The file threads', guarded by their lock: what has not been begun yet, and whether one of them
  // is at this file, or will be.
  std::list<FileOperation> operations_;
  bool has_turn_ = false;
};

}  // namespace iocp
