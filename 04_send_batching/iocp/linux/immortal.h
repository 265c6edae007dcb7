// What the process has one of.
#pragma once

namespace iocp {

// The process' one T: made at first use and never destroyed, because threads and static objects may
// still use it while the process ends. (What has nothing to destroy is a constinit global instead.)
template <typename T>
T& Immortal() {
  static T* const object = new T;
  return *object;
}

}  // namespace iocp
