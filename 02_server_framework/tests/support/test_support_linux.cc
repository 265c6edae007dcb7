// The part of the test support that looks into the port: Linux. (Windows: test_support_windows.cc)
#ifndef _WIN32

#include "iocp/inspect.h"
#include "tests/support/test_support.h"

namespace course_test {

bool RunningUnderWine() {
  return false;
}

std::size_t QueuedPackets(HANDLE port) {
  const auto snapshot = iocp::TakeSnapshot(port);
  EXPECT_TRUE(snapshot.has_value());
  return snapshot ? snapshot->completion_queue.size() : 0;
}

std::size_t PortReferences(HANDLE /*port*/) {
  return 0;
}

::testing::AssertionResult Waiter::AwaitParked(std::size_t position) {
  if (!iocp::WaitUntilParked(port_, position, std::chrono::steady_clock::now() + kDeadline)) {
    return ::testing::AssertionFailure()
           << "fewer than " << position << " threads wait in the port";
  }
  return ::testing::AssertionSuccess();
}

}  // namespace course_test

#endif  // _WIN32
