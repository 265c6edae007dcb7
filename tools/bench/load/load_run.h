// One run of the generator, from the first connection to the figures.
#pragma once

#include <cstdint>
#include <string>

#include "load/hdr_histogram.h"
#include "load/load_options.h"

namespace load {

struct LoadResult {
  int exit_code = 0;  // 0: it took place; 1: the server ended or refused; 2: nothing was reached
  std::string error;  // empty: nothing to say. With exit code 0: what was wrong with the run

  double login_s = 0;  // until all clients were in
  double auth_s = 0;   // before that: until all session keys were there
  std::uint64_t logins = 0;

  std::uint64_t said = 0;
  double sent_in_s = 0;
  std::uint64_t expected = 0;
  std::uint64_t deliveries = 0;
  std::uint64_t missing = 0;
  std::uint64_t twice = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t delivered_in_time = 0;
  std::uint64_t refused = 0;
  std::uint64_t disconnected = 0;
  std::uint32_t sampled = 0;  // receivers whose latency is measured
  double cpu_s = 0;
  double cpu_share = 0;  // the busiest thread's, of one core
  HdrHistogram latency;
  HdrHistogram lateness;

  LoadResult();
};

LoadResult RunLoad(const LoadOptions& options);

}  // namespace load
