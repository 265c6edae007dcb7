#include "services/monitor/metrics_endpoint.h"

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>

#include <exception>
#include <utility>
#include <vector>

namespace services {
namespace {

// The samples of a state are neighbours and one family.
void Append(const MetricSample& sample, std::vector<prometheus::MetricFamily>& families) {
  const bool is_counter = sample.info.kind == MetricKind::kCounter;
  if (families.empty() || families.back().name != sample.info.name) {
    prometheus::MetricFamily family;
    family.name = sample.info.name;
    family.help = sample.info.help;
    family.type = is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
    families.push_back(std::move(family));
  }
  prometheus::ClientMetric metric;
  if (!sample.info.label.empty()) {
    metric.label.push_back({sample.info.label, sample.info.label_value});
  }
  (is_counter ? metric.counter.value : metric.gauge.value) = sample.value;
  families.back().metric.push_back(std::move(metric));
}

class Latest final : public prometheus::Collectable {
 public:
  explicit Latest(const Collector& collector) : collector_(collector) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> families;
    for (const MetricSample& sample : collector_.Latest()) Append(sample, families);
    return families;
  }

 private:
  const Collector& collector_;
};

}  // namespace

struct MetricsEndpoint::Impl {
  std::shared_ptr<Latest> latest;
  std::unique_ptr<prometheus::Exposer> exposer;
  std::uint16_t port = 0;
};

MetricsEndpoint::MetricsEndpoint() = default;
MetricsEndpoint::~MetricsEndpoint() = default;

std::string MetricsEndpoint::Start(const std::string& bind, std::uint16_t port,
                                   const Collector& collector) {
  const std::string address = bind + ":" + std::to_string(port);
  try {
    auto impl = std::make_unique<Impl>();
    impl->exposer = std::make_unique<prometheus::Exposer>(address, 2);
    impl->latest = std::make_shared<Latest>(collector);
    impl->exposer->RegisterCollectable(impl->latest);
    impl->port = static_cast<std::uint16_t>(impl->exposer->GetListeningPorts().front());
    impl_ = std::move(impl);
    return "";
  } catch (const std::exception&) {  // its text does not say more
    return "metrics: cannot listen on " + address;
  }
}

void MetricsEndpoint::Stop() {
  impl_.reset();
}

std::uint16_t MetricsEndpoint::port() const {
  return impl_ ? impl_->port : 0;
}

}  // namespace services
