// The completion port, with the five structures of the kernel's as its five members.
//
//   sockets, files -------------------> DeviceList
//   completed operations, posts ------> CompletionQueue
//   threads in a dequeue -------------> WaitingThreads
//     a packet, while running < limit:  WaitingThreads  --> ReleasedThreads
//     blocks in a call, returns:        ReleasedThreads <-> PausedThreads
//
// How waiting threads wait. There is no kernel to complete operations, so somebody must look for
// ready sockets: the waiting threads do it themselves. While the port is below its limit a waiting
// thread blocks in Poller::Wait; the poller wakes the newest one (LIFO), which performs the
// reported I/O outside every lock, queues the packets and usually takes the first of them itself.
// The threads that blocked before it stay in the poller as standby, so nobody has to hand anything
// on. A thread that waits while the port is at its limit must not take new events; it parks on its
// own futex word until a packet is handed to it. When all threads run user code for long, the
// background thread takes over (background.h).
//
// Lock order: socket -> port. Wake-ups are collected in a Wakes and made after the locks were
// released.
#pragma once

#include <mutex>
#include <span>

#include "iocp/inspect.h"
#include "iocp/linux/completion_queue.h"
#include "iocp/linux/deadline.h"
#include "iocp/linux/handle_table.h"
#include "iocp/linux/intrusive_list.h"
#include "iocp/linux/lock.h"
#include "iocp/linux/poller.h"
#include "iocp/linux/thread.h"
#include "iocp/linux/wakes.h"

namespace iocp {

struct Device;

class CompletionPort final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::kPort;

  // A port without a handle yet; nullptr: no descriptors left. concurrency 0: number of processors
  // (P1).
  static CompletionPort* Create(DWORD concurrency);

  // --- devices ---------------------------------------------------------------------------------------
  void AddDevice(Device* device);  // called under the device's lock
  // Likewise. True: that was the last device of a closed port (then call Background::LookOver
  // unlocked).
  bool RemoveDevice(Device* device);
  Poller& poller() { return poller_; }
  // A device of this port has been registered with the poller: somebody must be watching from now
  // on.
  void NoteRegistration();
  // How often anybody has asked the poller. Any thread, without ordering.
  std::uint32_t looks() const { return looks_.load(std::memory_order_relaxed); }

  // --- packets ---------------------------------------------------------------------------------------
  void Enqueue(const Packet& packet, Wakes& wakes);

  // 0 and *count >= 1 packets, or the error to report (P6, P13; WAIT_IO_COMPLETION for an APC).
  DWORD Dequeue(std::span<Packet> out, std::size_t* count, const Deadline& deadline,
                bool alertable);

  // CloseHandle. Returns once every parked thread has been told (P13).
  void Close();

  // --- threads ---------------------------------------------------------------------------------------
  bool Pause(Thread& thread);   // released -> paused; false: the thread was not released
  void Resume(Thread& thread);  // paused -> released
  void Leave(Thread& thread);   // the thread ends or joins another port
  void Alert(Thread& thread, Wakes& wakes);  // called under the thread's apc_lock

  // --- for the background thread ---------------------------------------------------------------------
  struct Attendance {
    std::uint64_t entries = 0;  // how often a thread of the port has looked for ready sockets
    bool polled = false;        // one is polling now
    bool paused = false;        // one is blocked in a call of the API (P12)
    bool needed = false;        // there are devices to watch
  };
  Attendance Attend();
  bool EndWatch(
      std::uint64_t entries);  // drops the port, unless a thread has polled since `entries`
  void WatchFailed();
  bool EndNesting();  // it need not poll for the port any more; false: it must
  void Harvest();     // performs what is ready, without waiting

  PortSnapshot Snapshot();
  PortSizes Sizes();

 private:
  friend class Wakes;
  explicit CompletionPort(DWORD concurrency);
  ~CompletionPort() override = default;

  bool AtLimit() const { return released_threads_.size() >= concurrency_; }
  void Join(Thread& self);
  bool TakeOnTheRun(const Thread& self, std::span<Packet> out, std::size_t* count);
  bool TakeReady(Thread& self, std::span<Packet> out, std::size_t* count);
  void SetPlace(Thread& thread, Place place);
  void Hand(Thread& thread, const Packet& packet, Wakes& wakes);
  void WakeLocked(Thread& thread, Wakes& wakes);
  void Balance(Wakes& wakes);
  std::size_t Take(std::span<Packet> out);
  DWORD WaitForPacket(std::unique_lock<Lock>& guard, Thread& self, const Deadline& deadline);
  bool WaitPolling(std::unique_lock<Lock>& guard, Thread& self, const Deadline& deadline);
  void WaitParked(std::unique_lock<Lock>& guard, Thread& self, const Deadline& deadline);
  static void Dispatch(std::span<const Ready> ready);

  const DWORD concurrency_;
  Poller poller_;  // its functions are thread-safe

  // Read at every attempt, written at every look: not in the lock's cache line.
  alignas(64) std::atomic<std::uint32_t> looks_{0};

  alignas(64) Lock lock_;
  // The five structures: guarded by lock_.
  List<Device> device_list_;
  CompletionQueue completion_queue_;
  List<Thread> waiting_threads_;   // newest first
  List<Thread> released_threads_;  // its size is what the limit is compared with
  List<Thread> paused_threads_;

  bool closed_ = false;        // guarded by lock_
  bool watched_ = false;       // guarded by lock_: the background thread has the port on its list
  bool nested_ = false;        // guarded by lock_: ... and has been asked to poll for it
  std::uint32_t polling_ = 0;  // guarded by lock_: threads in Poller::Wait
  std::uint32_t signals_owed_ = 0;  // guarded by lock_: those of them with `signalled` set
  // guarded by lock_: packets taken since somebody looked for ready sockets
  std::uint32_t since_harvest_ = 0;
  std::uint64_t poll_entries_ = 0;   // guarded by lock_
  std::uint64_t packets_taken_ = 0;  // guarded by lock_
};

}  // namespace iocp
