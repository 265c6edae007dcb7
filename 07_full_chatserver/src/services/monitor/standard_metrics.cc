#include "services/monitor/standard_metrics.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include "services/log/log_setup.h"
#include "services/monitor/system_usage.h"

namespace services {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// What one round has read; the collection thread only.
struct SystemRound {
  std::optional<ProcessUsage> process;
  std::optional<MachineUsage> machine;
  std::optional<MachineUsage> machine_before;

  double CpuRatio() const {
    if (!machine || !machine_before) return kUnknown;
    const double total = machine->total_seconds - machine_before->total_seconds;
    const double busy = machine->busy_seconds - machine_before->busy_seconds;
    return total > 0 ? std::min(std::max(busy / total, 0.0), 1.0) : kUnknown;
  }
};

}  // namespace

void AddSystemMetrics(Collector& collector) {
  auto round = std::make_shared<SystemRound>();
  collector.AddBeforeSampling([round] {
    round->machine_before = round->machine;
    round->process = ReadProcessUsage();
    round->machine = ReadMachineUsage();
  });
  const auto process = [&round](double (*value)(const ProcessUsage&)) {
    return [round, value] { return round->process ? value(*round->process) : kUnknown; };
  };
  const auto machine = [&round](double (*value)(const MachineUsage&)) {
    return [round, value] { return round->machine ? value(*round->machine) : kUnknown; };
  };
  collector.AddCounter("process_cpu_seconds_total", "Processor time of the process.",
                       process([](const ProcessUsage& p) { return p.cpu_seconds; }),
                       "process_cpu_cores");
  collector.AddGauge(
      "process_resident_memory_bytes", "Memory of the process that is in RAM.",
      process([](const ProcessUsage& p) { return static_cast<double>(p.resident_bytes); }));
  collector.AddGauge("process_open_fds", "Open descriptors of the process.",
                     process([](const ProcessUsage& p) { return static_cast<double>(p.handles); }));
  collector.AddGauge("process_threads", "Threads of the process.",
                     process([](const ProcessUsage& p) { return static_cast<double>(p.threads); }));
  collector.AddGauge("process_start_time_seconds", "Unix time of the start of the process.",
                     process([](const ProcessUsage& p) { return p.start_time_seconds; }));
  collector.AddGauge("machine_cpu_ratio", "Part of the machine's processors that was busy.",
                     [round] { return round->CpuRatio(); });
  collector.AddGauge(
      "machine_memory_bytes", "Memory of the machine.",
      machine([](const MachineUsage& m) { return static_cast<double>(m.memory_bytes); }));
  collector.AddGauge(
      "machine_memory_available_bytes", "Memory that programs can still get without swapping.",
      machine([](const MachineUsage& m) { return static_cast<double>(m.memory_available_bytes); }));
  collector.AddCounter("log_lines_dropped_total", "Lines of the log that found its queue full.",
                       [] { return static_cast<double>(GetLogStats().dropped); });
  collector.AddCounter("log_write_failures_total", "Times that the log could not be written.",
                       [] { return static_cast<double>(GetLogStats().write_failures); });
}

}  // namespace services
