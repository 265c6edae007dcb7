// The monitor page's HTTP server (civetweb). GET and HEAD only; no state, no cookies, no log-in: it
// listens on 127.0.0.1 unless told otherwise, and whoever reaches it may look.
//
// Threading: Start and Stop by one owner thread; requests are answered by threads of its own.
#pragma once

#include <cstdint>
#include <string>

#include "services/monitor/monitor_core.h"

struct mg_context;

namespace services {

class MonitorHttp {
 public:
  MonitorHttp() = default;
  ~MonitorHttp() { Stop(); }
  MonitorHttp(const MonitorHttp&) = delete;
  MonitorHttp& operator=(const MonitorHttp&) = delete;

  // An empty string, or why it does not listen (one line). Port 0: a free one. The core must live
  // until Stop.
  std::string Start(const std::string& bind, std::uint16_t port, MonitorCore& core);
  void Stop();  // takes up to 2 s: civetweb's accept loop looks for it that often

  std::uint16_t port() const { return port_; }  // 0: not listening

 private:
  mg_context* context_ = nullptr;
  std::uint16_t port_ = 0;
};

}  // namespace services
