#include "load/report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace load {

namespace {

using Json = nlohmann::ordered_json;

// The generator could not keep its own schedule: what the server would have done is not known.
constexpr double kMostLatenessUs = 5000;
constexpr double kMostShare = 0.95;

double Rounded(double value, double places) {
  const double scale = std::pow(10, places);
  return std::round(value * scale) / scale;
}

double Us(std::int64_t nanoseconds) {
  return Rounded(static_cast<double>(nanoseconds) / 1000, 1);
}

}  // namespace

std::string ToJson(const LoadOptions& options, const LoadResult& result) {
  const HdrHistogram& latency = result.latency;
  const HdrHistogram& lateness = result.lateness;
  const double late = Us(lateness.ValueAtPercentile(99));
  const double per_s = result.login_s > 0 ? static_cast<double>(result.logins) / result.login_s : 0;
  const double sent_in = std::max(options.seconds, result.sent_in_s);
  const Json json = {
      {"work", ToString(options.work)},
      {"clients", options.clients},
      {"rooms", options.rooms},
      {"threads", options.threads},
      {"payload", options.payload},
      {"rate_asked", options.rate},
      {"rate_sent", Rounded(static_cast<double>(result.said) / sent_in, 3)},
      {"seconds", options.seconds},
      {"said", result.said},
      {"deliveries_expected", result.expected},
      {"deliveries", result.deliveries},
      {"missing", result.missing},
      {"twice", result.twice},
      {"out_of_order", result.out_of_order},
      {"deliveries_per_s",
       Rounded(static_cast<double>(result.delivered_in_time) / options.seconds, 1)},
      {"latency_us",
       {{"p50", Us(latency.ValueAtPercentile(50))},
        {"p90", Us(latency.ValueAtPercentile(90))},
        {"p99", Us(latency.ValueAtPercentile(99))},
        {"p999", Us(latency.ValueAtPercentile(99.9))},
        {"max", Us(latency.Max())},
        {"samples", latency.total()}}},
      {"sampled_receivers", result.sampled},
      {"lateness_us",
       {{"p50", Us(lateness.ValueAtPercentile(50))}, {"p99", late}, {"max", Us(lateness.Max())}}},
      {"cpu_s", Rounded(result.cpu_s, 4)},
      {"cpu_share", Rounded(result.cpu_share, 4)},
      {"limited_by_generator", late > kMostLatenessUs || result.cpu_share > kMostShare},
      {"logins", result.logins},
      {"logins_per_s", Rounded(per_s, 1)},
      {"login_s", Rounded(result.login_s, 4)},
      {"auth_s", Rounded(result.auth_s, 4)},
      {"refused", result.refused},
      {"disconnected", result.disconnected},
      {"error", result.error.empty() ? Json(nullptr) : Json(result.error)},
  };
  return json.dump();
}

}  // namespace load
