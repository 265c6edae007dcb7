#include "iocp/linux/completion_port.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "iocp/linux/background.h"
#include "iocp/linux/device.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/trace.h"

namespace iocp {

// --- life --------------------------------------------------------------------------------------------

CompletionPort::CompletionPort(DWORD concurrency)
    : Object(kKind),
      concurrency_(concurrency != 0 ? concurrency
                                    : std::max(1u, std::thread::hardware_concurrency())) {}

CompletionPort* CompletionPort::Create(DWORD concurrency) {
  CountAllocation();
  auto* const port = new CompletionPort(concurrency);
  if (!port->poller_.Open()) {
    delete port;
    return nullptr;
  }
  if (HandleTable::Insert(port) == nullptr) return nullptr;
  if (trace::On()) trace::PortCreated(port->handle(), port->concurrency_);
  return port;
}

void CompletionPort::Close() {
  Wakes wakes;
  bool devices_left = false;
  {
    const std::lock_guard guard(lock_);
    if (closed_) return;
    closed_ = true;
    completion_queue_.Clear();
    // A thread in this list has not been handed a packet; those that have, keep and deliver it
    // (P13).
    while (Thread* const thread = waiting_threads_.front()) {
      thread->wait.abandoned = true;
      WakeLocked(*thread, wakes);
      SetPlace(*thread, Place::kNone);
    }
    // The others forget this port when they next look for it.
    while (Thread* const thread = released_threads_.front()) SetPlace(*thread, Place::kNone);
    while (Thread* const thread = paused_threads_.front()) SetPlace(*thread, Place::kNone);
    devices_left = !device_list_.empty();
    if (trace::On()) trace::PortClosed(handle());
  }
  // Operations of its devices go on (P5), though nobody can take their packets any more.
  if (devices_left) Background::AdoptClosed(Ref<CompletionPort>::Share(this));
}

// --- devices -----------------------------------------------------------------------------------------

void CompletionPort::AddDevice(Device* device) {
  const std::lock_guard guard(lock_);
  device_list_.PushBack(device);
  if (trace::On()) trace::DeviceAdded(handle(), device->handle, device->key);
}

bool CompletionPort::RemoveDevice(Device* device) {
  const std::lock_guard guard(lock_);
  device_list_.Remove(device);
  if (trace::On()) trace::DeviceRemoved(handle(), device->handle);
  return closed_ && device_list_.empty();
}

void CompletionPort::NoteRegistration() {
  Wakes wakes;  // declared before the guard: fires after the lock was released
  const std::lock_guard guard(lock_);
  if (polling_ == 0 && !watched_) {
    // Its first, or the first since long: perhaps nobody will ever dequeue, and all wait by event.
    watched_ = nested_ = true;
    wakes.AddWatch(this, true);
  }
}

// --- packets -----------------------------------------------------------------------------------------

void CompletionPort::Enqueue(const Packet& packet, Wakes& wakes) {
  const std::lock_guard guard(lock_);
  if (closed_) return;
  completion_queue_.PushBack(packet);
  if (trace::On()) trace::PacketQueued(handle(), packet, completion_queue_.size());
  Balance(wakes);
}

// Restores the two promises after any change, under the lock:
//   - a packet never lies in the queue while a thread waits and the limit lets it go;
//   - while the limit lets a thread go, one of the waiting threads looks for ready sockets.
void CompletionPort::Balance(Wakes& wakes) {
  while (!completion_queue_.empty() && !waiting_threads_.empty() && !AtLimit()) {
    const Packet packet = completion_queue_.PopFront();
    Hand(*waiting_threads_.front(), packet, wakes);
  }
  if (waiting_threads_.empty() || AtLimit() || polling_ > 0) return;
  Thread& newest = *waiting_threads_.front();
  if (newest.wait.mode == WaitMode::kParked) WakeLocked(newest, wakes);
}

// The packet is the thread's from here on, though it may need a while to wake up: nobody else, not
// even a thread that asks in the meantime, can take it (P11).
void CompletionPort::Hand(Thread& thread, const Packet& packet, Wakes& wakes) {
  thread.wait.packet = packet;
  thread.wait.handed = true;
  ++packets_taken_;
  if (trace::On()) trace::PacketTaken(handle(), thread, packet, completion_queue_.size());
  WakeLocked(thread, wakes);
  SetPlace(thread, Place::kReleased);
}

void CompletionPort::WakeLocked(Thread& thread, Wakes& wakes) {
  switch (thread.wait.mode) {
    case WaitMode::kHarvesting:
      break;  // it is awake and looks again before it waits
    case WaitMode::kParked:
      // Set already: whoever set it makes the wake-up.
      if (thread.parker.exchange(1, std::memory_order_release) == 0) {
        wakes.AddParked(&thread.parker);
      }
      break;
    case WaitMode::kPolling:
      // A signal wakes the newest poller, which need not be this thread: it may not have reached
      // the system call yet. The debt makes whoever wakes pass the signal on (WaitPolling).
      if (!thread.wait.signalled) {
        thread.wait.signalled = true;
        ++signals_owed_;
      }
      wakes.AddSignal(this);
      break;
  }
}

std::size_t CompletionPort::Take(std::span<Packet> out) {
  std::size_t count = 0;
  while (count < out.size() && !completion_queue_.empty()) {
    out[count] = completion_queue_.PopFront();
    if (trace::On()) trace::PacketTaken(handle(), Self(), out[count], completion_queue_.size());
    ++count;
  }
  packets_taken_ += count;
  return count;
}

// --- threads -----------------------------------------------------------------------------------------

void CompletionPort::SetPlace(Thread& thread, Place place) {
  List<Thread>* const lists[] = {nullptr, &waiting_threads_, &released_threads_, &paused_threads_};
  if (thread.wait.place == place) return;
  if (List<Thread>* const from = lists[static_cast<int>(thread.wait.place)]) from->Remove(&thread);
  if (List<Thread>* const to = lists[static_cast<int>(place)]) to->PushFront(&thread);
  if (trace::On()) trace::ThreadMoved(handle(), thread, thread.wait.place, place);
  thread.wait.place = place;
}

bool CompletionPort::Pause(Thread& thread) {
  Wakes wakes;  // declared before the guard: fires after the lock was released
  const std::lock_guard guard(lock_);
  if (thread.wait.place != Place::kReleased) return false;
  SetPlace(thread, Place::kPaused);
  Balance(wakes);
  // It may wait for I/O of this very port, and nobody is left to look for it.
  const bool nobody = polling_ == 0 && waiting_threads_.empty() && !device_list_.empty();
  if (nobody && !std::exchange(nested_, true)) {
    watched_ = true;
    wakes.AddWatch(this, true);
  }
  return true;
}

// The place is taken back without asking: for a moment more threads than the limit may run (P12).
void CompletionPort::Resume(Thread& thread) {
  const std::lock_guard guard(lock_);
  if (thread.wait.place == Place::kPaused) SetPlace(thread, Place::kReleased);
}

void CompletionPort::Leave(Thread& thread) {
  Wakes wakes;  // declared before the guard: fires after the lock was released
  const std::lock_guard guard(lock_);
  SetPlace(thread, Place::kNone);
  if (!closed_) Balance(wakes);
}

void CompletionPort::Alert(Thread& thread, Wakes& wakes) {
  const std::lock_guard guard(lock_);
  thread.wait.alerted = true;
  if (thread.wait.place == Place::kWaiting) WakeLocked(thread, wakes);
}

// --- for the background thread -----------------------------------------------------------------------

CompletionPort::Attendance CompletionPort::Attend() {
  const std::lock_guard guard(lock_);
  return {.entries = poll_entries_,
          .polled = polling_ > 0,
          .paused = !paused_threads_.empty(),
          .needed = !device_list_.empty()};
}

bool CompletionPort::EndWatch(std::uint64_t entries) {
  const std::lock_guard guard(lock_);
  if (poll_entries_ != entries || (polling_ == 0 && !device_list_.empty())) return false;
  watched_ = nested_ = false;
  return true;
}

void CompletionPort::WatchFailed() {
  const std::lock_guard guard(lock_);
  watched_ = nested_ = false;
}

// Its only thread may have blocked since the background thread looked, and not told it, because
// the port was nested then (Pause).
bool CompletionPort::EndNesting() {
  const std::lock_guard guard(lock_);
  if (polling_ == 0 && waiting_threads_.empty() && !paused_threads_.empty()) return false;
  nested_ = false;
  return true;
}

// Looking takes signals off the poller that were meant for threads blocked there: they are given
// back.
void CompletionPort::Harvest() {
  std::array<Ready, Poller::kMostEvents> storage;
  const std::span<const Ready> ready = poller_.Wait(storage, 0);
  looks_.fetch_add(1, std::memory_order_relaxed);
  bool pass_on = false;
  {
    const std::lock_guard guard(lock_);
    pass_on = signals_owed_ > 0;
  }
  if (pass_on) poller_.Signal();
  Dispatch(ready);
}

void CompletionPort::Dispatch(std::span<const Ready> ready) {
  for (std::size_t i = 0; i < ready.size(); ++i) {
    // The next socket comes into the cache while this one's system call runs.
    if (i + 1 < ready.size()) {
      HandleTable::Prefetch(reinterpret_cast<HANDLE>(ready[i + 1].token));
    }
    if (ready[i].token != Poller::kSignalToken) Socket::OnReady(ready[i]);
  }
}

}  // namespace iocp
