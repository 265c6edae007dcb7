// chat_server as a process of its own, and what it says of itself on /metrics.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace support {

class MeteredServer {
 public:
  // SQLite and the journal in `folder`, the cheapest hash, all ports free; `sets` are more settings
  // ("key=value"). Keys are in memory unless `sets` says login.store=redis.
  MeteredServer(const std::string& folder, const std::vector<std::string>& sets);

  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] const std::string& port() const { return port_; }
  [[nodiscard]] const std::string& auth_port() const { return auth_port_; }  // keys in memory
  [[nodiscard]] int metrics_port() const { return metrics_port_; }
  Process& process() { return process_; }

  // One value of /metrics, at most 200 ms old; -1: there is none.
  [[nodiscard]] double Metric(const std::string& name) const;
  // Until it is `wanted`; false: not in time.
  [[nodiscard]] bool AwaitMetric(const std::string& name, double wanted,
                                 std::chrono::milliseconds patience = kPatience) const;

  // Ordered; true: nothing leaked, nothing lost.
  bool Stop();

  // What the other servers are started with, too.
  static std::vector<std::string> Arguments(const std::string& folder,
                                            const std::vector<std::string>& sets);
  // "... on http://127.0.0.1:4711/metrics" -> "4711"
  static std::string PortIn(const std::string& line);

 private:
  Process process_;
  std::string port_;
  std::string auth_port_;
  int metrics_port_ = 0;
  bool ready_ = false;
};

}  // namespace support
