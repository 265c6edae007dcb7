// A table of file operations with faults in it: short and interrupted writes, a full disk, a slow
// one.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "services/journal/file_ops.h"

namespace storage_test {

class FaultyOps final : public journal::FileOps {
 public:
  std::function<journal::IoResult(journal::FileHandle, std::uint64_t, std::string_view)> on_write;
  std::error_code truncate_error;
  // Called by the sync thread with the number of the sync that begins; set before the journal
  // opens.
  std::function<void(int)> on_sync;
  // atomic: the sync thread reads them
  std::atomic<bool> sync_fails{false};
  std::atomic<int> syncs{0};
  std::atomic<std::chrono::milliseconds> sync_takes{std::chrono::milliseconds(0)};
  // Files that were closed with something in them that no sync has reached.
  std::atomic<int> closed_unsynced{0};

  journal::FileOps& real() { return journal::SystemFileOps(); }
  journal::FileHandle Create(const std::string& path, std::error_code& error) override {
    return real().Create(path, error);
  }
  journal::FileHandle OpenToRead(const std::string& path, std::error_code& error) override {
    return real().OpenToRead(path, error);
  }
  journal::FileHandle OpenToCut(const std::string& path, std::error_code& error) override {
    return real().OpenToCut(path, error);
  }
  void Close(journal::FileHandle file) override {
    {
      const std::lock_guard guard(lock_);
      if (unsynced_.erase(file) != 0) ++closed_unsynced;
    }
    real().Close(file);
  }
  journal::IoResult WriteSome(journal::FileHandle file, std::uint64_t offset,
                              std::string_view data) override {
    {
      const std::lock_guard guard(lock_);
      unsynced_.insert(file);
    }
    return on_write ? on_write(file, offset, data) : real().WriteSome(file, offset, data);
  }
  journal::IoResult ReadSome(journal::FileHandle file, std::uint64_t offset, char* to,
                             std::size_t size) override {
    return real().ReadSome(file, offset, to, std::min<std::size_t>(size, 7));
  }
  std::error_code Truncate(journal::FileHandle file, std::uint64_t size) override {
    return truncate_error ? truncate_error : real().Truncate(file, size);
  }
  std::error_code Sync(journal::FileHandle file) override {
    const int number = ++syncs;
    if (on_sync) on_sync(number);
    if (!sync_fails) {  // before it: what is written while it runs may have come too late
      const std::lock_guard guard(lock_);
      unsynced_.erase(file);
    }
    std::this_thread::sleep_for(sync_takes.load());  // the disk: what is tested waits, not the test
    return sync_fails ? make_error_code(std::errc::io_error) : real().Sync(file);
  }
  std::error_code SyncFolder(const std::string& folder) override {
    return real().SyncFolder(folder);
  }
  std::error_code Remove(const std::string& path) override { return real().Remove(path); }

 private:
  std::mutex lock_;
  std::set<journal::FileHandle> unsynced_;  // guarded by lock_
};

}  // namespace storage_test
