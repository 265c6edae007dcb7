// One process per journal folder.
#pragma once

#include <chrono>
#include <string>
#include <system_error>

#include "services/journal/file_ops.h"

namespace journal {

class FolderLock {
 public:
  FolderLock() = default;
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() { Release(); }

  // False: another process (or another journal of this one) has it (IsHeld), or `error` says what
  // else.
  bool Take(const std::string& folder, std::error_code& error);
  // As Take; as long as somebody else has it, tries again until `wait` is over.
  bool TakeWithin(std::chrono::milliseconds wait, const std::string& folder,
                  std::error_code& error);
  static bool IsHeld(const std::error_code& error) {
    return error == std::errc::resource_unavailable_try_again;
  }
  void Release();

 private:
  FileHandle file_ = kNoFile;
};

}  // namespace journal
