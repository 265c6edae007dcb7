// The last hour (or so) of one server: a ring of points, one column per metric.
//
// Memory: capacity * (8 + 4 * metrics) bytes at the most, taken as the points come.
// Threading: none; MonitorCore holds its lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "services/monitor/report.h"

namespace services {

class History {
 public:
  static constexpr std::size_t kMaxMetrics = 96;  // more are refused, and counted
  static constexpr std::size_t kMaxNameBytes = 64;

  explicit History(std::size_t capacity) : capacity_(capacity) {}

  // One point. Bad names, values that are not finite and metrics beyond the limit are left out.
  // Returns how many were.
  std::size_t Add(std::int64_t time_ms, const std::vector<MetricValue>& metrics);

  struct Points {
    std::vector<std::int64_t> times;                   // growing
    std::map<std::string, std::vector<float>> series;  // as many values as times; NaN: none
  };
  // The points after `since_ms`.
  Points After(std::int64_t since_ms) const;

  // The values of the newest point.
  const std::map<std::string, double>& latest() const { return latest_; }
  std::size_t size() const { return times_.size(); }

  static bool IsGoodName(const std::string& name);

 private:
  std::size_t SlotOfAge(std::size_t age) const;  // 0: the newest

  const std::size_t capacity_;
  std::size_t next_ = 0;  // slot of the next point
  std::vector<std::int64_t> times_;
  std::map<std::string, std::vector<float>> columns_;  // each as long as times_
  std::map<std::string, double> latest_;
};

}  // namespace services
