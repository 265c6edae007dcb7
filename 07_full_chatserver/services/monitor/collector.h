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
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "services/monitor/report.h"

namespace services {

enum class MetricKind : unsigned char {
  kGauge,    // a state: sessions now
  kCounter,  // only grows: packets since the start; its name ends in _total
};

struct MetricInfo {
  std::string name;  // Prometheus' conventions: base units, in the name (_seconds, _bytes)
  std::string help;  // one English sentence
  MetricKind kind = MetricKind::kGauge;
  std::string label;  // of a state: its name, and the value that this sample is about
  std::string label_value;
};

struct MetricSample {
  MetricInfo info;
  double value = 0;
};

struct CollectorOptions {
  std::uint32_t server_id = 1;
  std::chrono::milliseconds interval{1000};  // > 0
};

class Collector {
 public:
  using Clock = std::chrono::steady_clock;
  using Sampler = std::function<double()>;  // NaN: not known now, left out
  using Sink = std::function<void(const MonitorReport&)>;

  explicit Collector(CollectorOptions options) : options_(options) {}
  ~Collector() { Stop(); }
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  void AddGauge(std::string name, std::string help, Sampler sample);
  // The report carries the growth per second as `rate_name` (when given), not the sum: that is what
  // a chart shows. /metrics has the sum: Prometheus makes rates itself.
  void AddCounter(std::string name, std::string help, Sampler sample, std::string rate_name = "");
  // Which of `values` holds now: a gauge for each, with the value as its label; 1 or 0. For
  // /metrics only: a report has no labels.
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

 private:
  struct Source {
    MetricInfo info;
    Sampler sample;
    std::string rate_name;
    double last = 0;  // counters: of the round before
    bool has_last = false;
  };

  void Run();
  static double Ask(const Sampler& sample);
  void AppendRate(Source& source, double value, double seconds,
                  std::vector<MetricValue>& report) const;

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
