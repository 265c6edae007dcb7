// The monitor page in a real browser (headless Chromium) that watches a running collector: values
// move, an alarm fires, a server that stops is shown as down. COURSE_SHOTS=folder keeps the
// screenshots.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "services/monitor/standard_metrics.h"
#include "tests/outside/browser.h"
#include "tests/support/monitor_support.h"

namespace services {
namespace {

using outside::FigureOf;
using outside::WaitUntil;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Browser : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!outside::FindProgram("chromium")) GTEST_SKIP() << "chromium is not installed";
    if (const char* shots = std::getenv("COURSE_SHOTS")) shots_ = shots;
    std::filesystem::create_directories(shots_);
    AddSystemMetrics(collector_);
    const auto gauge = [this](const char* name, Collector::Sampler sample) {
      collector_.AddGauge(name, "As the chat server's.", std::move(sample));
    };
    const auto sum = [this](const std::string& name, Collector::Sampler sample) {
      collector_.AddCounter(name + "_total", "As the chat server's.", std::move(sample),
                            name + "_per_second");
    };
    gauge("chat_sessions", [this] { return static_cast<double>(sessions_ += 3); });
    gauge("chat_players", [this] { return sessions_ * 0.9; });
    sum("chat_packets_received",
        [this] { return static_cast<double>(packets_ += 100 + Wave(40)); });
    sum("chat_packets_sent", [this] { return packets_ * 40; });
    sum("chat_updates", [this] { return packets_ * 1.2; });
    sum("chat_accepts", [this] { return sessions_ * 1.0; });
    gauge("chat_job_p99_seconds", [this] { return 0.0008 + 0.0001 * Wave(3); });
    gauge("chat_jobs_waiting", [this] { return Wave(20); });
    gauge("chat_database_up", [] { return 1.0; });
    gauge("chat_database_queue_rows", [this] { return Wave(300); });
    sum("chat_database_rows", [this] { return packets_ * 1.0; });
    gauge("chat_redis_up", [this] { return redis_up_ ? 1.0 : 0.0; });
    gauge("chat_congestion_pause", [] { return 0.0; });
    gauge("chat_packet_pool_in_use", [this] { return 400 + Wave(50); });
    gauge("iocp_devices", [] { return 701.0; });
    gauge("iocp_packets_queued", [] { return 40.0; });
    gauge("iocp_threads_waiting", [] { return 0.0; });
    gauge("iocp_threads_released", [] { return 3.0; });
    gauge("iocp_threads_paused", [] { return 1.0; });
    gauge("iocp_threads_limit", [] { return 2.0; });
    sum("iocp_packets_taken", [this] { return packets_ * 2; });
    collector_.AddSink([this](const MonitorReport& report) {
      core_.OnReport(report.server_id, report.time_ms, report.metrics);
    });
    ASSERT_EQ(monitor_test::Serve(http_, core_), "");
    collector_.Start();
    core_.OnReport(2, 0, {{"chat_sessions", 12}, {"some_new_metric_bytes", 4096}});
    // A few points to draw.
    ASSERT_TRUE(WaitUntil([this] { return PointsOf(1) >= 40; }, seconds(60)));
  }
  void TearDown() override { collector_.Stop(); }

  double Wave(double height) { return height * (1 + std::sin(sessions_ * std::numbers::pi / 60)); }
  std::size_t PointsOf(std::uint32_t server) {
    History::Points points;
    return core_.HistoryOf(server, 0, points) ? points.times.size() : 0;
  }

  // What the browser prints that looks at the page.
  std::string Look(const std::vector<std::string>& options, const std::string& query,
                   const HttpServer& page) {
    const auto printed = outside::Browse(
        folder_, options, "http://127.0.0.1:" + std::to_string(page.port()) + "/" + query);
    EXPECT_TRUE(printed) << outside::ReadFile(folder_.File("chromium.out"));
    return printed.value_or("");
  }
  std::string Dump(const std::string& query = "?lang=en") {
    return Look({"--dump-dom"}, query, http_);
  }

  // The beginning of the element with this id.
  static std::string TagOf(const std::string& dom, const std::string& id) {
    const std::size_t at = dom.find("id=\"" + id + "\"");
    return at == std::string::npos ? "" : dom.substr(at, dom.find('>', at) - at);
  }
  static bool Shows(const std::string& dom, const std::string& id) {
    const std::string tag = TagOf(dom, id);
    return !tag.empty() && tag.find("hidden") == std::string::npos;
  }
  // The page with a script of the test's behind its own.
  std::string DumpWith(const std::string& script, const std::string& query) {
    HttpServer page;
    const std::string error =
        page.Start({.headers = kMonitorSecurityHeaders}, [&](const HttpRequest& request) {
          HttpAnswer answer = AnswerMonitorRequest(core_, request.path, request.query);
          if (request.path == "/app.js") answer.body += script;
          return answer;
        });
    EXPECT_EQ(error, "");
    return Look({"--dump-dom"}, query, page);
  }

  outside::TemporaryFolder folder_;
  std::string shots_ = folder_.path();
  std::atomic<int> sessions_{700};
  std::atomic<bool> redis_up_{true};
  double packets_ = 0;  // collection thread only
  Collector collector_{{1, milliseconds(50)}};
  MonitorCore core_{monitor_test::Options()};
  HttpServer http_;
};

TEST_F(Browser, ShowsMovingValuesAlarmsAndServersThatAreGone) {
  const std::string first = Dump();
  EXPECT_NE(FigureOf(first, "chat_sessions"), "") << first;
  EXPECT_EQ(FigureOf(first, "chat_redis_up"), "up");
  const std::string second = Dump();
  EXPECT_NE(FigureOf(second, "chat_sessions"), "");
  EXPECT_NE(FigureOf(first, "chat_sessions"), FigureOf(second, "chat_sessions"))
      << "the value moves";

  redis_up_ = false;
  ASSERT_TRUE(WaitUntil(
      [this] {
        const MonitorView view = core_.View();
        for (const ServerView& s : view.servers) {
          if (s.id == 1 && s.values.at("chat_redis_up") == 0 && s.values.at("chat_sessions") > 900)
            return true;
        }
        return false;
      },
      seconds(60)));
  ASSERT_TRUE(
      WaitUntil([this] { return !core_.View().servers.back().up; }));  // server 2 was heard once
  const std::string alarmed = Dump();
  EXPECT_NE(alarmed.find("class=\"alarm firing\""), std::string::npos);
  EXPECT_NE(alarmed.find("chat_sessions &gt; 900 for 0"), std::string::npos);
  EXPECT_NE(alarmed.find("server down"), std::string::npos);
  EXPECT_NE(alarmed.find("class=\"dot down\""), std::string::npos);
  EXPECT_EQ(FigureOf(alarmed, "chat_redis_up"), "down");

  const std::string korean = Dump("?lang=ko");
  EXPECT_NE(korean.find("lang=\"ko\""), std::string::npos);
  EXPECT_NE(korean.find("채팅 서버 모니터"), std::string::npos);
  EXPECT_NE(korean.find("서버 중단"), std::string::npos);
}

// A click refreshes while the round of every second is on its way: both bring the same points.
TEST_F(Browser, TwoRefreshesAtOnceBringEachPointOnce) {
  const std::string dom = DumpWith(R"(
    ask("/api/servers").then(async () => {
      choose(1);
      await Promise.all([refresh(), refresh()]);
      const times = state.history.times;
      document.body.dataset.points = times.length;
      document.body.dataset.twice = times.length - new Set(times).size;
    });)",
                                   "?lang=en");
  EXPECT_EQ(dom.find("data-points=\"0\""), std::string::npos) << dom;
  EXPECT_NE(dom.find("data-twice=\"0\""), std::string::npos) << dom;
}

TEST_F(Browser, TheTabOfThePortShowsItsFiveStructures) {
  const std::string dom = Dump("?lang=en&tab=port");
  EXPECT_TRUE(Shows(dom, "port"));
  EXPECT_FALSE(Shows(dom, "tiles"));
  EXPECT_FALSE(Shows(dom, "no-port"));
  EXPECT_EQ(FigureOf(dom, "iocp_devices"), "701");
  EXPECT_EQ(FigureOf(dom, "iocp_packets_queued"), "40");
  EXPECT_NE(dom.find("+8"), std::string::npos) << "32 packets are drawn, the rest is a number";
  EXPECT_EQ(FigureOf(dom, "iocp_threads_waiting"), "0");
  EXPECT_EQ(FigureOf(dom, "iocp_threads_released"), "3");
  EXPECT_NE(dom.find("limit 2"), std::string::npos);
  EXPECT_NE(dom.find("class=\"thread over\""), std::string::npos) << "one more than the limit";
  EXPECT_EQ(FigureOf(dom, "iocp_threads_paused"), "1");
  EXPECT_NE(dom.find("Packets taken per second"), std::string::npos);
  EXPECT_EQ(dom.find("<h2>Sessions</h2>"), std::string::npos) << "the other tab's charts";

  const std::string korean = Dump("?lang=ko&tab=port");
  EXPECT_NE(korean.find("릴리즈 스레드 리스트"), std::string::npos);
  EXPECT_NE(korean.find("한도 2"), std::string::npos);

  const std::string other = Dump("?lang=en");
  EXPECT_FALSE(Shows(other, "port"));
  EXPECT_TRUE(Shows(other, "tiles"));
  EXPECT_EQ(other.find("<h2>iocp_"), std::string::npos) << "the port's charts are in its tab";
}

// Server 2 says nothing of a port; the tab is chosen by a click.
TEST_F(Browser, ATabWithoutAPortSaysSo) {
  const std::string dom = DumpWith(R"(
    ask("/api/servers").then(async () => {
      choose(2);
      await refresh();
      $("tabs").children[1].click();
    });)",
                                   "?lang=en");
  EXPECT_TRUE(Shows(dom, "port"));
  EXPECT_TRUE(Shows(dom, "no-port"));
  EXPECT_EQ(FigureOf(dom, "iocp_devices"), "");
}

TEST_F(Browser, Screenshots) {
  redis_up_ = false;
  struct Shot {
    const char *name, *size, *query;
    bool dark;
  };
  for (const Shot& shot : {Shot{"desktop.png", "1400,1500", "?lang=en", false},
                           Shot{"desktop-dark.png", "1400,1500", "?lang=ko", true},
                           Shot{"phone.png", "390,1800", "?lang=ko", false},
                           Shot{"port.png", "1400,1200", "?lang=en&tab=port", false},
                           Shot{"port-phone.png", "390,2000", "?lang=ko&tab=port", true}}) {
    const std::string path = shots_ + "/" + shot.name;
    std::vector<std::string> options{
        "--screenshot=" + path, "--window-size=" + std::string(shot.size), "--hide-scrollbars"};
    if (shot.dark) options.push_back("--blink-settings=preferredColorScheme=0");
    Look(options, shot.query, http_);
    const std::string png = outside::ReadFile(path);
    EXPECT_TRUE(png.starts_with("\x89PNG")) << shot.name;
    EXPECT_GT(png.size(), 30'000u) << "an almost empty picture: " << shot.name;
  }
}

}  // namespace
}  // namespace services
