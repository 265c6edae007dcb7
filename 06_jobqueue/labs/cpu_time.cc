#include "labs/cpu_time.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <time.h>
#endif

namespace apps {

#ifdef _WIN32
namespace {
std::uint64_t Sum(const FILETIME& kernel, const FILETIME& user) {  // units of 100 ns
  const auto to_number = [](const FILETIME& time) {
    return (std::uint64_t{time.dwHighDateTime} << 32) | time.dwLowDateTime;
  };
  return (to_number(kernel) + to_number(user)) / 10;
}
}  // namespace

std::uint64_t ThreadCpuMicroseconds() {
  FILETIME created{};
  FILETIME ended{};
  FILETIME kernel{};
  FILETIME user{};
  return GetThreadTimes(GetCurrentThread(), &created, &ended, &kernel, &user) ? Sum(kernel, user)
                                                                              : 0;
}

std::uint64_t ProcessCpuMicroseconds() {
  FILETIME created{};
  FILETIME ended{};
  FILETIME kernel{};
  FILETIME user{};
  return GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user) ? Sum(kernel, user)
                                                                                : 0;
}
#else
namespace {
std::uint64_t Read(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec) / 1'000;
}
}  // namespace

std::uint64_t ThreadCpuMicroseconds() {
  return Read(CLOCK_THREAD_CPUTIME_ID);
}

std::uint64_t ProcessCpuMicroseconds() {
  return Read(CLOCK_PROCESS_CPUTIME_ID);
}
#endif

}  // namespace apps
