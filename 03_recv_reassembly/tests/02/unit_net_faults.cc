// A server whose accepts fail: no descriptors, or worse. Linux only: the fault is put into the
// port's table of system calls (iocp/linux/syscalls.h); Windows has no such place.
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <utility>

#include "iocp/linux/syscalls.h"
#include "tests/support/recording_server.h"
#include "tests/support/task_input.h"
#include "tests/support/tcp_client.h"
#include "tests/support/test_support.h"

namespace {

using course_test::Packet;
using course_test::RecordingServer;
using net::AcceptMode;
using support::TcpClient;

// Covers the decision and the call it decides on: without it an accept that had found no failure
// due, but had not reached the kernel, could take the client that came after FailNext().
std::mutex accept_mutex;
int failures_left = 0;       // under accept_mutex
int failure_error = EMFILE;  // under accept_mutex
std::atomic<int> accept_calls{0};

int FailingAccept(int fd, sockaddr* name, socklen_t* length, int flags) {
  ++accept_calls;
  std::lock_guard lock(accept_mutex);  // short: the port's sockets never block in the kernel
  if (failures_left > 0) {
    --failures_left;
    errno = failure_error;
    return -1;
  }
  return iocp::RealSystemCalls().accept4(fd, name, length, flags);
}

void FailNext(int failures, int error = EMFILE) {
  std::lock_guard lock(accept_mutex);
  failures_left = failures;
  failure_error = error;
}

int FailuresLeft() {
  std::lock_guard lock(accept_mutex);
  return failures_left;
}

class NetFaults : public testing::TestWithParam<AcceptMode> {
 protected:
  void SetUp() override {
    static iocp::SystemCalls table = iocp::RealSystemCalls();
    table.accept4 = FailingAccept;
    iocp::testing::ReplaceSystemCalls(&table);
    accept_calls = 0;
  }
  void TearDown() override {
    FailNext(0);
    iocp::testing::ReplaceSystemCalls(nullptr);
  }
};

INSTANTIATE_TEST_SUITE_P(Modes, NetFaults,
                         testing::Values(AcceptMode::kAcceptThread, AcceptMode::kAcceptEx),
                         [](const auto& mode) {
                           return mode.param == AcceptMode::kAcceptEx ? "AcceptEx" : "AcceptThread";
                         });

TEST_P(NetFaults, AShortageOfDescriptorsNeitherSpinsNorLosesTheListener) {
  net::ServerOptions options;
  options.accept_mode = GetParam();
  options.worker_threads = 2;
  RecordingServer server(options);
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  constexpr int kFailures = 5;
  FailNext(kFailures);
  TcpClient client(server.port());  // waits in the listen queue
  ASSERT_TRUE(client.Send(Packet("hello")));
  EXPECT_EQ(client.Receive(Packet("hello").size()), Packet("hello"))
      << "the client must be served in the end";
  EXPECT_EQ(FailuresLeft(), 0);
  // One call per failure, one or two per success, and those that found the queue empty. A loop that
  // spins makes thousands in the 150 ms that the back-off takes.
  EXPECT_LT(accept_calls.load(), 100);
  const net::StopReport report = server.Stop();
  EXPECT_EQ(report.live_sessions, 0u);
  EXPECT_EQ(report.outstanding_operations, 0u);
}

TEST_P(NetFaults, StopDoesNotWaitForTheShortageToEnd) {
  net::ServerOptions options;
  options.accept_mode = GetParam();
  RecordingServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  FailNext(1'000'000);
  TcpClient client(server.port());
  ASSERT_TRUE(course_test::Eventually([] { return accept_calls.load() >= 2; }));
  const net::StopReport report = server.Stop();
  EXPECT_EQ(report.outstanding_operations, 0u);
  EXPECT_LT(accept_calls.load(), 1000);
}

// Whatever accept says, and however long: a firewall that forbids it (EPERM), clients that have
// gone (ECONNABORTED; EPIPE reaches the server as WSAECONNRESET, which Windows says), a network
// that is down, a listener that is broken (EINVAL).
TEST_P(NetFaults, AnAcceptThatKeepsFailingNeitherSpinsNorFloodsTheLog) {
  for (const int error : {EPERM, ECONNABORTED, EPIPE, ENETDOWN, EMFILE, EINVAL}) {
    SCOPED_TRACE(error);
    net::ServerOptions options;
    options.accept_mode = GetParam();
    options.worker_threads = 2;
    RecordingServer server(options);
    server.echo = true;
    FailNext(0);
    ASSERT_EQ(server.Start().error(), "");
    accept_calls = 0;
    FailNext(1'000'000, error);
    const auto begin = std::chrono::steady_clock::now();
    TcpClient client(server.port());
    ASSERT_TRUE(client.Send(Packet("hello")));
    // Long enough for several rounds of the back-off, whoever does it: the server, or the port.
    std::chrono::milliseconds passed{0};
    ASSERT_TRUE(course_test::Eventually([&] {
      passed = std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::steady_clock::now() - begin);
      return passed >= std::chrono::milliseconds(400) && accept_calls.load() >= 3;
    }));
    EXPECT_LT(accept_calls.load(), 30 * passed.count())
        << "a spin makes thousands in each of the ms";
    EXPECT_LE(server.Errors().size(), static_cast<std::size_t>(passed.count()) / 1000 + 1)
        << "a line a second";
    FailNext(0);
    EXPECT_EQ(client.Receive(Packet("hello").size()), Packet("hello"))
        << "it goes on when the failure ends";

    FailNext(1'000'000, error);
    const TcpClient another(server.port());
    const int before = accept_calls.load();
    ASSERT_TRUE(course_test::Eventually([&] { return accept_calls.load() > before; }));
    const auto stop_begins = std::chrono::steady_clock::now();
    const net::StopReport report = server.Stop();
    EXPECT_LT(std::chrono::steady_clock::now() - stop_begins, std::chrono::seconds(5));
    EXPECT_EQ(report.live_sessions, 0u);
    EXPECT_EQ(report.outstanding_operations, 0u);
  }
}

// The schedule that is rare in life (P15): the receive completes at once, a worker serves its
// packet to the end, and only then WSARecv returns to the thread that called it.
std::mutex served_mutex;
std::condition_variable served;
bool has_left = false;                // under served_mutex
bool left_before_return = false;      // under served_mutex
std::function<bool()> still_held;     // set before any thread uses it: is the session not released?
thread_local bool next_wake = false;  // this thread is about to call WSARecv

// The wake of a worker is the last thing that WSARecv does. (When no worker slept it has none; the
// next one is then that of the release.)
void LetTheWorkerFinish() {
  if (!std::exchange(next_wake, false) || !still_held()) return;
  std::unique_lock lock(served_mutex);
  left_before_return =
      served.wait_for(lock, std::chrono::milliseconds(500), [] { return has_left; });
}
int WakeAndLetTheWorkerFinish(std::atomic<std::uint32_t>* word, int count) {
  const int woken = iocp::RealSystemCalls().futex_wake(word, count);
  LetTheWorkerFinish();
  return woken;
}
ssize_t SignalAndLetTheWorkerFinish(int fd) {
  const ssize_t written = iocp::RealSystemCalls().signal(fd);
  LetTheWorkerFinish();
  return written;
}

TEST(NetRaces, TheReceiveHoldsItsCountBeforeWSARecvReturns) {
  TASK_INPUT("02.3", "the client's end is served while the first WSARecv has not returned yet");
  static iocp::SystemCalls table = iocp::RealSystemCalls();
  table.futex_wake = WakeAndLetTheWorkerFinish;
  table.signal = SignalAndLetTheWorkerFinish;
  iocp::testing::ReplaceSystemCalls(&table);
  net::ServerOptions options;
  options.worker_threads = 2;
  auto server = std::make_unique<RecordingServer>(options);
  // The reason is the one that the client's end has, too.
  still_held = [&] { return server->Disconnect(server->Joined().at(0), "closed by the peer"); };
  std::promise<void> ended;
  server->on_join = [&](net::SessionId) {
    ended.get_future().wait_for(course_test::kDeadline);
    next_wake = true;  // PostRecv is next on this thread, and its client has ended already
  };
  server->on_leave = [](net::SessionId) {
    const std::lock_guard lock(served_mutex);
    has_left = true;
    served.notify_all();
  };
  ASSERT_EQ(server->Start().error(), "");
  TcpClient client(server->port());
  ASSERT_TRUE(server->AwaitJoins(1));
  client.FinishSending();
  ended.set_value();
  EXPECT_TRUE(server->AwaitLeaves(1));
  bool too_early = false;
  {
    const std::lock_guard lock(served_mutex);
    too_early = left_before_return;
  }
  EXPECT_FALSE(too_early) << "the session was freed under a thread that still worked with it";
  if (too_early) {
    static_cast<void>(server.release());  // freed twice: it would never stop
    return;
  }
  EXPECT_EQ(server->Stop().live_sessions, 0u);
  iocp::testing::ReplaceSystemCalls(nullptr);
}

}  // namespace
