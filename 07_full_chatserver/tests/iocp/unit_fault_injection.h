// Faults put into the port's table of system calls (Linux only).
//
// One plan is in force at a time. The injected functions may run on any thread; the plan is set
// while the port is quiet.
#pragma once

#ifndef _WIN32

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "iocp/linux/syscalls.h"

namespace course_test {

inline const iocp::SystemCalls& Real() {
  return iocp::RealSystemCalls();
}

// Installs a table for one test. It stays where it is for ever: the port's own thread may still be
// in a call that it found there.
class Replaced {
 public:
  explicit Replaced(const iocp::SystemCalls& table) {
    static auto* const tables = new std::vector<std::unique_ptr<const iocp::SystemCalls>>;
    tables->push_back(std::make_unique<const iocp::SystemCalls>(table));
    iocp::testing::ReplaceSystemCalls(tables->back().get());
  }
  ~Replaced() { iocp::testing::ReplaceSystemCalls(nullptr); }
  Replaced(const Replaced&) = delete;
  Replaced& operator=(const Replaced&) = delete;
};

// What a call does instead of its work. kShort does a part of the work.
enum class Fault {
  kNone,
  kEintr,
  kEagain,
  kShort,
  kReset,         // ECONNRESET
  kNoBuffers,     // ENOBUFS
  kTooManyFiles,  // EMFILE
  kNoMemory,      // ENOMEM
  kAborted,       // ECONNABORTED
  kIoError,       // EIO
};
const char* ToString(Fault fault);

// A call site and what may go wrong there. Invisible: the caller of the port must not notice.
struct FaultSite {
  const char* call;
  Fault fault;
  bool invisible;
};
const std::vector<FaultSite>& FaultSites();

// Installs the faulty table for a scope.
class FaultPlan {
 public:
  // The fault happens at the calls number `nth` .. `nth + count - 1` of its site (1 = the first).
  FaultPlan(const FaultSite& site, int nth, int count = 1);
  // Random faults, one in `one_in` calls of each site; only invisible ones, or all.
  FaultPlan(std::uint64_t seed, std::uint32_t one_in, bool only_invisible);
  ~FaultPlan();
  FaultPlan(const FaultPlan&) = delete;
  FaultPlan& operator=(const FaultPlan&) = delete;

  int calls() const;     // of the planned site (or all), since the plan is in force
  int injected() const;  // faults that did happen
};

}  // namespace course_test

#endif  // _WIN32
