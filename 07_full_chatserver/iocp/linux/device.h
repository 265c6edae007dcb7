// A device is whatever can be associated with a port: a socket or a file. Its entry in a port's
// DeviceList.
#pragma once

#include <atomic>

#include "iocp/linux/completion_port.h"
#include "iocp/linux/intrusive_list.h"

namespace iocp {

// What a completion needs. It lies before the links, which only matter when the device comes and
// goes (the order of Socket's cache lines).
struct DeviceRoute {
  // Set once, under the owner's lock (P2); key and handle are written before. Read without the lock
  // by completing operations. Holds a reference for the device's life (P5).
  std::atomic<CompletionPort*> port{nullptr};
  ULONG_PTR key = 0;
  ULONG_PTR handle = 0;
};

struct Device : DeviceRoute, Linked<Device> {
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device() {
    if (CompletionPort* const p = port.load(std::memory_order_relaxed)) p->Release();
  }

  // Called under the owner's lock, with port unset.
  void Associate(CompletionPort* to, HANDLE own_handle, ULONG_PTR own_key) {
    key = own_key;
    handle = reinterpret_cast<ULONG_PTR>(own_handle);
    to->AddRef();
    port.store(to, std::memory_order_release);
    to->AddDevice(this);
  }
};

}  // namespace iocp
