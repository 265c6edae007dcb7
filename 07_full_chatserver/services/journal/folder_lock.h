// One process per journal folder.
#pragma once

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

  // False: another process (or another journal of this one) has it, or `error` says what else.
  bool Take(const std::string& folder, std::error_code& error);
  void Release();

 private:
  FileHandle file_ = kNoFile;
};

}  // namespace journal
