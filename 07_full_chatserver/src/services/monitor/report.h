// What one server tells about itself once per interval: C_MONITOR_REPORT (1301) as a plain value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace services {

struct MetricValue {
  std::string
      name;  // [a-z_:][a-z0-9_:]*, at most 64 bytes; base units (seconds, bytes, ratio 0..1)
  double value = 0;  // finite

  friend bool operator==(const MetricValue&, const MetricValue&) = default;
};

struct MonitorReport {
  std::uint32_t server_id = 0;
  std::int64_t time_ms = 0;  // Unix time on the reporting server's clock
  std::vector<MetricValue> metrics;
};

// Where reports go. Called by any thread.
class ReportSink {
 public:
  virtual ~ReportSink() = default;
  virtual void OnReport(std::uint32_t server_id, std::int64_t time_ms,
                        const std::vector<MetricValue>& metrics) = 0;
};

}  // namespace services
