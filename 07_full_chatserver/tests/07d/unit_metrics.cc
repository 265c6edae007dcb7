// The collecting side: the collector's rounds, the system's figures, the standard names, and the
// policy of the link to the monitor server.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <filesystem>
#include <limits>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "services/log/log_setup.h"
#include "services/monitor/collector.h"
#include "services/monitor/history.h"
#include "services/monitor/report_link.h"
#include "services/monitor/standard_metrics.h"
#include "services/monitor/system_usage.h"
#include "tests/support/log_lines.h"
#include "tests/support/task_input.h"
#ifdef __linux__
#include <fcntl.h>
#endif

namespace services {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Time = Collector::Clock::time_point;

const double* Find(const MonitorReport& report, const std::string& name) {
  for (const MetricValue& metric : report.metrics) {
    if (metric.name == name) return &metric.value;
  }
  return nullptr;
}

const double* Find(const std::vector<MetricSample>& samples, const std::string& name) {
  for (const MetricSample& sample : samples) {
    if (sample.info.name == name) return &sample.value;
  }
  return nullptr;
}

TEST(Collector, AStateIsOneSampleForEachValue) {
  TASK_INPUT("07d.1", "a state with two values");
  std::string_view now = "READONLY";
  Collector collector({7, milliseconds(1000)});
  collector.AddState("redis_trouble", "Why.", "reason", {"READONLY", "OOM"}, [&] { return now; });
  const auto samples = [&] {
    collector.CollectOnce(Time());
    std::string text;
    for (const MetricSample& sample : collector.Latest()) {
      text += sample.info.name + "{" + sample.info.label.name + "=" + sample.info.label.value +
              "}" + (sample.value == 1 ? "1 " : "0 ");
    }
    return text;
  };
  EXPECT_EQ(samples(), "redis_trouble{reason=READONLY}1 redis_trouble{reason=OOM}0 ");
  now = "OOM";
  EXPECT_EQ(samples(), "redis_trouble{reason=READONLY}0 redis_trouble{reason=OOM}1 ");
  now = "";
  EXPECT_EQ(samples(), "redis_trouble{reason=READONLY}0 redis_trouble{reason=OOM}0 ");
  EXPECT_TRUE(collector.BuildReport().metrics.empty()) << "a report has no labels";
}

TEST(Collector, CountersOfOneNameAreOneRate) {
  TASK_INPUT("07d.1", "two counters of one name, 0 then 4 and 6, two seconds");
  double abroad = 0;
  double full = 0;
  Collector collector({});
  collector.AddCounter("refused_total", "Refused.", [&] { return abroad; }, "refused_per_second",
                       {"reason", "country"});
  collector.AddCounter("refused_total", "Refused.", [&] { return full; }, "refused_per_second",
                       {"reason", "full"});
  const Time start = Time() + seconds(100);
  collector.CollectOnce(start);
  abroad = 4;
  full = 6;
  collector.CollectOnce(start + seconds(2));
  ASSERT_EQ(collector.Latest().size(), 2U);
  EXPECT_EQ(collector.Latest()[0].value, 4);
  EXPECT_EQ(collector.Latest()[1].value, 6);
  EXPECT_EQ(collector.Latest()[1].info.label.value, "full");
  ASSERT_EQ(collector.BuildReport().metrics.size(), 1U);
  EXPECT_EQ(*Find(collector.BuildReport(), "refused_per_second"), 5);
}

TEST(Collector, GaugesAsTheyAreCountersAsRates) {
  TASK_INPUT("07d.1", "a gauge 5, 6; a counter 1000, 1500, 10, 20");
  double sessions = 5;
  double packets = 1000;
  Collector collector({7, milliseconds(1000)});
  collector.AddGauge("chat_sessions", "Sessions.", [&] { return sessions; });
  collector.AddCounter(
      "chat_packets_total", "Packets.", [&] { return packets; }, "packets_per_second");
  const Time start = Time() + seconds(100);
  collector.CollectOnce(start);
  MonitorReport report = collector.BuildReport();
  EXPECT_EQ(report.server_id, 7u);
  EXPECT_GT(report.time_ms, 1'600'000'000'000);
  ASSERT_TRUE(Find(report, "chat_sessions"));
  EXPECT_EQ(*Find(report, "chat_sessions"), 5);
  EXPECT_FALSE(Find(report, "packets_per_second")) << "one point makes no rate";

  sessions = 6;
  packets = 1500;
  collector.CollectOnce(start + milliseconds(2000));
  report = collector.BuildReport();
  EXPECT_EQ(*Find(report, "chat_sessions"), 6);
  EXPECT_DOUBLE_EQ(*Find(report, "packets_per_second"), 250);
  EXPECT_EQ(*Find(collector.Latest(), "chat_packets_total"), 1500) << "Prometheus gets the sum";
  EXPECT_FALSE(Find(report, "chat_packets_total"));

  packets = 10;  // began anew: no negative rate
  collector.CollectOnce(start + milliseconds(3000));
  EXPECT_FALSE(Find(collector.BuildReport(), "packets_per_second"));
  packets = 20;
  collector.CollectOnce(start + milliseconds(4000));
  EXPECT_DOUBLE_EQ(*Find(collector.BuildReport(), "packets_per_second"), 10);
}

TEST(Collector, UnknownAndFailingSamplesAreLeftOut) {
  TASK_INPUT("07d.1", "NaN, infinity, an exception, 1");
  Collector collector({});
  collector.AddGauge("nan", "", [] { return std::nan(""); });
  collector.AddGauge("inf", "", [] { return std::numeric_limits<double>::infinity(); });
  collector.AddGauge("throws", "", []() -> double { throw std::runtime_error("no"); });
  collector.AddGauge("good", "", [] { return 1.0; });
  collector.CollectOnce(Time() + seconds(1));
  EXPECT_EQ(collector.Latest().size(), 1u);
  EXPECT_EQ(collector.BuildReport().metrics, (std::vector<MetricValue>{{"good", 1}}));
}

TEST(Collector, PreparesOnceARoundAndFeedsSinks) {
  TASK_INPUT("07d.1", "two rounds, two gauges, one sink");
  Collector collector({});
  int rounds = 0;
  std::vector<MonitorReport> reports;
  collector.AddBeforeSampling([&] { ++rounds; });
  collector.AddGauge("a", "", [&] { return rounds; });
  collector.AddGauge("b", "", [&] { return rounds; });
  collector.AddSink([&](const MonitorReport& report) { reports.push_back(report); });
  collector.CollectOnce(Time() + seconds(1));
  collector.CollectOnce(Time() + seconds(2));
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[1].metrics, (std::vector<MetricValue>{{"a", 2}, {"b", 2}}));
}

TEST(Collector, ThreadRunsRoundsUntilStopWhileOthersRead) {
  TASK_INPUT("07d.1", "a round each millisecond, a reader beside");
  std::atomic<int> rounds{0};
  std::mutex mutex;
  std::condition_variable changed;
  int reports = 0;
  Collector collector({1, milliseconds(1)});
  collector.AddGauge("rounds", "", [&] { return ++rounds; });
  collector.AddSink([&](const MonitorReport&) {
    const std::lock_guard lock(mutex);
    ++reports;
    changed.notify_all();
  });
  collector.Start();
  std::atomic<bool> done{false};
  std::thread reader([&] {
    double last = 0;
    while (!done) {
      const auto latest = collector.Latest();
      if (latest.empty()) continue;
      EXPECT_GE(latest[0].value, last);
      last = latest[0].value;
    }
  });
  {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, seconds(20), [&] { return reports >= 20; }));
  }
  collector.Stop();
  const int after_stop = rounds;
  done = true;
  reader.join();
  EXPECT_EQ(rounds, after_stop);
}

TEST(SystemUsage, ProcessAndMachine) {
  const auto before = ReadProcessUsage();
  const auto machine = ReadMachineUsage();
  ASSERT_TRUE(before);
  ASSERT_TRUE(machine);
  EXPECT_GT(before->resident_bytes, 100'000u);
  EXPECT_GT(before->start_time_seconds, 1'600'000'000.0);
  EXPECT_GT(machine->memory_bytes, before->resident_bytes);
  EXPECT_LE(machine->memory_available_bytes, machine->memory_bytes);
  EXPECT_GE(machine->total_seconds, machine->busy_seconds);

  // Work until the system has noticed: the figure is of this process.
  volatile double sum = 0;  // or the compiler would see that nobody wants it
  std::vector<unsigned char> block(64 * 1024 * 1024, 1);
  for (int i = 0; i < 2'000'000'000; ++i) {
    sum = sum + std::sqrt(i);
    if (i % 1'000'000 == 0 && ReadProcessUsage()->cpu_seconds > before->cpu_seconds + 0.05) break;
  }
  const auto after = ReadProcessUsage();
  EXPECT_GT(after->cpu_seconds, before->cpu_seconds + 0.05);
  EXPECT_GT(after->resident_bytes, before->resident_bytes + 30'000'000u * block[7]);
#ifdef __linux__
  EXPECT_GE(after->threads, 1u);
  std::uint32_t open = 0;
  for (int fd = 0; fd < 4096; ++fd) open += fcntl(fd, F_GETFD) >= 0 ? 1u : 0u;
  EXPECT_EQ(after->handles, open);
#endif
}

TEST(StandardMetrics, NamesFollowTheConventions) {
  Collector collector({});
  AddSystemMetrics(collector);
  collector.CollectOnce(Time() + seconds(1));
  collector.CollectOnce(Time() + seconds(2));
  std::set<std::string> names;
  for (const MetricSample& sample : collector.Latest()) {
    EXPECT_TRUE(History::IsGoodName(sample.info.name)) << sample.info.name;
    EXPECT_TRUE(names.insert(sample.info.name).second) << "twice: " << sample.info.name;
    EXPECT_TRUE(sample.info.help.ends_with(".")) << sample.info.name;
    const bool total = sample.info.name.ends_with("_total");
    EXPECT_EQ(total, sample.info.kind == MetricKind::kCounter) << sample.info.name;
  }
  for (const char* name :
       {"process_cpu_seconds_total", "process_resident_memory_bytes", "machine_memory_bytes"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
  const MonitorReport report = collector.BuildReport();
  EXPECT_LE(report.metrics.size(), History::kMaxMetrics);
  EXPECT_TRUE(Find(report, "process_cpu_cores"));
}

TEST(StandardMetrics, ALogThatCannotBeWrittenIsTold) {
  LogOptions options;
  options.console = false;
  options.file = std::filesystem::temp_directory_path().string();  // a folder
  EXPECT_NE(SetUpLogging(options), "");
  Collector collector({});
  AddSystemMetrics(collector);
  collector.CollectOnce(Time() + seconds(1));
  ShutDownLogging();
  EXPECT_EQ(*Find(collector.Latest(), "log_write_failures_total"), 1);
  EXPECT_EQ(*Find(collector.Latest(), "log_lines_dropped_total"), 0);
}

// 98 values of up to 10 ms, one of up to 100 ms, one longer than any bound.
TEST(Collector, AHistogramIsToldWholeAndItsP99OfTheLastInterval) {
  TASK_INPUT("07d.2", "bounds 0.01, 0.1; 98, 1 and 1 values; then 1000 more in the first bucket");
  HistogramValue values{{0.01, 0.1}, {98, 1, 1}, 2.0};
  EXPECT_DOUBLE_EQ(Quantile(values, 0.49), 0.005);
  EXPECT_DOUBLE_EQ(Quantile(values, 0.99), 0.1);
  EXPECT_DOUBLE_EQ(Quantile(values, 1.0), 0.1) << "no more is known than the last bound";
  EXPECT_TRUE(std::isnan(Quantile({{1}, {0, 0}, 0}, 0.5)));

  Collector collector({});
  collector.AddHistogram(
      "job_seconds", "Jobs.", [&] { return values; }, "job_p99_seconds");
  collector.CollectOnce(Time() + seconds(1));
  EXPECT_FALSE(Find(collector.BuildReport(), "job_p99_seconds"))
      << "the first round has no interval";
  collector.CollectOnce(Time() + seconds(2));
  ASSERT_TRUE(Find(collector.BuildReport(), "job_p99_seconds"));
  EXPECT_EQ(*Find(collector.BuildReport(), "job_p99_seconds"), 0) << "nothing ran";
  values.counts[0] += 1000;
  collector.CollectOnce(Time() + seconds(3));
  EXPECT_NEAR(*Find(collector.BuildReport(), "job_p99_seconds"), 0.0099, 1e-9)
      << "the slow ones were before";
  EXPECT_FALSE(Find(collector.BuildReport(), "job_seconds"));
  ASSERT_EQ(collector.Latest().size(), 1U);
  EXPECT_EQ(collector.Latest()[0].histogram.counts, (std::vector<std::uint64_t>{1098, 1, 1}));
}

// A value of a bucket may lie anywhere in it: evenly spread is the guess.
TEST(Quantile, LiesInTheBucketThatHasTheRank) {
  TASK_INPUT("07d.2", "bounds 1, 2, 4 with 0, 4, 0, 0 values; then 10, 0, 10, 0");
  const HistogramValue second{{1, 2, 4}, {0, 4, 0, 0}, 0};
  EXPECT_DOUBLE_EQ(Quantile(second, 0.25), 1.25);
  EXPECT_DOUBLE_EQ(Quantile(second, 1), 2) << "not 4: an empty bucket has nobody";
  const HistogramValue apart{{1, 2, 4}, {10, 0, 10, 0}, 0};
  EXPECT_DOUBLE_EQ(Quantile(apart, 0.5), 1);
  EXPECT_DOUBLE_EQ(Quantile(apart, 0.75), 3);
}

TEST(ReportLink, WhatAReasonSaysStaysInItsQuotes) {
  TASK_INPUT("07d.4", "a reason with a quote and a line end");
  const course_test::LogLines log;
  ReportLink link({milliseconds(100), milliseconds(800), milliseconds(3000)}, 5);
  ASSERT_TRUE(link.ShouldConnect(Time() + seconds(10)));
  link.OnLost(Time() + seconds(10), "gone\" server=2\n2026-11-30 forged");
  EXPECT_EQ(log.Text(), "monitor.away reason=\"gone\\\" server=2\\u000A2026-11-30 forged\"\n");
}

TEST(ReportLink, ConnectsBacksOffAndForgivesAfterSuccess) {
  TASK_INPUT("07d.4", "reconnect 100..800 ms, 8 attempts fail");
  ReportLink link({milliseconds(100), milliseconds(800), milliseconds(3000)}, 5);
  Time now = Time() + seconds(10);
  EXPECT_FALSE(link.MaySend());
  ASSERT_TRUE(link.ShouldConnect(now));
  EXPECT_FALSE(link.ShouldConnect(now)) << "one attempt at a time";
  milliseconds last{0};
  for (int i = 0; i < 8; ++i) {
    link.OnLost(now, "refused");
    const auto wait = link.next_attempt() - now;
    EXPECT_LE(wait, milliseconds(std::min(100 << i, 800)));
    EXPECT_GE(wait, milliseconds(std::min(100 << i, 800) / 2));
    EXPECT_FALSE(link.ShouldConnect(link.next_attempt() - milliseconds(1)));
    now = link.next_attempt();
    ASSERT_TRUE(link.ShouldConnect(now));
    last = std::chrono::duration_cast<milliseconds>(wait);
  }
  EXPECT_GE(last, milliseconds(400));
  link.OnConnected();
  EXPECT_TRUE(link.MaySend());
  EXPECT_FALSE(link.ShouldConnect(now + seconds(100)));
  link.OnLost(now, "closed");
  link.OnLost(now + seconds(50), "told twice");  // changes nothing
  EXPECT_FALSE(link.MaySend());
  EXPECT_LE(link.next_attempt() - now, milliseconds(100)) << "starts small again";
}

}  // namespace
}  // namespace services
