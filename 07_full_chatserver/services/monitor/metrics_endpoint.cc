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
}

prometheus::MetricFamily ToFamily(const MetricSample& sample) {
  prometheus::MetricFamily family;
  family.name = sample.info.name;
  family.help = sample.info.help;
  prometheus::ClientMetric metric;
  if (sample.info.kind == MetricKind::kHistogram) {
    family.type = prometheus::MetricType::Histogram;
    metric.histogram = ToHistogram(sample.histogram);
  } else if (sample.info.kind == MetricKind::kCounter) {
    family.type = prometheus::MetricType::Counter;
    metric.counter.value = sample.value;
  } else {
    family.type = prometheus::MetricType::Gauge;
    metric.gauge.value = sample.value;
  }
  family.metric.push_back(std::move(metric));
  return family;
}

HttpAnswer Scrape(const Collector& collector, const HttpRequest& request) {
  if (request.path != "/metrics") return {404, "text/plain", "see /metrics\n"};
  std::vector<prometheus::MetricFamily> families;
  for (const MetricSample& sample : collector.Latest()) families.push_back(ToFamily(sample));
  return {200, "text/plain; version=0.0.4; charset=utf-8",
          prometheus::TextSerializer().Serialize(families)};
}

}  // namespace

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
