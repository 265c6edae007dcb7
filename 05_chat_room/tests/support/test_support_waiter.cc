// Threads that wait in a port. (Whether one is parked: test_support_linux.cc,
// test_support_windows.cc.)
#include "tests/support/test_support.h"

namespace course_test {
namespace {

// Waiting for the test without a call that Windows would count as blocking: the thread must stay
// "running" in the port's books.
void StayRunning() {
  std::this_thread::yield();
}

}  // namespace

Waiter::Waiter(HANDLE port, DWORD timeout_ms)
    : port_(port),
      references_(PortReferences(port)),
      thread_([this, timeout_ms] { ThreadMain(timeout_ms); }) {}

Waiter::~Waiter() {
  Finish();
}

void Waiter::ThreadMain(DWORD timeout_ms) {
  thread_id_.store(GetCurrentThreadId(), std::memory_order_release);
  result_ = Dequeue(port_, timeout_ms);
  returned_.store(true, std::memory_order_release);
  while (!finish_.load(std::memory_order_acquire)) {
    if (busy_.load(std::memory_order_acquire)) {
      work_();
      busy_.store(false, std::memory_order_release);
    }
    StayRunning();
  }
}

bool Waiter::AwaitReturned() {
  return Eventually([this] { return returned(); });
}

void Waiter::Start(std::function<void()> work) {
  work_ = std::move(work);
  busy_.store(true, std::memory_order_release);
}

bool Waiter::AwaitIdle() {
  return Eventually([this] { return !busy_.load(std::memory_order_acquire); });
}

void Waiter::Run(const std::function<void()>& work) {
  Start(work);
  EXPECT_TRUE(AwaitIdle());
}

void Waiter::Finish() {
  finish_.store(true, std::memory_order_release);
  if (thread_.joinable()) thread_.join();
}

}  // namespace course_test
