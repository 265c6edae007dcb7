// Built without prometheus-cpp: there is no /metrics.
#include "services/monitor/metrics_endpoint.h"

namespace services {

bool MetricsEndpoint::IsBuiltIn() {
  return false;
}

std::string MetricsEndpoint::Start(const std::string&, std::uint16_t, const Collector&) {
  return "metrics: this program was built without prometheus-cpp";
}

}  // namespace services
