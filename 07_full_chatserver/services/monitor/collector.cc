#include "services/monitor/collector.h"

#include <cmath>
#include <limits>
#include <utility>

namespace services {
namespace {

std::int64_t UnixMilliseconds() {
  using std::chrono::milliseconds;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

}  // namespace

void Collector::AddGauge(std::string name, std::string help, Sampler sample) {
  sources_.push_back(
      {{std::move(name), std::move(help), MetricKind::kGauge, "", ""}, std::move(sample), ""});
}

void Collector::AddCounter(std::string name, std::string help, Sampler sample,
                           std::string rate_name) {
  sources_.push_back({{std::move(name), std::move(help), MetricKind::kCounter, "", ""},
                      std::move(sample),
                      std::move(rate_name)});
}

void Collector::AddState(const std::string& name, const std::string& help, const std::string& label,
                         const std::vector<std::string>& values,
                         const std::function<std::string_view()>& now) {
  for (const std::string& value : values) {
    sources_.push_back({{name, help, MetricKind::kGauge, label, value},
                        [now, value] { return now() == value ? 1.0 : 0.0; },
                        ""});
  }
}

void Collector::AddBeforeSampling(std::function<void()> prepare) {
  prepares_.push_back(std::move(prepare));
}

void Collector::AddSink(Sink sink) {
  sinks_.push_back(std::move(sink));
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
  for (const auto& prepare : prepares_) prepare();
  const double seconds = std::chrono::duration<double>(now - last_round_).count();
  std::vector<MetricSample> latest;
  MonitorReport report{options_.server_id, UnixMilliseconds(), {}};
  for (Source& source : sources_) {
    const double value = Ask(source.sample);
    if (!std::isfinite(value)) continue;
    latest.push_back({source.info, value});
    if (!source.info.label.empty()) continue;
    if (source.info.kind == MetricKind::kGauge) {
      report.metrics.push_back({source.info.name, value});
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
}
// [/collect]

double Collector::Ask(const Sampler& sample) {
  try {
    return sample();
  } catch (...) {
    return std::numeric_limits<double>::quiet_NaN();
  }
}

void Collector::AppendRate(Source& source, double value, double seconds,
                           std::vector<MetricValue>& report) const {
  // The first round has nothing to compare with; a sum that fell has begun anew.
  const bool comparable = source.has_last && value >= source.last && seconds > 0;
  if (comparable && !source.rate_name.empty()) {
    report.push_back({source.rate_name, (value - source.last) / seconds});
  }
  source.last = value;
  source.has_last = true;
}

std::vector<MetricSample> Collector::Latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

MonitorReport Collector::BuildReport() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

}  // namespace services
