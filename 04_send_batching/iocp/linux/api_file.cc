// The Win32 functions of files, which a SOCKET is as well: how a path is opened; the transfers are
// in file.cc.
#include <errno.h>
#include <fcntl.h>

#include <string>

#include "iocp/linux/api_result.h"
#include "iocp/linux/errors.h"
#include "iocp/linux/file.h"
#include "iocp/linux/syscalls.h"

using iocp::File;
using iocp::HandleTable;
using iocp::Object;
using iocp::Ref;
using iocp::Result;

namespace {

// Wide characters are UTF-32 here.
std::string ToUtf8(LPCWSTR wide) {
  std::string out;
  for (; *wide != 0; ++wide) {
    // NOLINTNEXTLINE(bugprone-signed-char-misuse): a wchar_t is no byte, it has 32 bits here
    const auto c = static_cast<std::uint32_t>(*wide);
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += static_cast<char>(0xC0 | (c >> 6));
      tail(0);
    } else if (c < 0x10000) {
      out += static_cast<char>(0xE0 | (c >> 12));
      tail(6);
      tail(0);
    } else {
      out += static_cast<char>(0xF0 | (c >> 18));
      tail(12);
      tail(6);
      tail(0);
    }
  }
  return out;
}

// -1: no such disposition.
int OpenFlags(DWORD access, DWORD disposition) {
  const bool read = (access & GENERIC_READ) != 0;
  const bool write = (access & GENERIC_WRITE) != 0;
  const int mode = read && write ? O_RDWR : write ? O_WRONLY : O_RDONLY;
  switch (disposition) {
    case CREATE_NEW:
      return mode | O_CREAT | O_EXCL;
    case CREATE_ALWAYS:
      return mode | O_CREAT | O_TRUNC;
    case OPEN_EXISTING:
      return mode;
    case OPEN_ALWAYS:
      return mode | O_CREAT;
    case TRUNCATE_EXISTING:
      return mode | O_TRUNC;
    default:
      return -1;
  }
}

}  // namespace

HANDLE CreateFileA(LPCSTR path, DWORD access, DWORD, LPSECURITY_ATTRIBUTES, DWORD disposition,
                   DWORD flags, HANDLE) {
  const int open_flags = OpenFlags(access, disposition);
  DWORD error = ERROR_INVALID_PARAMETER;
  if (path != nullptr && open_flags != -1) {
    // These two tell by the last error whether the file was there: whoever makes it knows.
    const bool tells = disposition == OPEN_ALWAYS || disposition == CREATE_ALWAYS;
    int fd = tells ? iocp::SysOpen(path, open_flags | O_EXCL, 0666) : -1;
    const bool existed = !tells || (fd < 0 && errno == EEXIST);
    if (existed) fd = iocp::SysOpen(path, open_flags, 0666);
    struct stat info {};
    if (fd < 0) {
      error = iocp::Win32FromErrno(errno);
    } else if (iocp::SysFStat(fd, &info) != 0 || S_ISDIR(info.st_mode)) {
      iocp::SysClose(fd);
      error = ERROR_ACCESS_DENIED;  // a directory
    } else {
      const HANDLE handle = HandleTable::Insert(new File(fd, (flags & FILE_FLAG_OVERLAPPED) != 0));
      if (handle != nullptr) {
        if (tells) SetLastError(existed ? ERROR_ALREADY_EXISTS : ERROR_SUCCESS);
        return handle;
      }
      error = ERROR_NO_SYSTEM_RESOURCES;
    }
  }
  return iocp::Fail(error, INVALID_HANDLE_VALUE);
}

HANDLE CreateFileW(LPCWSTR path, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES attributes,
                   DWORD disposition, DWORD flags, HANDLE template_file) {
  const std::string utf8 = path == nullptr ? std::string() : ToUtf8(path);
  return CreateFileA(path == nullptr ? nullptr : utf8.c_str(), access, share, attributes,
                     disposition, flags, template_file);
}

BOOL ReadFile(HANDLE handle, LPVOID buffer, DWORD length, LPDWORD bytes, LPOVERLAPPED overlapped) {
  const Ref<Object> object = HandleTable::FindAny(handle);
  if (!object) return Result(ERROR_INVALID_HANDLE);
  return Result(object->ReadWrite(false, buffer, length, bytes, overlapped));
}

BOOL WriteFile(HANDLE handle, LPCVOID buffer, DWORD length, LPDWORD bytes,
               LPOVERLAPPED overlapped) {
  const Ref<Object> object = HandleTable::FindAny(handle);
  if (!object) return Result(ERROR_INVALID_HANDLE);
  return Result(object->ReadWrite(true, const_cast<void*>(buffer), length, bytes, overlapped));
}

BOOL GetFileSizeEx(HANDLE handle, PLARGE_INTEGER size) {
  const auto file = HandleTable::Find<File>(handle);
  if (!file) return Result(ERROR_INVALID_HANDLE);
  return Result(file->Size(&size->QuadPart));
}
