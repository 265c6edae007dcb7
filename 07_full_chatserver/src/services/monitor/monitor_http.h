// The monitor page's HTTP server. No state, no cookies, no log-in: it listens on 127.0.0.1 unless
// told otherwise, and whoever reaches it may look.
//
// Threading: Start and Stop by one owner thread; requests are answered by a thread of its own.
#pragma once

#include <cstdint>
#include <string>

#include "services/monitor/http_server.h"
#include "services/monitor/monitor_core.h"

namespace services {

class MonitorHttp {
 public:
  // An empty string, or why it does not listen (one line). Port 0: a free one. The core must live
  // until Stop.
  std::string Start(const std::string& bind, std::uint16_t port, MonitorCore& core);
  void Stop() { server_.Stop(); }

  std::uint16_t port() const { return server_.port(); }  // 0: not listening

 private:
  HttpServer server_;
};

}  // namespace services
