// A monitor with two alarms, for the tests of its pages.
#pragma once

#include <string>

#include "services/monitor/alarm_rule.h"
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

}  // namespace monitor_test
