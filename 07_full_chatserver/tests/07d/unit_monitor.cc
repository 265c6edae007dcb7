// The monitor server's core: history, alarm rules, alarms, servers that come and go.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <thread>

#include "services/monitor/monitor_core.h"
#include "tests/support/task_input.h"

namespace services {
namespace {

TEST(History, KeepsTheLastPointsOfEachMetric) {
  History history(4);
  for (int i = 1; i <= 6; ++i) history.Add(i * 1000, {{"a", double(i)}});
  const History::Points points = history.After(0);
  EXPECT_EQ(points.times, (std::vector<std::int64_t>{3000, 4000, 5000, 6000}));
  EXPECT_EQ(points.series.at("a"), (std::vector<float>{3, 4, 5, 6}));
  EXPECT_EQ(history.After(4500).times, (std::vector<std::int64_t>{5000, 6000}));
  EXPECT_TRUE(history.After(6000).times.empty());
}

TEST(History, MetricsThatComeLateOrGoHaveGaps) {
  History history(10);
  history.Add(1, {{"a", 1}});
  history.Add(2, {{"a", 2}, {"b", 20}});
  history.Add(3, {{"b", 30}});
  const History::Points points = history.After(0);
  EXPECT_EQ(points.series.at("a")[1], 2);
  EXPECT_TRUE(std::isnan(points.series.at("a")[2]));
  EXPECT_TRUE(std::isnan(points.series.at("b")[0]));
  EXPECT_EQ(points.series.at("b")[2], 30);
  EXPECT_EQ(history.latest(), (std::map<std::string, double>{{"b", 30}}));
}

TEST(History, RefusesBadNamesValuesAndTooMany) {
  History history(10);
  EXPECT_EQ(history.Add(1, {{"", 1},
                            {"Big", 1},
                            {"sp ace", 1},
                            {"9a", 1},
                            {"<b>", 1},
                            {std::string(65, 'x'), 1},
                            {"nan", std::nan("")},
                            {"good_1", 1}}),
            7u);
  EXPECT_EQ(history.latest().size(), 1u);
  std::vector<MetricValue> many;
  for (int i = 0; i < 200; ++i) many.push_back({std::string("m").append(std::to_string(i)), 1});
  EXPECT_EQ(history.Add(2, many), 200 - (History::kMaxMetrics - 1));
  EXPECT_EQ(history.Add(3, {{"good_1", 2}}), 0u) << "known ones still go in";
}

TEST(History, AgreesWithAPlainList) {
  const char* given = std::getenv("COURSE_SEED");
  const auto seed = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10))
                                     : std::random_device{}();
  SCOPED_TRACE("COURSE_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  for (const std::size_t capacity : {1u, 2u, 7u}) {
    History history(capacity);
    std::vector<std::pair<std::int64_t, std::map<std::string, double>>> plain;
    for (int i = 0; i < 50; ++i) {
      std::vector<MetricValue> metrics;
      std::map<std::string, double> values;
      for (const char* name : {"a", "b", "c"}) {
        if (random() % 3 == 0) continue;
        const double value = static_cast<double>(random() % 100);
        metrics.push_back({name, value});
        values[name] = value;
      }
      history.Add(i, metrics);
      plain.emplace_back(i, values);
      const auto since = static_cast<std::int64_t>(random() % 60) - 5;
      const History::Points points = history.After(since);
      std::vector<std::int64_t> times;
      std::size_t at = plain.size() > capacity ? plain.size() - capacity : 0;
      for (; at < plain.size(); ++at) {
        if (plain[at].first <= since) continue;
        const std::size_t n = times.size();
        times.push_back(plain[at].first);
        for (const auto& [name, column] : points.series) {
          ASSERT_LT(n, column.size());
          const auto found = plain[at].second.find(name);
          if (found == plain[at].second.end()) {
            ASSERT_TRUE(std::isnan(column[n]));
          } else {
            ASSERT_EQ(column[n], static_cast<float>(found->second));
          }
        }
      }
      ASSERT_EQ(points.times, times);
    }
  }
}

TEST(AlarmRule, Parses) {
  std::string error;
  const auto rule = ParseAlarmRule("chat_sessions > 18000 for 10", error);
  ASSERT_TRUE(rule) << error;
  EXPECT_EQ(rule->metric, "chat_sessions");
  EXPECT_EQ(rule->threshold, 18000);
  EXPECT_EQ(rule->for_ms, 10'000);
  EXPECT_EQ(rule->server_id, 0u);
  EXPECT_TRUE(rule->IsBroken(18000.5));
  EXPECT_FALSE(rule->IsBroken(18000));
  const auto other = ParseAlarmRule(" 2:  chat_job_p99_seconds  >= 0.05  for 1.5s ", error);
  ASSERT_TRUE(other) << error;
  EXPECT_EQ(other->server_id, 2u);
  EXPECT_EQ(other->for_ms, 1500);
  EXPECT_TRUE(other->IsBroken(0.05));
  EXPECT_TRUE(ParseAlarmRule("a < -1e3 for 0", error)->IsBroken(-1001));
  EXPECT_TRUE(ParseAlarmRule("a <= 1 for 0", error)->IsBroken(1));
}

TEST(AlarmRule, SaysWhatIsWrong) {
  struct Case {
    const char *text, *what;
  };
  for (const Case& c :
       {Case{"", "not the five words"}, Case{"a > 1", "not the five words"},
        Case{"a > 1 in 5", "not the five words"}, Case{"a > 1 for 5 s", "not the five words"},
        Case{"A > 1 for 5", "'A' is not a metric's name"}, Case{"a = 1 for 5", "'=' is not one of"},
        Case{"a > x for 5", "'x' is not a number"}, Case{"a > nan for 5", "'nan' is not a number"},
        Case{"a > 1 for -5", "'-5' is not a number of seconds"},
        Case{"a > 1 for 1e9", "'1e9' is not a number of seconds"},
        Case{"x: a > 1 for 5", "'x:' is not a server number"},
        Case{"0: a > 1 for 5", "'0:' is not a server number"}}) {
    std::string error;
    EXPECT_FALSE(ParseAlarmRule(c.text, error)) << c.text;
    EXPECT_NE(error.find(c.what), std::string::npos) << error;
  }
}

class Core : public ::testing::Test {
 protected:
  Core() { Make({"a > 10 for 5", "2: b < 1 for 0"}); }

  void Make(const std::vector<std::string>& rules, std::size_t servers_max = 3) {
    MonitorOptions options;
    options.history_points = 10;
    options.servers_max = servers_max;
    options.server_gone_ms = 3000;
    options.now_ms = [this] { return now_; };
    for (const std::string& text : rules) {
      std::string error;
      options.alarms.push_back(ParseAlarmRule(text, error).value());
    }
    core_ = std::make_unique<MonitorCore>(options);
  }
  void Report(std::uint32_t id, double a, double b = 1) {
    core_->OnReport(id, now_ + 500, {{"a", a}, {"b", b}});
  }
  std::vector<std::string> Firing() {
    std::vector<std::string> texts;
    for (const Alarm& alarm : core_->View().alarms) {
      if (alarm.firing) texts.push_back(std::to_string(alarm.server_id) + ": " + alarm.rule);
    }
    return texts;
  }

  std::int64_t now_ = 1'000'000;
  std::unique_ptr<MonitorCore> core_;
};

TEST_F(Core, AlarmFiresAfterItsTimeAndEnds) {
  TASK_INPUT("07d.6", "a > 10 for 5: 11 for five seconds, 12, 10");
  Report(1, 11);
  for (int i = 0; i < 4; ++i) {
    now_ += 1000;
    Report(1, 11);
    EXPECT_TRUE(Firing().empty()) << i;
  }
  EXPECT_EQ(core_->View().alarms.size(), 1u) << "pending";
  now_ += 1000;
  Report(1, 12);
  EXPECT_EQ(Firing(), (std::vector<std::string>{"1: a > 10 for 5"}));
  EXPECT_EQ(core_->View().alarms[0].since_ms, 1'000'000);
  now_ += 1000;
  Report(1, 10);
  EXPECT_TRUE(core_->View().alarms.empty());
  const MonitorView view = core_->View();
  ASSERT_EQ(view.events.size(), 2u);
  EXPECT_TRUE(view.events[0].firing);
  EXPECT_EQ(view.events[0].value, 12);
  EXPECT_FALSE(view.events[1].firing);
}

TEST_F(Core, OneGoodValueStartsTheTimeAgain) {
  TASK_INPUT("07d.6", "a > 10 for 5: each fifth value is 1");
  for (int i = 0; i < 20; ++i) {
    Report(1, i % 5 == 4 ? 1 : 11);
    EXPECT_TRUE(Firing().empty());
    now_ += 1000;
  }
}

TEST_F(Core, RulesOfOneServerDoNotTouchOthers) {
  TASK_INPUT("07d.6", "the rule of server 2, broken by 1 and 2");
  Report(1, 0, 0);
  Report(2, 0, 0);
  EXPECT_EQ(Firing(), (std::vector<std::string>{"2: 2: b < 1 for 0"}));
}

TEST_F(Core, SilentServerIsDownAndComesBack) {
  TASK_INPUT("07d.6", "a server is silent for 3 s and reports again");
  Report(1, 99);
  Report(2, 0);
  now_ += 2999;
  Report(2, 0);
  EXPECT_TRUE(core_->View().servers[0].up);
  now_ += 1;
  core_->Tick();
  const MonitorView view = core_->View();
  EXPECT_FALSE(view.servers[0].up);
  EXPECT_EQ(view.servers[0].since_ms, now_);
  EXPECT_EQ(view.servers[0].values.at("a"), 99) << "what was last known";
  EXPECT_TRUE(view.servers[1].up);
  EXPECT_EQ(Firing(), (std::vector<std::string>{"1: server down"}));
  now_ += 1000;
  Report(1, 0);
  EXPECT_TRUE(Firing().empty());
  EXPECT_TRUE(core_->View().servers[0].up);
  EXPECT_EQ(core_->View().servers[0].clock_offset_ms, 500);
}

// The time of a report is the server's own, and may be set back by an hour at any moment.
TEST_F(Core, AReporterWhoseClockIsSetBackLosesNothing) {
  const auto report = [&](std::int64_t wall_ms, double value) {
    now_ += 1000;
    core_->OnReport(1, wall_ms, {{"a", value}});
  };
  const std::int64_t wall = now_;
  report(wall + 1000, 1);
  report(wall + 2000 - 3'600'000, 2);
  report(wall + 3000 - 3'600'000, 3);
  History::Points points;
  ASSERT_TRUE(core_->HistoryOf(1, 0, points));
  EXPECT_EQ(points.times, (std::vector<std::int64_t>{now_ - 2000, now_ - 1000, now_}));
  EXPECT_EQ(points.series.at("a"), (std::vector<float>{1, 2, 3}));
  const MonitorView view = core_->View();
  EXPECT_TRUE(view.servers[0].up);
  EXPECT_EQ(view.servers[0].clock_offset_ms, -3'600'000);
}

TEST_F(Core, ServersAreBoundedAndDeadOnesMakeRoom) {
  for (const std::uint32_t id : {0u, 1u, 2u, 3u, 4u}) Report(id, 0);
  EXPECT_EQ(core_->View().servers.size(), 3u);
  EXPECT_EQ(core_->View().refused_reports, 2u) << "id 0, and the fourth";
  now_ += 2000;
  Report(1, 0);
  Report(3, 0);
  now_ += 1500;
  Report(4, 0);  // 2 is gone
  const MonitorView view = core_->View();
  ASSERT_EQ(view.servers.size(), 3u);
  EXPECT_EQ(view.servers[1].id, 3u);
  EXPECT_EQ(view.servers[2].id, 4u);
  EXPECT_TRUE(view.alarms.empty());
  ASSERT_EQ(view.events.size(), 2u) << "its \"server down\" has begun and ended";
  for (const AlarmEvent& event : view.events) EXPECT_EQ(event.server_id, 2u);
  EXPECT_TRUE(view.events[0].firing);
  EXPECT_FALSE(view.events[1].firing);
  History::Points points;
  EXPECT_FALSE(core_->HistoryOf(2, 0, points));
  EXPECT_TRUE(core_->HistoryOf(4, 0, points));
  EXPECT_EQ(points.times.size(), 1u);
}

TEST_F(Core, EventsAreBounded) {
  Make({"a > 10 for 0"});
  for (int i = 0; i < 1000; ++i) {
    Report(1, i % 2 == 0 ? 11 : 9);
    ++now_;
  }
  EXPECT_EQ(core_->View().events.size(), AlarmBoard::kMaxEvents);
}

TEST(MonitorCore, ManyServersReportWhileOthersLook) {
  MonitorOptions options;
  options.history_points = 100;
  MonitorCore core(options);
  std::vector<std::thread> threads;
  for (std::uint32_t id = 1; id <= 4; ++id) {
    threads.emplace_back([&core, id] {
      for (int i = 0; i < 500; ++i) core.OnReport(id, i, {{"a", double(i)}, {"b", 1}});
    });
  }
  for (int i = 0; i < 50; ++i) {
    core.View();
    History::Points points;
    if (core.HistoryOf(1, 0, points)) {
      EXPECT_EQ(points.series.begin()->second.size(), points.times.size());
    }
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(core.View().servers.size(), 4u);
}

}  // namespace
}  // namespace services
