#include "services/monitor/history.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace services {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

}  // namespace

bool History::IsGoodName(const std::string& name) {
  if (name.empty() || name.size() > kMaxNameBytes || (name[0] >= '0' && name[0] <= '9'))
    return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
  });
}

std::size_t History::Add(std::int64_t time_ms, const std::vector<MetricValue>& metrics) {
  // While the ring still grows the new slot is its end; afterwards the oldest point's.
  const bool grows = times_.size() < capacity_;
  if (grows) {
    times_.push_back(0);
    for (auto& [name, column] : columns_) column.push_back(kNone);
  } else {
    for (auto& [name, column] : columns_) column[next_] = kNone;
  }
  times_[next_] = time_ms;
  latest_.clear();
  std::size_t left_out = 0;
  for (const MetricValue& metric : metrics) {
    const bool known = columns_.contains(metric.name);
    if (!std::isfinite(metric.value) ||
        (!known && (columns_.size() >= kMaxMetrics || !IsGoodName(metric.name)))) {
      ++left_out;
      continue;
    }
    if (!known) columns_.emplace(metric.name, std::vector<float>(times_.size(), kNone));
    columns_[metric.name][next_] = static_cast<float>(metric.value);
    latest_[metric.name] = metric.value;
  }
  next_ = (next_ + 1) % capacity_;
  return left_out;
}

std::size_t History::SlotOfAge(std::size_t age) const {
  return (next_ + capacity_ - 1 - age) % capacity_;
}

History::Points History::After(std::int64_t since_ms) const {
  std::size_t count = 0;
  while (count < times_.size() && times_[SlotOfAge(count)] > since_ms) ++count;
  Points points;
  points.times.reserve(count);
  for (std::size_t age = count; age-- > 0;) points.times.push_back(times_[SlotOfAge(age)]);
  for (const auto& [name, column] : columns_) {
    std::vector<float> values;
    values.reserve(count);
    for (std::size_t age = count; age-- > 0;) values.push_back(column[SlotOfAge(age)]);
    points.series.emplace(name, std::move(values));
  }
  return points;
}

}  // namespace services
