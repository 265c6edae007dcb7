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

inline off_t OffsetOf(const OVERLAPPED& overlapped) {
  return static_cast<off_t>((std::uint64_t{overlapped.OffsetHigh} << 32) | overlapped.Offset);
}

class File final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::kFile;
  File(int fd, bool overlapped);

  // Any thread, all of them. ERROR_IO_PENDING: a packet (or event) follows.
  DWORD ReadWrite(bool write, void* data, DWORD length, DWORD* bytes,
                  OVERLAPPED* overlapped) override;
  Signal* signal() override { return &device_.signal.Get(); }
  DWORD Associate(CompletionPort* port, ULONG_PTR key) override;
  DWORD SetNotificationModes(UCHAR flags) override;
  DWORD Cancel(const OVERLAPPED* overlapped, DWORD issuer) override;
  DWORD Size(LONGLONG* size);
  int descriptor() const { return fd_; }
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
