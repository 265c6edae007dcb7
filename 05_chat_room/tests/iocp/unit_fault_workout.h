// The work-out of the fault tests: uses the whole port once, and what must be true after it
// whatever failed (Linux only).
#pragma once

#ifndef _WIN32

#include <array>
#include <string>

#include "tests/support/test_support.h"

namespace course_test {

constexpr DWORD kAddressLength = sizeof(sockaddr_in) + 16;

// An operation of the work-out; its records are checked one by one at the end.
struct Work : OVERLAPPED {
  Work() : OVERLAPPED{} {}
  bool expected = false;
  int packets = 0;
  bool ok = false;
  DWORD bytes = 0;
  DWORD error = 0;
  std::array<char, 4096> data{};
};

struct WorkOutResult {
  std::string stopped;  // empty: everything succeeded; otherwise the step that failed, its error
  std::string broken;   // what must never happen, whatever the fault; empty: nothing of that kind
};

// Accept, connect with first data, receive, a large send, cancel, event, file, disconnect; then
// everything is closed.
WorkOutResult RunWorkOut();

// No handle, operation record or descriptor, at the latest after a moment.
::testing::AssertionResult NothingIsLeft();

}  // namespace course_test

#endif  // _WIN32
