// /metrics for Prometheus, over HTTP by prometheus-cpp. Serves what the Collector has collected.
//
// Threading: Start and Stop by one owner thread; scrapes are answered by threads of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "services/monitor/collector.h"

namespace services {

class MetricsEndpoint {
 public:
  MetricsEndpoint();
  ~MetricsEndpoint();  // stops
  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;

  // An empty string, or why it does not listen (one line). Port 0: a free one. The collector must
  // live until Stop.
  std::string Start(const std::string& bind, std::uint16_t port, const Collector& collector);
  void Stop();  // takes up to 2 s: civetweb's accept loop looks for it that often

  std::uint16_t port() const;  // 0: not listening

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace services
