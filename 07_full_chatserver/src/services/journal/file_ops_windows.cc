#include <windows.h>

#include <filesystem>

#include "services/journal/descriptor_reserve.h"
#include "services/journal/file_ops.h"
#include "services/journal/folder_lock.h"

namespace journal {

namespace {

std::wstring Wide(const std::string& path) {
  return std::filesystem::path(std::u8string(path.begin(), path.end())).wstring();
}

constexpr DWORD kDiskQuotaExceeded = 1295;  // ERROR_DISK_QUOTA_EXCEEDED; mingw's headers lack it

std::error_code ErrorOf(DWORD code) {
  switch (code) {
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
    case kDiskQuotaExceeded:
      return make_error_code(std::errc::no_space_on_device);
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS:
      return make_error_code(std::errc::file_exists);
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
      return make_error_code(std::errc::no_such_file_or_directory);
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
      return make_error_code(std::errc::resource_unavailable_try_again);
    default:
      return {static_cast<int>(code), std::system_category()};
  }
}

FileHandle OpenWith(const std::string& path, DWORD access, DWORD share, DWORD disposition,
                    std::error_code& error) {
  error.clear();
  HANDLE file = CreateFileW(Wide(path).c_str(), access, share, nullptr, disposition,
                            FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) {
    error = ErrorOf(GetLastError());
    return kNoFile;
  }
  return reinterpret_cast<FileHandle>(file);
}

HANDLE Native(FileHandle file) {
  return reinterpret_cast<HANDLE>(file);
}

OVERLAPPED At(std::uint64_t offset) {
  OVERLAPPED at{};
  at.Offset = static_cast<DWORD>(offset);
  at.OffsetHigh = static_cast<DWORD>(offset >> 32);
  return at;
}

constexpr DWORD kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

class WindowsFileOps final : public FileOps {
 public:
  FileHandle Create(const std::string& path, std::error_code& error) override {
    return OpenWith(path, GENERIC_WRITE, kShareAll, CREATE_NEW, error);
  }
  FileHandle OpenToRead(const std::string& path, std::error_code& error) override {
    return OpenWith(path, GENERIC_READ, kShareAll, OPEN_EXISTING, error);
  }
  FileHandle OpenToCut(const std::string& path, std::error_code& error) override {
    return OpenWith(path, GENERIC_WRITE, kShareAll, OPEN_EXISTING, error);
  }
  void Close(FileHandle file) override { CloseHandle(Native(file)); }

  IoResult WriteSome(FileHandle file, std::uint64_t offset, std::string_view data) override {
    OVERLAPPED at = At(offset);
    DWORD done = 0;
    const DWORD size = static_cast<DWORD>(data.size() > 1U << 30 ? 1U << 30 : data.size());
    if (!WriteFile(Native(file), data.data(), size, &done, &at))
      return {done, ErrorOf(GetLastError())};
    return {done, {}};
  }
  IoResult ReadSome(FileHandle file, std::uint64_t offset, char* to, std::size_t size) override {
    OVERLAPPED at = At(offset);
    DWORD done = 0;
    const DWORD part = static_cast<DWORD>(size > 1U << 30 ? 1U << 30 : size);
    if (!ReadFile(Native(file), to, part, &done, &at)) {
      const DWORD code = GetLastError();
      if (code == ERROR_HANDLE_EOF) return {};
      return {done, ErrorOf(code)};
    }
    return {done, {}};
  }
  std::error_code Truncate(FileHandle file, std::uint64_t size) override {
    LARGE_INTEGER to;
    to.QuadPart = static_cast<LONGLONG>(size);
    if (!SetFilePointerEx(Native(file), to, nullptr, FILE_BEGIN) || !SetEndOfFile(Native(file))) {
      return ErrorOf(GetLastError());
    }
    return {};
  }
  std::error_code Sync(FileHandle file) override {
    return FlushFileBuffers(Native(file)) ? std::error_code{} : ErrorOf(GetLastError());
  }
  std::error_code SyncFolder(const std::string&) override { return {}; }
  std::error_code Remove(const std::string& path) override {
    return DeleteFileW(Wide(path).c_str()) ? std::error_code{} : ErrorOf(GetLastError());
  }
};

}  // namespace

FileOps& SystemFileOps() {
  static WindowsFileOps ops;
  return ops;
}

DescriptorReserve& DescriptorReserve::OfProcess() {
  static DescriptorReserve reserve;
  return reserve;
}
void DescriptorReserve::Fill() {}
void DescriptorReserve::LetGo() {}

bool FolderLock::Take(const std::string& folder, std::error_code& error) {
  // Nobody else may open it as long as this handle is open, and a process takes its handles along.
  file_ = OpenWith(folder + "/LOCK", GENERIC_READ | GENERIC_WRITE, 0, OPEN_ALWAYS, error);
  return file_ != kNoFile;
}

void FolderLock::Release() {
  if (file_ != kNoFile) CloseHandle(Native(file_));
  file_ = kNoFile;
}

}  // namespace journal
