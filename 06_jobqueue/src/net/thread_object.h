// An object of T for each thread that asks, deleted when the thread ends.
//
// This is what `thread_local T` means, and with most compilers it would do. With MinGW a
// thread_local object's memory is freed before its destructor runs; so the object lives on the
// heap, and Windows itself (FlsAlloc) calls for its deletion.
//
// Threading: each thread has its own. A second use of the same T in one program needs another T.
#pragma once

#include "iocp/iocp.h"

namespace net {

template <typename T>
class ThreadObject {
 public:
  static T& Get() {
    if (own_ == nullptr) {
      own_ = new T;
      DeleteAtThreadEnd(own_);
    }
    return *own_;
  }

 private:
#ifdef _WIN32
  static void WINAPI OnThreadEnd(void* object) {
    own_ = nullptr;
    delete static_cast<T*>(object);
  }
  static void DeleteAtThreadEnd(T* object) {
    static const DWORD slot = FlsAlloc(OnThreadEnd);
    FlsSetValue(slot, object);
  }
#else
  struct Ending {
    T* object;
    ~Ending() {
      own_ = nullptr;
      delete object;
    }
  };
  static void DeleteAtThreadEnd(T* object) {
    thread_local const Ending ending{object};
  }
#endif

  static inline thread_local T* own_ = nullptr;
};

}  // namespace net
