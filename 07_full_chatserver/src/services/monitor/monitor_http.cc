#include "services/monitor/monitor_http.h"

#include "services/monitor/monitor_api.h"

namespace services {

std::string MonitorHttp::Start(const std::string& bind, std::uint16_t port, MonitorCore& core) {
  HttpOptions options;
  options.bind = bind;
  options.port = port;
  options.headers = kMonitorSecurityHeaders;
  const std::string error = server_.Start(options, [&core](const HttpRequest& request) {
    return AnswerMonitorRequest(core, request.path, request.query);
  });
  return error.empty() ? "" : "monitor page: " + error;
}

}  // namespace services
