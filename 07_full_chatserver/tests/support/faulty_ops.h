// A table of file operations with faults in it: short and interrupted writes, a full disk, a slow
// one.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
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
      const std::lock_guard guard(pages_lock_);
      const Pages& pages = pages_[file];
      if (pages.synced < pages.written) ++closed_unsynced;
      pages_.erase(file);  // the number is another file's soon
    }
    real().Close(file);
  }
  journal::IoResult WriteSome(journal::FileHandle file, std::uint64_t offset,
                              std::string_view data) override {
    const journal::IoResult result =
        on_write ? on_write(file, offset, data) : real().WriteSome(file, offset, data);
    const std::lock_guard guard(pages_lock_);
    pages_[file].written = std::max(pages_[file].written, offset + result.bytes);
    return result;
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
    std::this_thread::sleep_for(sync_takes.load());  // the disk: what is tested waits, not the test
    std::uint64_t written = 0;
    {
      const std::lock_guard guard(pages_lock_);
      const Pages& pages = pages_[file];
      if (sync_fails) {
        Drop(file, pages);
        return make_error_code(std::errc::io_error);
      }
      written = pages.written;
    }
    const std::error_code error = real().Sync(file);
    if (!error) {
      const std::lock_guard guard(pages_lock_);
      pages_[file].synced = written;
    }
    return error;
  }
  std::error_code SyncFolder(const std::string& folder) override {
    return real().SyncFolder(folder);
  }
  std::error_code Remove(const std::string& path) override { return real().Remove(path); }

 private:
  struct Pages {
    std::uint64_t synced = 0;
    std::uint64_t written = 0;
  };

  // As a system does whose write-back has failed: the pages are gone, and the next sync is fine.
  void Drop(journal::FileHandle file, const Pages& pages) {
    const std::string nothing(pages.written - pages.synced, '\0');
    std::uint64_t at = 0;
    while (at < nothing.size()) {
      const auto result = real().WriteSome(file, pages.synced + at, nothing.substr(at));
      if (result.error) return;
      at += result.bytes;
    }
  }

  std::mutex pages_lock_;
  std::map<journal::FileHandle, Pages> pages_;  // guarded by pages_lock_
};

}  // namespace storage_test
