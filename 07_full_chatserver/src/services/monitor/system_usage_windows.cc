#include <windows.h>
// windows.h first.
#include <psapi.h>

#include "services/monitor/system_usage.h"

namespace services {
namespace {

double Seconds(const FILETIME& time) {  // of 100 ns steps
  ULARGE_INTEGER steps{};
  steps.LowPart = time.dwLowDateTime;
  steps.HighPart = time.dwHighDateTime;
  return static_cast<double>(steps.QuadPart) / 1e7;
}

constexpr double kUnixEpoch = 11644473600.0;  // seconds from 1601, Windows' epoch

}  // namespace

std::optional<ProcessUsage> ReadProcessUsage() {
  const HANDLE self = GetCurrentProcess();
  FILETIME created{};
  FILETIME ended{};
  FILETIME kernel{};
  FILETIME user{};
  PROCESS_MEMORY_COUNTERS memory{};
  memory.cb = sizeof(memory);
  if (!GetProcessTimes(self, &created, &ended, &kernel, &user) ||
      !GetProcessMemoryInfo(self, &memory, sizeof(memory))) {
    return std::nullopt;
  }
  ProcessUsage usage;
  usage.cpu_seconds = Seconds(kernel) + Seconds(user);
  usage.resident_bytes = memory.WorkingSetSize;
  usage.start_time_seconds = Seconds(created) - kUnixEpoch;
  DWORD handles = 0;
  if (GetProcessHandleCount(self, &handles)) usage.handles = handles;
  return usage;
}

std::optional<MachineUsage> ReadMachineUsage() {
  FILETIME idle{};
  FILETIME kernel{};  // includes idle
  FILETIME user{};
  MEMORYSTATUSEX memory{};
  memory.dwLength = sizeof(memory);
  if (!GetSystemTimes(&idle, &kernel, &user) || !GlobalMemoryStatusEx(&memory)) return std::nullopt;
  MachineUsage usage;
  usage.total_seconds = Seconds(kernel) + Seconds(user);
  usage.busy_seconds = usage.total_seconds - Seconds(idle);
  usage.memory_bytes = memory.ullTotalPhys;
  usage.memory_available_bytes = memory.ullAvailPhys;
  return usage;
}

}  // namespace services
