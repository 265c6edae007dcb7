// Four models do the same job completely, each with its own number of threads.

#include <algorithm>
#include <string>
#include <thread>

#include "tests/support/catch.h"
#include "tests/support/process.h"

namespace {

// The row of one model in the JSON.
std::string RowOf(const std::string& json, const std::string& model) {
  const std::size_t begin = json.find("{\"model\": \"" + model + "\"");
  return begin == std::string::npos ? "" : json.substr(begin, json.find('}', begin) - begin);
}

}  // namespace

SCENARIO("one echo job by four models") {
  const support::Finished run = support::Run(
      "io_models", {"--clients", "10", "--messages", "10", "--interval-ms", "2", "--json"});
  INFO(run.output << run.errors);
  REQUIRE(run.exit_code == 0);
  const auto processors = std::max(1u, std::thread::hardware_concurrency());
  const struct {
    const char* model;
    unsigned threads;
  } expected[] = {{"blocking threads", 10},
                  {"non-blocking polling", 1},
                  {"overlapped + event", 1},
                  {"completion port", processors}};
  for (const auto& [model, threads] : expected) {
    const std::string row = RowOf(run.output, model);
    INFO(model << ": " << row);
    CHECK(row.find("\"threads\": " + std::to_string(threads) + ",") != std::string::npos);
    CHECK(row.find("\"complete\": true") != std::string::npos);
#ifndef _WIN32
    CHECK(row.find("\"system_calls\": null") == std::string::npos);
    CHECK(row.find("\"wake_ups\": null") == std::string::npos);
#endif
  }
}
