// The waiting half of the completion port: GetQueuedCompletionStatus(Ex).
#include <utility>

#include "iocp/linux/completion_port.h"
#include "iocp/linux/device.h"
#include "iocp/linux/trace.h"
#include "iocp/linux/win32_errors.h"

namespace iocp {
namespace {

// A server whose threads keep the queue filled by themselves (posts, send completions) must still
// notice its sockets: after so many packets one look at them, without waiting.
constexpr std::uint32_t kHarvestEvery = 512;

}  // namespace

DWORD CompletionPort::Dequeue(std::span<Packet> out, std::size_t* count, const Deadline& deadline,
                              bool alertable) {
  Thread& self = Self();
  if (alertable) {
    // For a thread of the port a packet comes first and the APC waits. For any other the APC comes
    // first, and does not even make it a thread of the port.
    const bool member = self.port == handle();
    if (member && TakeReady(self, out, count)) return ERROR_SUCCESS;
    if (!member && RunApcs(self)) return WAIT_IO_COMPLETION;
  }
  Join(self);  // before it can be alerted: this resets the wait
  if (alertable && !BeginAlertable(self, this)) {
    Harvest();  // a packet may be as good as here
    if (TakeReady(self, out, count)) {
      EndAlertable(self, false);
      return ERROR_SUCCESS;
    }
    RunApcs(self);
    return WAIT_IO_COMPLETION;
  }
  DWORD error = ERROR_SUCCESS;
  {
    Wakes wakes;
    std::unique_lock guard(lock_);
    if (!alertable && TakeOnTheRun(self, out, count)) return ERROR_SUCCESS;
    SetPlace(self, Place::kNone);  // the thread gives its place back and asks for another packet
    const bool look_first =
        since_harvest_ >= kHarvestEvery || (completion_queue_.empty() && deadline.Passed());
    if (look_first && !closed_) {
      since_harvest_ = 0;
      ++poll_entries_;  // a busy port is attended although nobody waits
      guard.unlock();
      Harvest();
      guard.lock();
    }
    if (closed_) {
      error = ERROR_ABANDONED_WAIT_0;
    } else if (!completion_queue_.empty() && !AtLimit()) {
      *count = Take(out);
      SetPlace(self, Place::kReleased);
    } else if ((error = WaitForPacket(guard, self, deadline)) == ERROR_SUCCESS) {
      out[0] = self.wait.packet;
      *count = 1 + Take(out.subspan(1));
    }
    if (!closed_) {
      since_harvest_ += static_cast<std::uint32_t>(error == ERROR_SUCCESS ? *count : 0);
      Balance(wakes);
      if (polling_ == 0 && !watched_ && !device_list_.empty()) {
        watched_ = true;
        wakes.AddWatch(this, false);
      }
    }
  }
  if (alertable) {
    EndAlertable(self, error == WAIT_IO_COMPLETION);
    {
      const std::lock_guard guard(lock_);
      self.wait.alerted = false;
    }
    if (error == WAIT_IO_COMPLETION) RunApcs(self);
  }
  return error;
}

// A thread belongs to the port of its last dequeue (P12).
void CompletionPort::Join(Thread& self) {
  if (self.port == handle()) return;
  if (const auto previous = HandleTable::Find<CompletionPort>(self.port)) previous->Leave(self);
  self.wait = PortWait{};  // in no list now: Close took it off, or Leave did
  self.port = handle();
}

// A thread that runs and may go on running takes the next packets without leaving its place: under
// load nothing of the other threads' records is touched for a packet. The lock is held. False: not
// possible, or there is more to do than that.
bool CompletionPort::TakeOnTheRun(const Thread& self, std::span<Packet> out, std::size_t* count) {
  const bool runs = self.wait.place == Place::kReleased && released_threads_.size() <= concurrency_;
  const bool attended = polling_ > 0 || watched_ || device_list_.empty();
  if (!runs || !attended || since_harvest_ >= kHarvestEvery) return false;
  if (completion_queue_.empty() || closed_) return false;
  *count = Take(out);
  since_harvest_ += static_cast<std::uint32_t>(*count);
  return true;
}

// Takes what is queued already; false: nothing that this thread may have now.
bool CompletionPort::TakeReady(Thread& self, std::span<Packet> out, std::size_t* count) {
  Wakes wakes;
  const std::lock_guard guard(lock_);
  if (closed_ || completion_queue_.empty()) return false;
  SetPlace(self, Place::kNone);  // the thread gives its place back
  const bool possible = !AtLimit();
  if (possible) *count = Take(out);
  SetPlace(self, Place::kReleased);
  if (possible) since_harvest_ += static_cast<std::uint32_t>(*count);
  return possible;
}

// 0: self.wait.packet is ours and we are released. Otherwise the error; a thread that leaves with a
// time-out stays with the port and counts as running.
DWORD CompletionPort::WaitForPacket(std::unique_lock<Lock>& guard, Thread& self,
                                    const Deadline& deadline) {
  SetPlace(self, Place::kWaiting);
  PortWait& wait = self.wait;
  wait.mode = WaitMode::kHarvesting;
  bool step_aside = false;
  for (;;) {
    if (std::exchange(wait.handed, false)) return ERROR_SUCCESS;
    if (std::exchange(wait.abandoned, false)) return ERROR_ABANDONED_WAIT_0;
    if (wait.alerted || deadline.Passed()) {
      SetPlace(self, Place::kReleased);
      return wait.alerted ? WAIT_IO_COMPLETION : WAIT_TIMEOUT;
    }
    // A signal on its way to a thread in the poller would be caught by whoever enters now: that
    // thread goes to its packet, and its Balance calls us to the poller.
    const bool signal_under_way = signals_owed_ > 0 && polling_ > 0;
    if (AtLimit() || step_aside || signal_under_way) {
      step_aside = false;
      WaitParked(guard, self, deadline);
    } else {
      step_aside = !WaitPolling(guard, self, deadline);
    }
  }
}

void CompletionPort::WaitParked(std::unique_lock<Lock>& guard, Thread& self,
                                const Deadline& deadline) {
  self.wait.mode = WaitMode::kParked;
  self.parker.store(0, std::memory_order_relaxed);
  guard.unlock();
  Park(self, deadline.Nanoseconds());
  guard.lock();
  self.wait.mode = WaitMode::kHarvesting;
}

// Waits in the poller and performs the I/O it reports, outside the lock. False: this thread was
// woken by a signal meant for another poller. It has passed the signal on and must not poll again
// before that one had it, or the two could snatch it from each other for ever: it parks.
bool CompletionPort::WaitPolling(std::unique_lock<Lock>& guard, Thread& self,
                                 const Deadline& deadline) {
  self.wait.mode = WaitMode::kPolling;
  ++polling_;
  ++poll_entries_;
  guard.unlock();

  std::array<Ready, Poller::kMostEvents> storage;
  const std::span<const Ready> ready = poller_.Wait(storage, deadline.Milliseconds());
  looks_.fetch_add(1, std::memory_order_relaxed);

  guard.lock();
  self.wait.mode = WaitMode::kHarvesting;
  --polling_;
  since_harvest_ = 0;
  const bool meant_for_us = std::exchange(self.wait.signalled, false);
  if (meant_for_us) --signals_owed_;
  const bool pass_on = signals_owed_ > 0;
  if (ready.empty() && !pass_on) return true;
  guard.unlock();

  if (pass_on) poller_.Signal();
  Dispatch(ready);

  guard.lock();
  return meant_for_us || !pass_on || polling_ == 0;
}

PortSnapshot CompletionPort::Snapshot() {
  const auto entries = [](const List<Thread>& threads) {
    std::vector<ThreadEntry> result;
    for (Thread* thread = threads.front(); thread != nullptr; thread = List<Thread>::Next(thread)) {
      const std::lock_guard guard(thread->name_lock);
      result.push_back({thread->id, thread->name});
    }
    return result;
  };
  PortSnapshot snapshot;
  const std::lock_guard guard(lock_);
  snapshot.concurrency = concurrency_;
  for (Device* device = device_list_.front(); device != nullptr;
       device = List<Device>::Next(device)) {
    snapshot.device_list.push_back({device->handle, device->key});
  }
  for (std::size_t i = 0; i < completion_queue_.size(); ++i) {
    const Packet& packet = completion_queue_[i];
    snapshot.completion_queue.push_back({packet.lpCompletionKey, packet.lpOverlapped,
                                         packet.dwNumberOfBytesTransferred, packet.Internal});
  }
  snapshot.waiting_threads = entries(waiting_threads_);
  snapshot.released_threads = entries(released_threads_);
  snapshot.paused_threads = entries(paused_threads_);
  return snapshot;
}

PortSizes CompletionPort::Sizes() {
  const std::lock_guard guard(lock_);
  return {.concurrency = concurrency_,
          .devices = device_list_.size(),
          .packets = completion_queue_.size(),
          .waiting = waiting_threads_.size(),
          .released = released_threads_.size(),
          .paused = paused_threads_.size(),
          .packets_taken = packets_taken_};
}

}  // namespace iocp
