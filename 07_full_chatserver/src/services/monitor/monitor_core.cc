#include "services/monitor/monitor_core.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace services {
namespace {

// Unix time at the start plus a clock that is never set.
std::int64_t SteadyUnixMilliseconds() {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  static const auto wall = std::chrono::system_clock::now().time_since_epoch();
  static const auto start = std::chrono::steady_clock::now();
  return duration_cast<milliseconds>(wall + (std::chrono::steady_clock::now() - start)).count();
}

MonitorOptions WithClock(MonitorOptions options) {
  if (!options.now_ms) options.now_ms = &SteadyUnixMilliseconds;
  options.history_points = std::max<std::size_t>(options.history_points, 1);
  return options;
}

}  // namespace

std::optional<std::string> MonitorOptions::Validate() const {
  if (history_points == 0) return "monitor_server: a history has at least one point";
  if (server_gone_ms <= 0) return "monitor_server: server_gone_ms must be above 0";
  return std::nullopt;
}

MonitorCore::MonitorCore(MonitorOptions options)
    : options_(WithClock(std::move(options))), alarms_(options_.alarms) {
  if (const auto wrong = options_.Validate()) throw std::invalid_argument(*wrong);
}

// [on-report]
void MonitorCore::OnReport(std::uint32_t server_id, std::int64_t time_ms,
                           const std::vector<MetricValue>& metrics) {
  const std::int64_t now = Now();
  const std::lock_guard lock(mutex_);
  Server* server = FindOrAdd(server_id, now);
  if (server == nullptr) {
    ++refused_reports_;
    return;
  }
  if (!server->up) {
    server->up = true;
    server->since_ms = now;
    spdlog::info("monitor.server_up server={}", server_id);
  }
  server->last_report_ms = now;
  server->clock_offset_ms = time_ms - now;
  refused_values_ += server->history.Add(now, metrics);
  alarms_.OnValues(server_id, now, server->history.latest());
}
// [/on-report]

MonitorCore::Server* MonitorCore::FindOrAdd(std::uint32_t id, std::int64_t now) {
  if (const auto found = servers_.find(id); found != servers_.end()) return &found->second;
  if (id == 0) return nullptr;
  if (servers_.size() >= options_.servers_max) {
    // The one that has been silent longest makes room; while all report there is none.
    FindSilent(now);
    auto oldest = servers_.end();
    for (auto it = servers_.begin(); it != servers_.end(); ++it) {
      if (!it->second.up &&
          (oldest == servers_.end() || it->second.last_report_ms < oldest->second.last_report_ms)) {
        oldest = it;
      }
    }
    if (oldest == servers_.end()) return nullptr;
    alarms_.Forget(oldest->first, now);
    servers_.erase(oldest);
  }
  Server& server = servers_.try_emplace(id, options_.history_points).first->second;
  server.since_ms = now;
  spdlog::info("monitor.server_new server={}", id);
  return &server;
}

void MonitorCore::FindSilent(std::int64_t now) {
  for (auto& [id, server] : servers_) {
    if (!server.up || now - server.last_report_ms < options_.server_gone_ms) continue;
    server.up = false;
    server.since_ms = now;
    alarms_.OnServerDown(id, now);
  }
}

void MonitorCore::Tick() {
  const std::int64_t now = Now();
  const std::lock_guard lock(mutex_);
  FindSilent(now);
}

MonitorView MonitorCore::View() {
  MonitorView view;
  view.now_ms = Now();
  const std::lock_guard lock(mutex_);
  FindSilent(view.now_ms);
  for (const auto& [id, server] : servers_) {
    view.servers.push_back({id, server.up, server.since_ms, server.last_report_ms,
                            server.clock_offset_ms, server.history.latest()});
  }
  view.alarms = alarms_.Active();
  view.events.assign(alarms_.events().begin(), alarms_.events().end());
  view.refused_reports = refused_reports_;
  view.refused_values = refused_values_;
  return view;
}

bool MonitorCore::HistoryOf(std::uint32_t server_id, std::int64_t since_ms,
                            History::Points& points) const {
  const std::lock_guard lock(mutex_);
  const auto found = servers_.find(server_id);
  if (found == servers_.end()) return false;
  points = found->second.history.After(since_ms);
  return true;
}

}  // namespace services
