// A server whose accepts fail: no descriptors, or worse. Linux only: the fault is put into the
// port's table of system calls (iocp/linux/syscalls.h); Windows has no such place.
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <mutex>

#include "iocp/linux/syscalls.h"
#include "tests/support/recording_server.h"
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

}  // namespace
