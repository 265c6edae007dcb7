// What a piece of work costs this process. The clients run in a process of their own, so that their
// work is not counted.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace io_models {

struct Cost {
  // System calls made by the completion port and its sockets, counted at the port's own table of
  // system calls. Calls of the C++ library (locks, thread starts) are not in it. Linux only.
  std::optional<std::uint64_t> system_calls;
  // How often a thread of the process went to sleep and was woken: voluntary context switches, from
  // getrusage. Linux only.
  std::optional<std::uint64_t> wake_ups;
  std::chrono::microseconds cpu{0};  // user and kernel time of all threads
  std::chrono::microseconds wall{0};
};

// Counted since the start of the process; subtract two readings.
Cost ReadCost();
Cost operator-(const Cost& end, const Cost& start);

}  // namespace io_models
