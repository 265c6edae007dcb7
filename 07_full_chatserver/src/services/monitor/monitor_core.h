// What the monitor server knows: the history of each server that reports, and the alarms.
//
// Points are stored under the monitor's own clock, so that servers with wrong clocks share one time
// axis and a clock that is set back breaks nothing. Reports come from the LAN only, but are not
// trusted to be few or well-formed: servers, metrics and points are bounded,
// the rest is refused and counted.
//
// Threading: any thread. One lock, held for one report or one answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "services/monitor/alarm_board.h"
#include "services/monitor/history.h"
#include "services/monitor/report.h"

namespace services {

struct MonitorOptions {
  std::size_t history_points = 3600;  // per server; with one report a second: seconds
  std::size_t servers_max = 64;
  std::int64_t server_gone_ms = 5000;  // without a report for so long: down
  std::vector<AlarmRule> alarms;
  std::function<std::int64_t()> now_ms;  // Unix time that never goes back; empty: the real one

  // Nothing, or what is wrong.
  [[nodiscard]] std::optional<std::string> Validate() const;
};

struct ServerView {
  std::uint32_t id = 0;
  bool up = false;
  std::int64_t since_ms = 0;        // of being up or down
  std::int64_t last_report_ms = 0;  // on our clock
  std::int64_t clock_offset_ms =
      0;  // the server's clock minus ours, with the way of the report in it
  std::map<std::string, double> values;  // of the last report
};

struct MonitorView {
  std::int64_t now_ms = 0;
  std::vector<ServerView> servers;  // by id
  std::vector<Alarm> alarms;
  std::vector<AlarmEvent> events;  // the newest last
  std::uint64_t refused_reports = 0;
  std::uint64_t refused_values = 0;
};

class MonitorCore final : public ReportSink {
 public:
  // Throws std::invalid_argument with Validate()'s line.
  explicit MonitorCore(MonitorOptions options);

  void OnReport(std::uint32_t server_id, std::int64_t time_ms,
                const std::vector<MetricValue>& metrics) override;

  // Looks for servers that have gone silent. Called by View too; a program calls it once a second
  // so that an alarm does not wait for somebody to look.
  void Tick();

  MonitorView View();
  // False: no such server.
  bool HistoryOf(std::uint32_t server_id, std::int64_t since_ms, History::Points& points) const;

  const std::vector<AlarmRule>& Rules() const { return options_.alarms; }
  std::int64_t Now() const { return options_.now_ms(); }

 private:
  struct Server {
    explicit Server(std::size_t points) : history(points) {}

    History history;
    bool up = true;
    std::int64_t since_ms = 0;
    std::int64_t last_report_ms = 0;
    std::int64_t clock_offset_ms = 0;
  };

  Server* FindOrAdd(std::uint32_t id, std::int64_t now);
  void FindSilent(std::int64_t now);

  const MonitorOptions options_;
  mutable std::mutex mutex_;
  std::map<std::uint32_t, Server> servers_;  // guarded by mutex_
  AlarmBoard alarms_;                        // guarded by mutex_
  std::uint64_t refused_reports_ = 0;        // guarded by mutex_
  std::uint64_t refused_values_ = 0;         // guarded by mutex_
};

}  // namespace services
