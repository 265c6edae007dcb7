// Two threads that cross in a moment that has no system call, or in one of the helper's. (Linux
// only.)
#ifndef _WIN32

#include <sys/epoll.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "iocp/inspect.h"
#include "iocp/linux/device.h"
#include "tests/iocp/unit_fault_injection.h"
#include "tests/support/test_support.h"

namespace course_test {
namespace {

// --- P48: the only thread blocks while the helper lets go of its port ----------------------------------------

std::atomic<bool> g_looked_after{false};
std::atomic<bool> g_watching{false};
std::atomic<bool> g_letting_go{false};
std::atomic<bool> g_let_go_before{false};
std::atomic<HANDLE> g_port{nullptr};

// The helper takes the port's poller out of its own: at that moment the port's thread, which was in
// user code, begins to wait by event for I/O of the port.
int OnEpollCtl(int epoll, int what, int fd, epoll_event* event) {
  const int result = Real().epoll_ctl(epoll, what, fd, event);
  // (A port's poller is the one thing that is not registered for edges.)
  if (what == EPOLL_CTL_ADD && event->events == EPOLLIN) g_looked_after = true;
  if (what != EPOLL_CTL_DEL) return result;
  if (!g_watching.exchange(false)) {
    g_let_go_before = true;
    return result;
  }
  g_letting_go = true;
  (void)Eventually(
      [] { return g_let_go_before || !iocp::TakeSnapshot(g_port)->paused_threads.empty(); });
  return result;
}

TEST(SocketCrossing, P48_AThreadBlocksWhileTheHelperLetsGo) {
  iocp::SystemCalls table = Real();
  table.epoll_ctl = OnEpollCtl;
  auto shortest = std::chrono::steady_clock::duration::max();
  int rounds = 0;
  for (int tries = 0; rounds < 5; ++tries) {
    ASSERT_LT(tries, 200);
    const Associated io(1);
    const Handle event = MakeEvent();
    g_port = io.port.get();
    g_looked_after = g_letting_go = g_let_go_before = false;
    const Replaced replaced(table);
    Operation operation;
    operation.hEvent = event;
    ASSERT_TRUE(Receive(io.ours(), &operation).pended());
    ASSERT_TRUE(Eventually([] { return g_looked_after.load(); })) << "nobody has dequeued yet";
    ASSERT_TRUE(Dequeue(io.port, 0).timed_out()) << "now this thread is the port's, and has looked";
    g_watching = true;
    SendAll(io.peer(), "x");  // wakes the helper, which sees that the port is attended
    ASSERT_TRUE(Eventually([] { return g_letting_go.load() || g_let_go_before.load(); }));
    if (!g_letting_go) {  // it has come by on its own before we watched: no crossing this time
      g_watching = false;
      ASSERT_CODE(WaitForSingleObject(event, kDeadlineMs), WAIT_OBJECT_0);
      continue;
    }
    ++rounds;
    const auto start = std::chrono::steady_clock::now();
    ASSERT_CODE(WaitForSingleObject(event, kDeadlineMs), WAIT_OBJECT_0);
    shortest = std::min(shortest, std::chrono::steady_clock::now() - start);
  }
  EXPECT_LT(shortest, std::chrono::milliseconds(8)) << "not at a tick";
}

// --- P19: status and event ---------------------------------------------------------------------------------

// Whoever sees that an operation has completed may reset its event: the operation's end sets it no
// more after that.
TEST(SocketCrossing, P19_AnEventIsNotSetAfterItsOperationWasSeenToEnd) {
  char path[] = "/tmp/crossing_XXXXXX";
  Real().close(::mkstemp(path));
  const Handle file(CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING,
                                FILE_FLAG_OVERLAPPED, nullptr));
  ASSERT_NE(file.get(), INVALID_HANDLE_VALUE);
  const Handle event = MakeEvent();
  int late = 0;
  for (int round = 0; round < 1000 * StressFactor(); ++round) {
    Operation first;
    Operation second;
    first.hEvent = event;
    WriteFile(file, first.buffer, 1, nullptr, &first);
    WriteFile(file, second.buffer, 1, nullptr, &second);
    while (!HasOverlappedIoCompleted(&first)) {
    }
    ResetEvent(event);
    // The same thread does the second, when it has done with the first.
    DWORD bytes = 0;
    ASSERT_TRUE(GetOverlappedResult(file, &second, &bytes, TRUE));
    late += WaitForSingleObject(event, 0) == WAIT_OBJECT_0 ? 1 : 0;
  }
  EXPECT_EQ(late, 0);
  ::unlink(path);
}

// --- P127: the handle as an event ----------------------------------------------------------------------------

// The first wait makes the handle's signal, while another thread begins an operation.
TEST(SocketCrossing, P127_AHandleIsNotSetWhileAnOperationIsUnderWay) {
  const int rounds = 500 * StressFactor();
  std::optional<iocp::HandleSignal> handle;
  // Both go on in the same moment: awake, because a wake-up takes longer than what is to cross.
  std::atomic<int> come{0};
  const auto meet = [&come](int& meetings) {
    ++come;
    ++meetings;
    while (come < 2 * meetings) std::this_thread::yield();
  };
  int set = 0;
  std::thread waiter([&] {
    int meetings = 0;
    for (int i = 0; i < rounds; ++i) {
      meet(meetings);
      handle->Get();
      meet(meetings);
    }
  });
  int meetings = 0;
  for (int i = 0; i < rounds; ++i) {
    handle.emplace();
    {
      iocp::Wakes wakes;
      handle->OnEnd(wakes);
    }
    meet(meetings);
    handle->OnBegin();
    meet(meetings);
    set += handle->Get().Take() ? 1 : 0;
  }
  waiter.join();
  EXPECT_EQ(set, 0);
}

}  // namespace
}  // namespace course_test

#endif  // _WIN32
