#include "iocp/linux/timer.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "iocp/linux/completion_port.h"
#include "iocp/linux/immortal.h"
#include "iocp/linux/syscalls.h"
#include "iocp/linux/win32_errors.h"

namespace iocp {

struct Timer::Service {
  std::mutex lock;
  bool running = false;             // guarded by lock: there is a timer thread
  std::condition_variable earlier;  // something new is first in the queue, perhaps
  Queue queue;                      // guarded by lock
};

DWORD Timer::Set(const Plan& plan) {
  auto& service = Immortal<Service>();
  const std::lock_guard guard(service.lock);
  if (closed_) return ERROR_INVALID_HANDLE;
  if (!service.running) service.running = StartHelper([&service] { Run(service); });
  if (!service.running) return ERROR_NO_SYSTEM_RESOURCES;  // the system has no thread left
  Forget(service);
  signal_.Clear();
  plan_ = plan;
  Enqueue(service);
  service.earlier.notify_one();
  return ERROR_SUCCESS;
}

// Set, it stays set.
void Timer::Stop() {
  auto& service = Immortal<Service>();
  const std::lock_guard guard(service.lock);
  Forget(service);
}

void Timer::Close() {
  auto& service = Immortal<Service>();
  const std::lock_guard guard(service.lock);
  Forget(service);
  closed_ = true;
}

void Timer::Enqueue(Service& service) {
  place_ = service.queue.emplace(plan_.due, Ref<Timer>::Share(this));
  planned_ = true;
}

// Neither in the queue nor in any thread's list of APCs any more. Its caller holds a reference.
void Timer::Forget(Service& service) {
  if (planned_) service.queue.erase(place_);
  planned_ = false;
  if (plan_.routine == nullptr) return;
  if (const auto thread = FindThread(plan_.thread)) RemoveApc(*thread, this);
}

void Timer::Run(Service& service) {
  std::unique_lock guard(service.lock);
  for (;;) {
    if (service.queue.empty()) {
      service.earlier.wait(guard);
      continue;
    }
    const std::int64_t left = service.queue.begin()->first - SysNow();
    if (left > 0) {
      service.earlier.wait_for(guard, std::chrono::nanoseconds(left));
      continue;
    }
    const Ref<Timer> timer = std::move(service.queue.extract(service.queue.begin()).mapped());
    timer->planned_ = false;
    ApcWakes wakes;
    if (timer->Expire(wakes) && timer->plan_.period > 0) {
      timer->plan_.due += timer->plan_.period;
      timer->Enqueue(service);
    }
    guard.unlock();
    wakes.Fire();
    guard.lock();
  }
}

// All of it with the lock: a new plan that comes now finds signal and APC, and takes them back.
// False: its routine's thread has ended, which cancels the timer.
bool Timer::Expire(ApcWakes& wakes) {
  if (plan_.routine != nullptr) {
    const auto thread = FindThread(plan_.thread);
    const auto run = [routine = plan_.routine, parameter = plan_.parameter] {
      routine(parameter, 0, 0);
    };
    if (thread == nullptr || !QueueApc(*thread, {.run = run, .timer = this}, wakes)) return false;
  }
  signal_.Set(wakes.wakes);
  return true;
}

}  // namespace iocp
