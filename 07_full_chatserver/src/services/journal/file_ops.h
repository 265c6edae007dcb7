// The file operations that the journal needs, as a table that tests put faults into: short writes,
// interrupted calls, a disk that is full.
//
// Any thread; a handle belongs to one thread at a time. Paths are UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace journal {

using FileHandle = std::intptr_t;
inline constexpr FileHandle kNoFile = -1;

struct IoResult {
  std::size_t bytes = 0;  // done, also when an error follows
  std::error_code error;
};

class FileOps {
 public:
  virtual ~FileOps() = default;

  // Makes a file that must not exist yet, for writing.
  virtual FileHandle Create(const std::string& path, std::error_code& error) = 0;
  virtual FileHandle OpenToRead(const std::string& path, std::error_code& error) = 0;
  virtual FileHandle OpenToCut(const std::string& path, std::error_code& error) = 0;
  virtual void Close(FileHandle file) = 0;

  // One system call: may do less than asked, may be interrupted.
  virtual IoResult WriteSome(FileHandle file, std::uint64_t offset, std::string_view data) = 0;
  // 0 bytes without an error: the end of the file.
  virtual IoResult ReadSome(FileHandle file, std::uint64_t offset, char* to, std::size_t size) = 0;

  virtual std::error_code Truncate(FileHandle file, std::uint64_t size) = 0;
  virtual std::error_code Sync(FileHandle file) = 0;
  // Makes new and removed names last. (Windows keeps names by itself: nothing to do.)
  virtual std::error_code SyncFolder(const std::string& folder) = 0;
  virtual std::error_code Remove(const std::string& path) = 0;
};

// The system's.
FileOps& SystemFileOps();

// All of it, over short writes and interruptions. An error can leave a part behind: `bytes` of it.
IoResult WriteAll(FileOps& ops, FileHandle file, std::uint64_t offset, std::string_view data);
// Until `size` bytes or the end of the file.
IoResult ReadAll(FileOps& ops, FileHandle file, std::uint64_t offset, char* to, std::size_t size);

// No space, quota or size limit: what goes away when somebody makes room.
bool IsFull(const std::error_code& error);

// A file that is closed with its scope.
class UniqueFile {
 public:
  UniqueFile() = default;
  UniqueFile(FileOps& ops, FileHandle file) : ops_(&ops), file_(file) {}
  UniqueFile(UniqueFile&& other) noexcept : ops_(other.ops_), file_(other.Release()) {}
  UniqueFile& operator=(UniqueFile&& other) noexcept {
    if (this != &other) {
      Reset();
      ops_ = other.ops_;
      file_ = other.Release();
    }
    return *this;
  }
  ~UniqueFile() { Reset(); }

  explicit operator bool() const { return file_ != kNoFile; }
  FileHandle get() const { return file_; }
  void Reset() {
    if (file_ != kNoFile) ops_->Close(Release());
  }

 private:
  FileHandle Release() {
    const FileHandle file = file_;
    file_ = kNoFile;
    return file;
  }

  FileOps* ops_ = nullptr;
  FileHandle file_ = kNoFile;
};

}  // namespace journal
