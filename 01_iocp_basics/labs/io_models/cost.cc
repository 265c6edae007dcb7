#include "labs/io_models/cost.h"

#include "iocp/inspect.h"
#include "iocp/iocp.h"

#ifndef _WIN32
#include <sys/resource.h>
#include <sys/time.h>
#endif

namespace io_models {
namespace {

using std::chrono::microseconds;

#ifdef _WIN32

microseconds ToMicroseconds(const FILETIME& time) {  // FILETIME counts steps of 100 ns
  const std::uint64_t steps =
      (static_cast<std::uint64_t>(time.dwHighDateTime) << 32) | time.dwLowDateTime;
  return microseconds(static_cast<microseconds::rep>(steps / 10));
}

void ReadProcess(Cost& cost) {
  FILETIME created;
  FILETIME ended;
  FILETIME kernel;
  FILETIME user;
  if (GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user)) {
    cost.cpu = ToMicroseconds(kernel) + ToMicroseconds(user);
  }
}

#else

microseconds ToMicroseconds(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + microseconds(time.tv_usec);
}

void ReadProcess(Cost& cost) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  cost.cpu = ToMicroseconds(usage.ru_utime) + ToMicroseconds(usage.ru_stime);
  cost.wake_ups = static_cast<std::uint64_t>(usage.ru_nvcsw);
}

#endif

std::optional<std::uint64_t> Difference(std::optional<std::uint64_t> end,
                                        std::optional<std::uint64_t> start) {
  if (!end || !start) {
    return std::nullopt;
  }
  return *end - *start;
}

}  // namespace

Cost ReadCost() {
  Cost cost;
  ReadProcess(cost);
  if (const auto counters = iocp::ReadCounters()) {
    cost.system_calls = counters->system_calls;
  }
  cost.wall =
      std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now().time_since_epoch());
  return cost;
}

Cost operator-(const Cost& end, const Cost& start) {
  return Cost{Difference(end.system_calls, start.system_calls),
              Difference(end.wake_ups, start.wake_ups), end.cpu - start.cpu, end.wall - start.wall};
}

}  // namespace io_models
