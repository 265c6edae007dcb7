#include "services/monitor/collector.h"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

namespace services {
namespace {

std::int64_t UnixMilliseconds() {
  using std::chrono::milliseconds;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

}  // namespace

// [quantile]
double Quantile(const HistogramValue& values, double fraction) {
  // <student 07d.2>
  std::uint64_t total = 0;
  for (const std::uint64_t count : values.counts) total += count;
  if (total == 0) return std::numeric_limits<double>::quiet_NaN();
  const double rank = fraction * static_cast<double>(total);
  double below = 0;  // values in the buckets before
  for (std::size_t i = 0; i < values.bounds.size(); ++i) {
    const auto here = static_cast<double>(values.counts[i]);
    if (here > 0 && below + here >= rank) {
      const double low = i == 0 ? 0 : values.bounds[i - 1];
      return low + (values.bounds[i] - low) * (rank - below) / here;
    }
    below += here;
  }
  return values.bounds.back();
  // </student>
}
// [/quantile]

void Collector::AddGauge(std::string name, std::string help, Sampler sample) {
  Source source;
  source.info = {std::move(name), std::move(help), MetricKind::kGauge, {}};
  source.sample = std::move(sample);
  sources_.push_back(std::move(source));
}

void Collector::AddCounter(std::string name, std::string help, Sampler sample,
                           std::string rate_name, MetricLabel label) {
  Source source;
  source.info = {std::move(name), std::move(help), MetricKind::kCounter, std::move(label)};
  source.sample = std::move(sample);
  source.rate_name = std::move(rate_name);
  sources_.push_back(std::move(source));
}

void Collector::AddHistogram(std::string name, std::string help,
                             std::function<HistogramValue()> sample, std::string p99_name) {
  Source source;
  source.info = {std::move(name), std::move(help), MetricKind::kHistogram, {}};
  source.histogram = std::move(sample);
  source.rate_name = std::move(p99_name);
  sources_.push_back(std::move(source));
}

void Collector::AddState(const std::string& name, const std::string& help, const std::string& label,
                         const std::vector<std::string>& values,
                         const std::function<std::string_view()>& now) {
  for (const std::string& value : values) {
    Source source;
    source.info = {name, help, MetricKind::kGauge, {label, value}};
    source.sample = [now, value] { return now() == value ? 1.0 : 0.0; };
    sources_.push_back(std::move(source));
  }
}

void Collector::AddBeforeSampling(std::function<void()> prepare) {
  prepares_.push_back(std::move(prepare));
}

void Collector::AddSink(Sink sink) {
  sinks_.push_back(std::move(sink));
}

std::optional<std::string> CollectorOptions::Validate() const {
  if (interval.count() <= 0) return "collector: interval must be above 0 ms";
  return std::nullopt;
}

Collector::Collector(CollectorOptions options) : options_(options) {
  if (const auto wrong = options.Validate()) throw std::invalid_argument(*wrong);
}

void Collector::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Collector::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Collector::Run() {
  Clock::time_point next = Clock::now();
  for (;;) {
    const Clock::time_point now = Clock::now();
    CollectOnce(now);
    // A fixed raster: rounds do not drift by the time that they take. One that took longer than the
    // interval skips, it does not hurry after.
    next += options_.interval;
    if (next <= Clock::now()) next = Clock::now() + options_.interval;
    std::unique_lock lock(mutex_);
    if (stop_.wait_until(lock, next, [this] { return stopping_; })) return;
  }
}

// [collect]
void Collector::CollectOnce(Clock::time_point now) {
  // <student 07d.1>
  for (const auto& prepare : prepares_) prepare();
  const double seconds = std::chrono::duration<double>(now - last_round_).count();
  std::vector<MetricSample> latest;
  MonitorReport report{options_.server_id, UnixMilliseconds(), {}};
  for (Source& source : sources_) {
    if (source.histogram) {
      HistogramValue value = source.histogram();
      latest.push_back({source.info, 0, value});
      AppendP99(source, std::move(value), report.metrics);
      continue;
    }
    const double value = Ask(source.sample);
    if (!std::isfinite(value)) continue;
    latest.push_back({source.info, value, {}});
    if (source.info.kind == MetricKind::kGauge) {
      if (source.info.label.name.empty()) report.metrics.push_back({source.info.name, value});
    } else {
      AppendRate(source, value, seconds, report.metrics);
    }
  }
  last_round_ = now;
  {
    const std::lock_guard lock(mutex_);
    latest_ = std::move(latest);
    report_ = report;
  }
  for (const Sink& sink : sinks_) sink(report);
  // </student>
}

double Collector::Ask(const Sampler& sample) {
  // <student 07d.1>
  try {
    return sample();
  } catch (...) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  // </student>
}

void Collector::AppendRate(Source& source, double value, double seconds,
                           std::vector<MetricValue>& report) const {
  // <student 07d.1>
  // The first round has nothing to compare with; a sum that fell has begun anew.
  const bool comparable = source.has_last && value >= source.last && seconds > 0;
  if (comparable && !source.rate_name.empty()) {
    const double rate = (value - source.last) / seconds;
    if (!report.empty() && report.back().name == source.rate_name) {
      report.back().value += rate;
    } else {
      report.push_back({source.rate_name, rate});
    }
  }
  source.last = value;
  source.has_last = true;
  // </student>
}

void Collector::AppendP99(Source& source, HistogramValue value, std::vector<MetricValue>& report) {
  // <student 07d.2>
  const std::vector<std::uint64_t> before = std::exchange(source.last_counts, value.counts);
  if (before.empty() || source.rate_name.empty()) return;
  for (std::size_t i = 0; i < value.counts.size(); ++i) value.counts[i] -= before[i];
  const double p99 = Quantile(value, 0.99);
  report.push_back({source.rate_name, std::isfinite(p99) ? p99 : 0.0});
  // </student>
}
// [/collect]

std::vector<MetricSample> Collector::Latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

MonitorReport Collector::BuildReport() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

}  // namespace services
