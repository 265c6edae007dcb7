// /proc: see proc(5).
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "services/monitor/system_usage.h"

namespace services {
namespace {

double Ticks() {
  return static_cast<double>(std::max(sysconf(_SC_CLK_TCK), 1L));
}

// Unix time at which the machine started.
double BootTime() {
  std::ifstream stat("/proc/stat");
  std::string word;
  while (stat >> word) {
    double seconds = 0;
    if (word == "btime" && stat >> seconds) return seconds;
  }
  return 0;
}

// The words of /proc/self/stat behind the program's name (which may contain anything): word 0 is
// field 3.
std::vector<std::string> StatFields() {
  std::ifstream file("/proc/self/stat");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string line = text.str();
  const std::size_t name_end = line.rfind(')');
  std::vector<std::string> fields;
  if (name_end == std::string::npos) return fields;
  std::istringstream rest(line.substr(name_end + 1));
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

}  // namespace

std::optional<ProcessUsage> ReadProcessUsage() {
  const std::vector<std::string> fields = StatFields();
  if (fields.size() < 22) return std::nullopt;
  const auto number = [&](int field) {
    return std::stoull(fields[static_cast<std::size_t>(field - 3)]);
  };
  ProcessUsage usage;
  try {
    static const double boot_time = BootTime();
    usage.threads = static_cast<std::uint32_t>(number(20));
    usage.start_time_seconds = boot_time + static_cast<double>(number(22)) / Ticks();
    usage.resident_bytes = number(24) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  } catch (const std::exception&) {
    return std::nullopt;
  }
  rusage times{};  // finer than the ticks of /proc
  if (getrusage(RUSAGE_SELF, &times) != 0) return std::nullopt;
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  usage.cpu_seconds = seconds(times.ru_utime) + seconds(times.ru_stime);
  std::error_code error;
  for (std::filesystem::directory_iterator fd("/proc/self/fd", error), end; !error && fd != end;
       fd.increment(error)) {
    ++usage.handles;
  }
  if (usage.handles > 0) --usage.handles;  // the one that lists them
  return usage;
}

std::optional<MachineUsage> ReadMachineUsage() {
  MachineUsage usage;
  std::ifstream stat("/proc/stat");
  std::string word;
  if (!(stat >> word) || word != "cpu") return std::nullopt;
  // user nice system idle iowait irq softirq steal: idle is what is idle or waits for a disk.
  double ticks = 0;
  for (int i = 0; i < 8 && stat >> ticks; ++i) {
    usage.total_seconds += ticks / Ticks();
    if (i != 3 && i != 4) usage.busy_seconds += ticks / Ticks();
  }
  std::ifstream memory("/proc/meminfo");
  std::uint64_t kilobytes = 0;
  std::string unit;
  while (memory >> word >> kilobytes) {
    if (word == "MemTotal:") usage.memory_bytes = kilobytes * 1024;
    if (word == "MemAvailable:") usage.memory_available_bytes = kilobytes * 1024;
    std::getline(memory, unit);
  }
  return usage;
}

}  // namespace services
