#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "services/journal/descriptor_reserve.h"
#include "services/journal/file_ops.h"
#include "services/journal/folder_lock.h"

namespace journal {

namespace {

std::error_code LastError() {
  return {errno, std::generic_category()};
}

constexpr std::size_t kReserve = 8;  // SQLite opens three files

int OpenOnce(const std::string& path, int flags) {
  int file = -1;
  do {
    file = ::open(path.c_str(), flags | O_CLOEXEC, 0640);
  } while (file < 0 && errno == EINTR);
  return file;
}

FileHandle OpenWith(const std::string& path, int flags, std::error_code& error) {
  error.clear();
  int file = OpenOnce(path, flags);
  if (file < 0 && (errno == EMFILE || errno == ENFILE)) {
    const DescriptorReserve::Loan loan;
    file = OpenOnce(path, flags);
    if (file < 0) error = LastError();  // before the reserve is filled: that may fail, too
  } else if (file < 0) {
    error = LastError();
  }
  return file < 0 ? kNoFile : file;
}

class PosixFileOps final : public FileOps {
 public:
  FileHandle Create(const std::string& path, std::error_code& error) override {
    return OpenWith(path, O_WRONLY | O_CREAT | O_EXCL, error);
  }
  FileHandle OpenToRead(const std::string& path, std::error_code& error) override {
    return OpenWith(path, O_RDONLY, error);
  }
  FileHandle OpenToCut(const std::string& path, std::error_code& error) override {
    return OpenWith(path, O_WRONLY, error);
  }
  void Close(FileHandle file) override { ::close(static_cast<int>(file)); }

  IoResult WriteSome(FileHandle file, std::uint64_t offset, std::string_view data) override {
    return Result(
        ::pwrite(static_cast<int>(file), data.data(), data.size(), static_cast<off_t>(offset)));
  }
  IoResult ReadSome(FileHandle file, std::uint64_t offset, char* to, std::size_t size) override {
    return Result(::pread(static_cast<int>(file), to, size, static_cast<off_t>(offset)));
  }
  std::error_code Truncate(FileHandle file, std::uint64_t size) override {
    return Check(::ftruncate(static_cast<int>(file), static_cast<off_t>(size)));
  }
  std::error_code Sync(FileHandle file) override {
    return Check(::fdatasync(static_cast<int>(file)));
  }
  std::error_code SyncFolder(const std::string& folder) override {
    std::error_code error;
    const FileHandle file = OpenWith(folder, O_RDONLY | O_DIRECTORY, error);
    if (file == kNoFile) return error;
    error = Check(::fsync(static_cast<int>(file)));
    Close(file);
    return error;
  }
  std::error_code Remove(const std::string& path) override { return Check(::unlink(path.c_str())); }

 private:
  static IoResult Result(ssize_t done) {
    if (done < 0) return {0, LastError()};
    return {static_cast<std::size_t>(done), {}};
  }
  static std::error_code Check(int result) { return result == 0 ? std::error_code{} : LastError(); }
};

}  // namespace

FileOps& SystemFileOps() {
  static PosixFileOps ops;
  return ops;
}

DescriptorReserve& DescriptorReserve::OfProcess() {
  static DescriptorReserve reserve;
  return reserve;
}

void DescriptorReserve::Fill() {
  const std::lock_guard guard(lock_);
  while (held_.size() < kReserve) {
    const int held = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (held < 0) return;
    held_.push_back(held);
  }
}

void DescriptorReserve::LetGo() {
  const std::lock_guard guard(lock_);
  for (const int held : held_) ::close(held);
  held_.clear();
}

bool FolderLock::Take(const std::string& folder, std::error_code& error) {
  file_ = OpenWith(folder + "/LOCK", O_RDWR | O_CREAT, error);
  if (file_ == kNoFile) return false;
  // Ends with the process, however it ends.
  if (::flock(static_cast<int>(file_), LOCK_EX | LOCK_NB) == 0) return true;
  error = LastError();
  Release();
  return false;
}

void FolderLock::Release() {
  if (file_ != kNoFile) ::close(static_cast<int>(file_));
  file_ = kNoFile;
}

}  // namespace journal
