// A monitor with two alarms, for the tests of its pages.
#pragma once

#include <string>

#include "services/monitor/alarm_rule.h"
#include "services/monitor/http_server.h"
#include "services/monitor/monitor_api.h"
#include "services/monitor/monitor_core.h"

namespace monitor_test {

inline services::AlarmRule Rule(const std::string& text) {
  std::string error;
  return services::ParseAlarmRule(text, error).value();
}

inline services::MonitorOptions Options() {
  services::MonitorOptions options;
  options.server_gone_ms = 3000;
  options.alarms = {Rule("chat_sessions > 900 for 0"), Rule("chat_redis_up < 1 for 0")};
  return options;
}

// The page, on a free port unless told otherwise.
inline std::string Serve(services::HttpServer& page, services::MonitorCore& core,
                         std::uint16_t port = 0) {
  return page.Start({.port = port, .headers = services::kMonitorSecurityHeaders},
                    [&core](const services::HttpRequest& request) {
                      return services::AnswerMonitorRequest(core, request.path, request.query);
                    });
}

}  // namespace monitor_test
