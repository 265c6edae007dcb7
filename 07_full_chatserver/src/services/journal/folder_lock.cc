#include "services/journal/folder_lock.h"

#include <thread>

namespace journal {

// By asking again and again: neither system has a lock of files that waits with a time-out.
bool FolderLock::TakeWithin(std::chrono::milliseconds wait, const std::string& folder,
                            std::error_code& error) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  while (!Take(folder, error)) {
    if (!IsHeld(error) || std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace journal
