// A device is whatever can be associated with a port: a socket or a file. Its entry in a port's
// DeviceList.
#pragma once

#include <atomic>

#include "iocp/linux/completion_port.h"
#include "iocp/linux/intrusive_list.h"
#include "iocp/linux/waitable.h"

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

// The handle itself can be waited for: it is reset when an operation begins and set when one
// without an event of its own ends (P127). Few programs do: the first wait makes the signal, until
// then one flag is all that an operation costs. Any thread, no lock needed.
class HandleSignal {
 public:
  HandleSignal() = default;
  HandleSignal(const HandleSignal&) = delete;
  HandleSignal& operator=(const HandleSignal&) = delete;
  ~HandleSignal() { delete signal_.load(std::memory_order_relaxed); }

  void Skip() { skipped_.store(true, std::memory_order_relaxed); }  // FILE_SKIP_SET_EVENT_ON_HANDLE

  void OnBegin() {
    if (set_.load(std::memory_order_relaxed)) set_.store(false, std::memory_order_relaxed);
    if (Signal* const signal = signal_.load(std::memory_order_relaxed)) signal->Clear();
  }

  void OnEnd(Wakes& wakes) {
    if (skipped_.load(std::memory_order_relaxed)) return;
    // Sequentially consistent, as in Get: one of the two threads sees what the other has done.
    set_.store(true, std::memory_order_seq_cst);
    if (Signal* const signal = signal_.load(std::memory_order_seq_cst)) signal->Set(wakes);
  }

  Signal& Get() {
    Signal* signal = signal_.load(std::memory_order_acquire);
    if (signal != nullptr) return *signal;
    auto* const made = new Signal(Signal::Reset::kManual, false);
    if (!signal_.compare_exchange_strong(signal, made, std::memory_order_seq_cst)) {
      delete made;
      return *signal;
    }
    Wakes wakes;
    if (set_.load(std::memory_order_seq_cst)) made->Set(wakes);
    return *made;
  }

 private:
  std::atomic<bool> set_{false};
  std::atomic<bool> skipped_{false};
  std::atomic<Signal*> signal_{nullptr};
};

struct Device : DeviceRoute, Linked<Device> {
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  mutable HandleSignal signal;

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
