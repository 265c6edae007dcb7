// What the port knows about a thread. (The kernel keeps it in KTHREAD: queue, wait block, APC
// list.)
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "iocp/linux/completion_queue.h"
#include "iocp/linux/handle_table.h"
#include "iocp/linux/intrusive_list.h"
#include "iocp/linux/waitable.h"
#include "iocp/linux/win32_events.h"

namespace iocp {

class CompletionPort;

// Which of the port's three thread lists the thread is in.
enum class Place : std::uint8_t { kNone, kWaiting, kReleased, kPaused };

// How a waiting thread waits, hence how to wake it.
enum class WaitMode : std::uint8_t {
  kParked,      // in a futex wait on its own word: for a packet while the port is at its limit
  kPolling,     // in Poller::Wait
  kHarvesting,  // awake: performs I/O that Poller::Wait reported, looks again when done
};

// A thread's wait in a port. All fields guarded by the lock of the port that the thread belongs to.
struct PortWait {
  Place place = Place::kNone;
  WaitMode mode = WaitMode::kHarvesting;
  bool handed = false;     // `packet` is this thread's; nobody can steal it (P11)
  bool abandoned = false;  // the port was closed (P13)
  bool alerted = false;    // an APC was queued
  bool signalled = false;  // a Poller::Signal is on its way to this thread
  Packet packet{};
};

// A program's own function, an operation's completion routine, or a timer's.
struct Apc {
  std::function<void()> run;
  const void* timer = nullptr;  // whose it is: a timer has one APC queued at most
};

struct Thread : Linked<Thread> {
  DWORD id = 0;           // set once
  DWORD last_error = 0;   // this thread only
  HANDLE port = nullptr;  // the port the thread belongs to since its last dequeue; this thread only
  PortWait wait;          // guarded by that port's lock

  // 1: look again. Set by wakers under the lock of what the thread waits for (or under apc_lock),
  // cleared by the thread under the same lock.
  std::atomic<std::uint32_t> parker{0};

  std::mutex apc_lock;
  std::deque<Apc> apcs;     // guarded by apc_lock
  bool ended = false;       // guarded by apc_lock
  bool alertable = false;   // guarded by apc_lock: an APC shall set the parker
  bool delivering = false;  // guarded by apc_lock: on its way to run them, none is taken back
  CompletionPort* alert_port = nullptr;  // guarded by apc_lock: ... or alert the wait in this port

  // Set when the thread has ended, and before a thread made by CREATE_SUSPENDED may begin.
  Signal finished{Signal::Reset::kManual, false};
  Signal resumed{Signal::Reset::kManual, true};
  std::atomic<DWORD> exit_code{STILL_ACTIVE};  // written by the thread, before `finished`

  std::mutex name_lock;
  std::string name;  // guarded by name_lock
};

// The calling thread's record, made at first use.
Thread& Self();

// For CreateThread: the record of a thread to come, with its id; what the new thread calls first
// (it then has that record); and what is called when there will be no thread after all.
std::shared_ptr<Thread> NewThread();
void BecomeThread(Thread& thread);
void ForgetThread(Thread& thread);

// A thread that is still running, by its id.
std::shared_ptr<Thread> FindThread(DWORD id);

// Starts a thread of the library's own, for the rest of the process. It blocks every signal: a
// program's handler never runs there. False: the system has no thread left.
[[nodiscard]] bool StartHelper(std::function<void()> run);

// Blocks the calling thread until its parker is set or time is up (negative: for ever).
void Park(Thread& self, std::int64_t nanoseconds);

// The wake-up that an APC asks for, to be made when no lock is held.
struct ApcWakes {
  Ref<CompletionPort> port;  // it may be closed, and left by the thread, before `wakes` fires
  Wakes wakes;
  void Fire() { wakes.Fire(); }
};

bool QueueApc(Thread& thread, Apc apc);  // false: the thread has ended
bool QueueApc(Thread& thread, Apc apc, ApcWakes& wakes);
void RemoveApc(Thread& thread, const void* timer);  // unless the thread is about to run it
bool HasApcs(Thread& self);

// Runs the calling thread's queued APCs. False: there was none.
bool RunApcs(Thread& self);

// An alertable wait: from Begin to End a queued APC wakes the thread, in `port` or (nullptr) by its
// parker. Begin answers false when APCs are queued already: do not wait, run them. End: shall they
// run now, or wait for the next time?
bool BeginAlertable(Thread& self, CompletionPort* port);
void EndAlertable(Thread& self, bool run);

// While this lives, the calling thread counts as paused in its port: it blocks in a call of the API
// and another thread may run in its place (P12). Make it only when the call really blocks.
class PausedScope {
 public:
  PausedScope();
  PausedScope(const PausedScope&) = delete;
  PausedScope& operator=(const PausedScope&) = delete;
  ~PausedScope();

 private:
  Ref<CompletionPort> port_;  // empty: the thread belongs to no port
};

// What OpenThread and CreateThread return a handle of.
class ThreadObject final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::kThread;
  explicit ThreadObject(std::shared_ptr<Thread> thread)
      : Object(kKind), thread_(std::move(thread)) {}
  const std::shared_ptr<Thread>& thread() const { return thread_; }
  Signal* signal() override { return &thread_->finished; }

 private:
  const std::shared_ptr<Thread> thread_;
};

// The thread that a handle names (GetCurrentThread(): the calling one); nullptr: none.
std::shared_ptr<Thread> ThreadOf(HANDLE handle);

}  // namespace iocp
