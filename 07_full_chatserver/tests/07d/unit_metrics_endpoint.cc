// /metrics over real HTTP, read by a client of ours and by a real Prometheus.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "services/monitor/metrics_endpoint.h"
#include "services/monitor/standard_metrics.h"
#include "tests/outside/child_process.h"
#include "tests/outside/http_get.h"
#include "tests/support/task_input.h"

namespace services {
namespace {

using outside::HttpGet;
using outside::WaitUntil;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Endpoint : public ::testing::Test {
 protected:
  void SetUp() override {
    AddSystemMetrics(collector_);
    collector_.AddGauge("chat_sessions", "Connected sessions.",
                        [this] { return sessions_.load(); });
    collector_.AddCounter(
        "chat_packets_received_total", "Packets received.",
        [this] { return packets_.fetch_add(10) + 10.0; }, "rate");
    collector_.AddHistogram("chat_job_seconds", "Jobs.", [] {
      return HistogramValue{{0.001, 0.5}, {3, 2, 1}, 4.25};
    });
    collector_.AddState("chat_redis_trouble", "Why Redis is not up.", "reason", {"OOM", "READONLY"},
                        [] { return "READONLY"; });
    ASSERT_EQ(endpoint_.Start("127.0.0.1", 0, collector_), "");
    ASSERT_NE(endpoint_.port(), 0);
  }

  std::atomic<int> sessions_{42};
  std::atomic<int> packets_{0};
  Collector collector_{{1, milliseconds(10)}};
  MetricsEndpoint endpoint_;
};

TEST_F(Endpoint, TextFormatWithTypesAndHelp) {
  TASK_INPUT("07d.3", "chat_job_seconds: bounds 0.001, 0.5; 3, 2 and 1 values");
  collector_.CollectOnce(Collector::Clock::now());
  const auto reply = HttpGet(endpoint_.port(), "/metrics");
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.headers.find("text/plain"), std::string::npos);
  for (const char* line :
       {"# HELP chat_sessions Connected sessions.\n", "# TYPE chat_sessions gauge\n",
        "\nchat_sessions 42\n", "# TYPE chat_packets_received_total counter\n",
        "\nchat_packets_received_total 10\n", "# TYPE chat_job_seconds histogram\n",
        "\nchat_job_seconds_bucket{le=\"0.001\"} 3\n", "\nchat_job_seconds_bucket{le=\"0.5\"} 5\n",
        "\nchat_job_seconds_bucket{le=\"+Inf\"} 6\n", "\nchat_job_seconds_sum 4.25\n",
        "\nchat_job_seconds_count 6\n",
        "# TYPE chat_redis_trouble gauge\nchat_redis_trouble{reason=\"OOM\"} 0\n"
        "chat_redis_trouble{reason=\"READONLY\"} 1\n",
        "\nprocess_resident_memory_bytes "}) {
    EXPECT_NE(reply.body.find(line), std::string::npos) << line << "\n" << reply.body;
  }
  EXPECT_EQ(reply.body.find("rate"), std::string::npos) << "rates are Prometheus' business";
  EXPECT_EQ(HttpGet(endpoint_.port(), "/secret").status, 404);
}

TEST_F(Endpoint, ScrapesWhileCollecting) {
  collector_.Start();
  ASSERT_TRUE(WaitUntil([&] { return !collector_.Latest().empty(); }));
  std::vector<std::thread> scrapers;
  for (int t = 0; t < 3; ++t) {
    scrapers.emplace_back([this] {
      for (int i = 0; i < 20; ++i) {
        EXPECT_NE(HttpGet(endpoint_.port(), "/metrics").body.find("\nchat_sessions 42\n"),
                  std::string::npos);
      }
    });
  }
  for (std::thread& scraper : scrapers) scraper.join();
  endpoint_.Stop();
  EXPECT_EQ(endpoint_.port(), 0);
  collector_.Stop();
}

TEST_F(Endpoint, OccupiedPortIsOneLine) {
  MetricsEndpoint second;
  EXPECT_EQ(second.Start("127.0.0.1", endpoint_.port(), collector_),
            "metrics: cannot listen on 127.0.0.1:" + std::to_string(endpoint_.port()) +
                ": Address already in use");
  EXPECT_EQ(second.port(), 0);
}

TEST_F(Endpoint, RealPrometheusScrapesIt) {
  if (!outside::FindProgram("prometheus")) GTEST_SKIP() << "prometheus is not installed";
  collector_.Start();
  outside::TemporaryFolder folder;
  std::ofstream(folder.File("prometheus.yml"))
      << "global:\n  scrape_interval: 200ms\n  scrape_timeout: 200ms\n"
      << "scrape_configs:\n  - job_name: chat\n    static_configs:\n      - targets: ['127.0.0.1:"
      << endpoint_.port() << "']\n";
  outside::ChildProcess prometheus;
  const int port = outside::FreePort();
  ASSERT_TRUE(prometheus.Start({"prometheus", "--config.file=" + folder.File("prometheus.yml"),
                                "--storage.tsdb.path=" + folder.File("data"),
                                "--web.listen-address=127.0.0.1:" + std::to_string(port)},
                               folder.File("prometheus.log")));
  const auto query = [&](const std::string& text) {
    return HttpGet(port, "/api/v1/query?query=" + text).body;
  };
  // value: [time,"42"]; the rate of a sum that grows must be above 0 (empty: none yet).
  EXPECT_TRUE(WaitUntil(
      [&] { return query("chat_sessions").find(",\"42\"]") != std::string::npos; }, seconds(60)))
      << query("chat_sessions") << outside::ReadFile(folder.File("prometheus.log"));
  EXPECT_TRUE(WaitUntil(
      [&] {
        return query("rate(chat_packets_received_total[10s])>0").find("\"value\"") !=
               std::string::npos;
      },
      seconds(60)));
  EXPECT_NE(query("up").find(",\"1\"]"), std::string::npos);
  const std::string metadata = HttpGet(port, "/api/v1/metadata?metric=chat_sessions").body;
  EXPECT_NE(metadata.find("\"type\":\"gauge\""), std::string::npos) << metadata;
  sessions_ = 43;
  EXPECT_TRUE(WaitUntil(
      [&] { return query("chat_sessions").find(",\"43\"]") != std::string::npos; }, seconds(60)));
}

}  // namespace
}  // namespace services
