#include "services/monitor/monitor_api.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "services/monitor/number_of.h"
#include "services/monitor/web_assets.h"

namespace services {
namespace {

using Json = nlohmann::json;

HttpAnswer Refuse(int status, const std::string& reason) {
  return {status, "application/json; charset=utf-8", Json{{"error", reason}}.dump()};
}

// The value of `name` in "a=1&b=2"; nothing when it is not there.
std::optional<std::string_view> Parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

Json ToJson(const ServerView& server) {
  return {{"id", server.id},
          {"up", server.up},
          {"since", server.since_ms},
          {"last_report", server.last_report_ms},
          {"clock_offset", server.clock_offset_ms},
          {"values", server.values}};
}

HttpAnswer Servers(MonitorCore& core) {
  const MonitorView view = core.View();
  Json answer{{"now", view.now_ms},
              {"servers", Json::array()},
              {"rules", Json::array()},
              {"alarms", Json::array()},
              {"events", Json::array()},
              {"refused_reports", view.refused_reports},
              {"refused_values", view.refused_values}};
  for (const ServerView& server : view.servers) answer["servers"].push_back(ToJson(server));
  for (const AlarmRule& rule : core.Rules()) {
    answer["rules"].push_back(
        {{"server", rule.server_id}, {"metric", rule.metric}, {"threshold", rule.threshold}});
  }
  for (const Alarm& alarm : view.alarms) {
    answer["alarms"].push_back({{"rule", alarm.rule},
                                {"server", alarm.server_id},
                                {"firing", alarm.firing},
                                {"since", alarm.since_ms},
                                {"value", alarm.value}});
  }
  for (const AlarmEvent& event : view.events) {
    answer["events"].push_back({{"time", event.time_ms},
                                {"rule", event.rule},
                                {"server", event.server_id},
                                {"firing", event.firing},
                                {"value", event.value}});
  }
  return {200, "application/json; charset=utf-8", answer.dump()};
}

HttpAnswer HistoryAnswer(const MonitorCore& core, std::string_view query) {
  const auto server_text = Parameter(query, "server");
  const auto server = server_text ? NumberOf<std::uint32_t>(*server_text) : std::nullopt;
  if (!server) return Refuse(400, "server=NUMBER is needed");
  const auto since_text = Parameter(query, "since");
  const auto since = since_text ? NumberOf<std::int64_t>(*since_text) : 0;
  if (!since) return Refuse(400, "since must be Unix milliseconds");
  History::Points points;
  if (!core.HistoryOf(*server, *since, points)) return Refuse(404, "no such server");
  // NaN becomes null.
  const Json answer{{"server", *server}, {"times", points.times}, {"series", points.series}};
  return {200, "application/json; charset=utf-8", answer.dump()};
}

std::string TypeOf(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  return "image/svg+xml";
}

}  // namespace

const char* const kMonitorSecurityHeaders =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cache-Control: no-store\r\n";

HttpAnswer AnswerMonitorRequest(MonitorCore& core, std::string_view path, std::string_view query) {
  if (path == "/api/servers") return Servers(core);
  if (path == "/api/history") return HistoryAnswer(core, query);
  const std::string_view name = path == "/" ? "index.html" : path.substr(path.empty() ? 0 : 1);
  const std::string_view asset = FindWebAsset(name);
  if (asset.empty()) return Refuse(404, "not found");
  return {200, TypeOf(name), std::string(asset)};
}

}  // namespace services
