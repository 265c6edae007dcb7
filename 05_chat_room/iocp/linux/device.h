// A device is whatever can be associated with a port: a socket or a file. Its entry in a port's
// DeviceList.
#pragma once

#include <atomic>
#include <memory>

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

  // Under the owner's lock; or whoever takes a port that comes later for none.
  CompletionPort* Port() const { return port.load(std::memory_order_relaxed); }
};

// The handle itself can be waited for: it is reset when an operation begins and set when one
// without an event of its own ends (P127). Few programs do: the first wait makes the signal, until
// then one flag is all that it costs. Any thread, no lock needed.
class HandleSignal {
 public:
  HandleSignal() = default;
  HandleSignal(const HandleSignal&) = delete;
  HandleSignal& operator=(const HandleSignal&) = delete;
  ~HandleSignal() { delete SignalIn(word_.load(std::memory_order_relaxed)); }

  void Skip() { word_.fetch_or(kSkipped); }  // FILE_SKIP_SET_EVENT_ON_HANDLE

  void OnBegin() {
    std::uintptr_t word = word_.load(std::memory_order_acquire);
    if ((word & kSet) != 0) word = word_.fetch_and(~kSet);
    if (Signal* const signal = SignalIn(word)) signal->Clear();
  }

  void OnEnd(Wakes& wakes) {
    std::uintptr_t word = word_.load(std::memory_order_acquire);
    if ((word & kSkipped) != 0) return;
    if ((word & kSet) == 0) word = word_.fetch_or(kSet);
    if (Signal* const signal = SignalIn(word)) signal->Set(wakes);
  }

  Signal& Get() {
    std::uintptr_t word = word_.load(std::memory_order_acquire);
    if (SignalIn(word) != nullptr) return *SignalIn(word);
    auto made = std::make_unique<Signal>(Signal::Reset::kManual, (word & kSet) != 0);
    // As it is set or not when it appears: whoever begins or ends an operation from then on finds
    // it.
    while (
        !word_.compare_exchange_weak(word, word | reinterpret_cast<std::uintptr_t>(made.get()))) {
      if (SignalIn(word) != nullptr) return *SignalIn(word);  // another thread was faster
      made = std::make_unique<Signal>(Signal::Reset::kManual, (word & kSet) != 0);
    }
    return *made.release();
  }

 private:
  static constexpr std::uintptr_t kSet = 1;
  static constexpr std::uintptr_t kSkipped = 2;
  static Signal* SignalIn(std::uintptr_t word) {
    return reinterpret_cast<Signal*>(word & ~(kSet | kSkipped));
  }

  // The address of the signal, once there is one, and the two flags in its low bits: a socket has
  // two cache lines, and no room for more.
  std::atomic<std::uintptr_t> word_{0};
};

struct Device : DeviceRoute, Linked<Device> {
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  mutable HandleSignal signal;

  ~Device() {
    if (CompletionPort* const p = Port()) p->Release();
  }

  // Called under the owner's lock, with port unset.
  void Associate(CompletionPort* to, HANDLE own_handle, ULONG_PTR own_key) {
    key = own_key;
    handle = reinterpret_cast<ULONG_PTR>(own_handle);
    to->AddRef();
    port.store(to, std::memory_order_release);
    to->AddDevice(this);
  }

  // The owner is closed. True: that was the last device of a closed port (RemoveDevice).
  bool Leave() { return Port() != nullptr && Port()->RemoveDevice(this); }
};

}  // namespace iocp
