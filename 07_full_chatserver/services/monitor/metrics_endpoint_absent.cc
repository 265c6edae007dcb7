// Built without prometheus-cpp: there is no /metrics.
#include "services/monitor/metrics_endpoint.h"

namespace services {

struct MetricsEndpoint::Impl {};

MetricsEndpoint::MetricsEndpoint() = default;
MetricsEndpoint::~MetricsEndpoint() = default;

std::string MetricsEndpoint::Start(const std::string&, std::uint16_t, const Collector&) {
  return "metrics: this program was built without prometheus-cpp";
}

void MetricsEndpoint::Stop() {}

std::uint16_t MetricsEndpoint::port() const {
  return 0;
}

}  // namespace services
