// /metrics for Prometheus, over HTTP. Serves what the Collector has collected, in the text format
// of prometheus-cpp.
//
// Threading: Start and Stop by one owner thread; scrapes are answered by a thread of its own.
#pragma once

#include <cstdint>
#include <string>

#include "services/monitor/collector.h"
#include "services/monitor/http_server.h"

namespace services {

class MetricsEndpoint {
 public:
  // False: this program was built without prometheus-cpp, and Start says so.
  static bool IsBuiltIn();

  // An empty string, or why it does not listen (one line). Port 0: a free one. The collector must
  // live until Stop.
  std::string Start(const std::string& bind, std::uint16_t port, const Collector& collector);
  void Stop() { server_.Stop(); }

  std::uint16_t port() const { return server_.port(); }  // 0: not listening

 private:
  HttpServer server_;
};

}  // namespace services
