// The answers of the monitor page's HTTP server, without the HTTP:
//
//   GET /                        the page (monitor_web/, built into the program)
//   GET /app.js /style.css ...   its parts
//   GET /api/servers             servers with their last values, alarms, events
//   GET /api/history?server=1&since=MS    points after MS (Unix milliseconds); since is optional
//
// Threading: any thread.
#pragma once

#include <string>
#include <string_view>

#include "services/monitor/http_message.h"
#include "services/monitor/monitor_core.h"

namespace services {

// `path` without the query; `query` without the question mark.
HttpAnswer AnswerMonitorRequest(MonitorCore& core, std::string_view path, std::string_view query);

// Headers of every answer: nothing from elsewhere, nothing inline, no frames, no sniffing.
extern const char* const kMonitorSecurityHeaders;

}  // namespace services
