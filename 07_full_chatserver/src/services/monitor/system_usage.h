// What this process and this machine use, from the system. Any thread.
#pragma once

#include <cstdint>
#include <optional>

namespace services {

struct ProcessUsage {
  double cpu_seconds = 0;  // user + system, all threads, since the start
  std::uint64_t resident_bytes = 0;
  std::uint32_t threads = 0;      // 0: the system does not tell
  std::uint32_t handles = 0;      // open descriptors (Linux), handles (Windows); 0: not told
  double start_time_seconds = 0;  // Unix time; 0: not told
};

struct MachineUsage {
  double busy_seconds = 0;   // of all processors together, since the machine started
  double total_seconds = 0;  // busy and idle
  std::uint64_t memory_bytes = 0;
  std::uint64_t memory_available_bytes = 0;  // without swapping
};

std::optional<ProcessUsage> ReadProcessUsage();
std::optional<MachineUsage> ReadMachineUsage();

}  // namespace services
