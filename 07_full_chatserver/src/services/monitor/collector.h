// [promise]
// The collection thread: asks sampling functions once per interval and keeps the latest answers for
// /metrics and for the report to the monitor server.
//
//   sampling functions -> Collector, every interval -> Latest() -> MetricsEndpoint -> Prometheus
//                                                   -> sinks -> report link -> monitor_server
//
// A scrape or a slow monitor server never reaches into the chat server: it sees what was collected.
// Sampling functions are called by the collection thread only, one after another; they read atomics
// and snapshots, take no lock that the chat path holds for long, and do not throw (one that does
// counts as "unknown"). They must live as long as the Collector runs.
//
// Threading: Add*, Start, Stop and the destructor by one owner thread, Add* before Start; Latest
// and BuildReport by any thread.
// [/promise]
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "services/monitor/report.h"

namespace services {

enum class MetricKind : unsigned char {
  kGauge,    // a state: sessions now
  kCounter,  // only grows: packets since the start; its name ends in _total
  kHistogram,
};

// [histogram]
// How often a value fell between two bounds, since the start.
struct HistogramValue {
  std::vector<double> bounds;         // upper ones, growing
  std::vector<std::uint64_t> counts;  // one more than bounds: those above the last
  double sum = 0;                     // of all values
};

// As Prometheus' histogram_quantile: evenly spread within a bucket. NaN: there are none.
double Quantile(const HistogramValue& values, double fraction);
// [/histogram]

// What this one of several samples of one name is about: reason="country". Empty: there is one.
struct MetricLabel {
  std::string name;
  std::string value;
};

struct MetricInfo {
  std::string name;  // Prometheus' conventions: base units, in the name (_seconds, _bytes)
  std::string help;  // one English sentence
  MetricKind kind = MetricKind::kGauge;
  MetricLabel label;
};

struct MetricSample {
  MetricInfo info;
  double value = 0;          // gauge, counter
  HistogramValue histogram;  // histogram
};

struct CollectorOptions {
  std::uint32_t server_id = 1;
  std::chrono::milliseconds interval{1000};  // > 0

  // Nothing, or what is wrong.
  [[nodiscard]] std::optional<std::string> Validate() const;
};

class Collector {
 public:
  using Clock = std::chrono::steady_clock;
  using Sampler = std::function<double()>;  // NaN: not known now, left out
  using Sink = std::function<void(const MonitorReport&)>;

  // Throws std::invalid_argument with Validate()'s line.
  explicit Collector(CollectorOptions options);
  ~Collector() { Stop(); }
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  // [verbs]
  void AddGauge(std::string name, std::string help, Sampler sample);
  // The report carries the growth per second as `rate_name` (when given), not the sum: that is what
  // a chart shows. /metrics has the sum: Prometheus makes rates itself.
  // Counters of one name with other labels are told one after another; those of them with the same
  // `rate_name` are one sum in the report, which has no labels.
  void AddCounter(std::string name, std::string help, Sampler sample, std::string rate_name = "",
                  MetricLabel label = {});
  // The report carries, as `p99_name` (when given), what 99 of 100 values of the last interval were
  // at most: a percentile since the start would hide an hour of trouble behind a month of peace.
  // Without values it is 0.
  void AddHistogram(std::string name, std::string help, std::function<HistogramValue()> sample,
                    std::string p99_name = "");
  // Which of `values` holds now: a gauge for each, with the value as its label; 1 or 0. For
  // /metrics only.
  void AddState(const std::string& name, const std::string& help, const std::string& label,
                const std::vector<std::string>& values,
                const std::function<std::string_view()>& now);
  // Runs before each round of sampling: takes one snapshot that several sampling functions read.
  void AddBeforeSampling(std::function<void()> prepare);
  // Gets each report, on the collection thread; must not block for long.
  void AddSink(Sink sink);

  void Start();  // once; the first round runs at once
  void Stop();   // may be called again

  // One round, as the thread does it. For tests; not while the thread runs.
  void CollectOnce(Clock::time_point now);

  std::vector<MetricSample> Latest() const;
  MonitorReport BuildReport() const;
  // [/verbs]

 private:
  struct Source {
    MetricInfo info;
    Sampler sample;
    std::string rate_name;  // histograms: p99_name
    double last = 0;        // counters: of the round before
    bool has_last = false;
    std::function<HistogramValue()> histogram;
    std::vector<std::uint64_t> last_counts;  // histograms: of the round before
  };

  void Run();
  static double Ask(const Sampler& sample);
  void AppendRate(Source& source, double value, double seconds,
                  std::vector<MetricValue>& report) const;
  static void AppendP99(Source& source, HistogramValue value, std::vector<MetricValue>& report);

  const CollectorOptions options_;
  std::vector<Source> sources_;                  // owner until Start, then the collection thread
  std::vector<std::function<void()>> prepares_;  // as sources_
  std::vector<Sink> sinks_;                      // as sources_
  Clock::time_point last_round_{};               // collection thread only

  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;             // guarded by mutex_
  std::vector<MetricSample> latest_;  // guarded by mutex_
  MonitorReport report_;              // guarded by mutex_

  std::thread thread_;  // owner thread only
};

}  // namespace services
