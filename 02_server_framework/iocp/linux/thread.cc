#include "iocp/linux/thread.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include "iocp/linux/completion_port.h"
#include "iocp/linux/counters.h"
#include "iocp/linux/immortal.h"
#include "iocp/linux/syscalls.h"
#include "iocp/linux/trace.h"

namespace iocp {
namespace {

// All threads that have used the API and still run.
struct Registry {
  std::mutex lock;
  DWORD next_id = 1;                                           // guarded by lock
  std::unordered_map<DWORD, std::shared_ptr<Thread>> threads;  // guarded by lock
};

constinit thread_local Thread* t_self = nullptr;

struct EndOfThread {
  ~EndOfThread() {
    Thread& self = *t_self;
    if (const auto port = HandleTable::Find<CompletionPort>(self.port)) port->Leave(self);
    {
      const std::lock_guard guard(self.apc_lock);
      self.ended = true;
      self.apcs.clear();
    }
    t_self = nullptr;
    const std::shared_ptr<Thread> record = FindThread(self.id);
    ForgetThread(self);
    DWORD running = STILL_ACTIVE;
    self.exit_code.compare_exchange_strong(running, 0);
    Wakes wakes;
    self.finished.Set(wakes);
  }
};

Thread& MakeSelf() {
  BecomeThread(*NewThread());
  return *t_self;
}

}  // namespace

Thread& Self() {
  return t_self != nullptr ? *t_self : MakeSelf();
}

std::shared_ptr<Thread> NewThread() {
  auto thread = std::make_shared<Thread>();
  CountAllocation();
  auto& registry = Immortal<Registry>();
  const std::lock_guard guard(registry.lock);
  thread->id = registry.next_id++;
  registry.threads.emplace(thread->id, thread);
  return thread;
}

void BecomeThread(Thread& thread) {
  t_self = &thread;
  Counts();  // first, so that it is there until EndOfThread has run
  thread_local EndOfThread end_of_thread;
}

// The record lives on while a handle names it.
void ForgetThread(Thread& thread) {
  auto& registry = Immortal<Registry>();
  const std::lock_guard guard(registry.lock);
  registry.threads.erase(thread.id);
}

std::shared_ptr<Thread> FindThread(DWORD id) {
  auto& registry = Immortal<Registry>();
  const std::lock_guard guard(registry.lock);
  const auto it = registry.threads.find(id);
  return it == registry.threads.end() ? nullptr : it->second;
}

std::shared_ptr<Thread> ThreadOf(HANDLE handle) {
  if (handle == GetCurrentThread()) return FindThread(Self().id);
  const auto object = HandleTable::Find<ThreadObject>(handle);
  return object ? object->thread() : nullptr;
}

bool StartHelper(std::function<void()> run) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);  // a new thread inherits it
  bool started = true;
  try {
    std::thread(std::move(run)).detach();
  } catch (const std::system_error&) {
    started = false;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

void Park(Thread& self, std::int64_t nanoseconds) {
  if (self.parker.load(std::memory_order_acquire) != 0) return;
  SysFutexWait(&self.parker, 0, nanoseconds);
}

// --- APC ---------------------------------------------------------------------------------------------

bool BeginAlertable(Thread& self, CompletionPort* port) {
  const std::lock_guard guard(self.apc_lock);
  self.delivering = !self.apcs.empty();
  if (self.delivering) return false;
  self.alertable = true;
  self.alert_port = port;
  return true;
}

void EndAlertable(Thread& self, bool run) {
  const std::lock_guard guard(self.apc_lock);
  self.delivering = self.delivering && run;
  self.alertable = false;
  self.alert_port = nullptr;
}

bool RunApcs(Thread& self) {
  bool any = false;
  for (;;) {
    Apc apc;
    {
      const std::lock_guard guard(self.apc_lock);
      self.delivering = false;  // it has run one: what the routines cancel does not run any more
      if (self.apcs.empty()) return any;
      apc = std::move(self.apcs.front());
      self.apcs.pop_front();
    }
    apc.run();
    any = true;
  }
}

bool QueueApc(Thread& thread, Apc apc) {
  ApcWakes wakes;
  return QueueApc(thread, std::move(apc), wakes);
}

bool QueueApc(Thread& thread, Apc apc, ApcWakes& wakes) {
  const std::lock_guard guard(thread.apc_lock);
  if (thread.ended) return false;
  const auto same = [&](const Apc& queued) { return queued.timer == apc.timer; };
  if (apc.timer != nullptr && std::any_of(thread.apcs.begin(), thread.apcs.end(), same)) {
    return true;  // it has not run since the last time
  }
  thread.apcs.push_back(std::move(apc));
  thread.delivering = thread.delivering || thread.alertable;
  if (thread.alertable && thread.alert_port != nullptr) {
    // Until it has taken back `alert_port`, under this lock, the thread itself holds the port.
    wakes.port = Ref<CompletionPort>::Share(thread.alert_port);
    wakes.port->Alert(thread, wakes.wakes);
  } else if (thread.alertable) {
    thread.parker.store(1, std::memory_order_release);
    wakes.wakes.AddParked(&thread.parker);
  }
  return true;
}

void RemoveApc(Thread& thread, const void* timer) {
  const std::lock_guard guard(thread.apc_lock);
  if (thread.delivering) return;
  std::erase_if(thread.apcs, [&](const Apc& apc) { return apc.timer == timer; });
}

bool HasApcs(Thread& self) {
  const std::lock_guard guard(self.apc_lock);
  return !self.apcs.empty();
}

// --- paused ------------------------------------------------------------------------------------------

PausedScope::PausedScope() {
  Thread& self = Self();
  if (self.port == nullptr) return;
  auto port = HandleTable::Find<CompletionPort>(self.port);
  if (port && port->Pause(self)) port_ = std::move(port);
}

PausedScope::~PausedScope() {
  if (port_) port_->Resume(Self());
}

void NameThread(const std::string& name) {
  Thread& self = Self();
  {
    const std::lock_guard guard(self.name_lock);
    self.name = name;
  }
  if (trace::On()) trace::ThreadNamed(self, name);
}

}  // namespace iocp
