#include "services/monitor/metrics_endpoint.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace services {
namespace {

prometheus::ClientMetric::Histogram ToHistogram(const HistogramValue& from) {
  // <student 07d.3>
  prometheus::ClientMetric::Histogram to;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < from.counts.size(); ++i) {
    below += from.counts[i];
    const bool last = i == from.bounds.size();
    to.bucket.push_back({below, last ? std::numeric_limits<double>::infinity() : from.bounds[i]});
  }
  to.sample_count = below;
  to.sample_sum = from.sum;
  return to;
  // </student>
}

prometheus::MetricType TypeOf(MetricKind kind) {
  switch (kind) {
    case MetricKind::kGauge:
      return prometheus::MetricType::Gauge;
    case MetricKind::kCounter:
      return prometheus::MetricType::Counter;
    case MetricKind::kHistogram:
      break;
  }
  return prometheus::MetricType::Histogram;
}

// Samples of one name are neighbours, and one family.
void Append(const MetricSample& sample, std::vector<prometheus::MetricFamily>& families) {
  if (families.empty() || families.back().name != sample.info.name) {
    prometheus::MetricFamily family;
    family.name = sample.info.name;
    family.help = sample.info.help;
    family.type = TypeOf(sample.info.kind);
    families.push_back(std::move(family));
  }
  prometheus::ClientMetric metric;
  if (!sample.info.label.name.empty()) {
    metric.label.push_back({sample.info.label.name, sample.info.label.value});
  }
  if (sample.info.kind == MetricKind::kHistogram) {
    metric.histogram = ToHistogram(sample.histogram);
  } else {
    (sample.info.kind == MetricKind::kCounter ? metric.counter.value : metric.gauge.value) =
        sample.value;
  }
  families.back().metric.push_back(std::move(metric));
}

HttpAnswer Scrape(const Collector& collector, const HttpRequest& request) {
  if (request.path != "/metrics") return {404, "text/plain", "see /metrics\n"};
  std::vector<prometheus::MetricFamily> families;
  for (const MetricSample& sample : collector.Latest()) Append(sample, families);
  return {200, "text/plain; version=0.0.4; charset=utf-8",
          prometheus::TextSerializer().Serialize(families)};
}

}  // namespace

bool MetricsEndpoint::IsBuiltIn() {
  return true;
}

std::string MetricsEndpoint::Start(const std::string& bind, std::uint16_t port,
                                   const Collector& collector) {
  HttpOptions options;
  options.bind = bind;
  options.port = port;
  const std::string error = server_.Start(
      options, [&collector](const HttpRequest& request) { return Scrape(collector, request); });
  return error.empty() ? "" : "metrics: " + error;
}

}  // namespace services
