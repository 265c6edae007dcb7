// The lab's claims. They are exact on our port; Windows and Wine do not show their lists, and Wine
// 8 keeps neither the order of waking nor the limit, so there only the packets are counted.

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/process.h"

namespace {

constexpr std::int64_t kWorkers = 6;
constexpr std::int64_t kPackets = 60;

// All values of `field` in the order of the text: {"field": 1} or {"field": [1, 2]}.
std::vector<std::vector<std::int64_t>> Values(const std::string& json, const std::string& field) {
  std::vector<std::vector<std::int64_t>> all;
  const std::string mark = "\"" + field + "\": ";
  for (std::size_t at = json.find(mark); at != std::string::npos; at = json.find(mark, at + 1)) {
    std::size_t end = json.find_first_of(",}", at);
    std::size_t begin = at + mark.size();
    if (json[begin] == '[') {
      end = json.find(']', ++begin);
    }
    std::istringstream text(json.substr(begin, end - begin));
    std::vector<std::int64_t> values;
    for (std::int64_t value = 0; text >> value; text.ignore(2)) {
      values.push_back(value);
    }
    all.push_back(values);
  }
  return all;
}

std::int64_t Sum(const std::vector<std::int64_t>& values) {
  return std::accumulate(values.begin(), values.end(), std::int64_t{0});
}

}  // namespace

SCENARIO("which threads a port wakes") {
  const support::Finished run = support::Run(
      "thread_lab",
      {"--json", "--workers", std::to_string(kWorkers), "--packets", std::to_string(kPackets)});
  INFO(run.output << run.errors);
  REQUIRE(run.exit_code == 0);
  const auto served = Values(run.output, "served");
  const auto blocked = Values(run.output, "blocked");
  REQUIRE(served.size() == 7);  // 2 of low load, 3 bursts, 2 of blocking
  REQUIRE(blocked.size() == 2);

  THEN("every packet was served once") {
    for (std::size_t i = 0; i < 5; ++i) {
      CHECK(Sum(served[i]) == kPackets);
    }
    CHECK(Sum(served[5]) == kWorkers);
    CHECK(Sum(served[6]) == kWorkers);
  }
#ifndef _WIN32
  THEN("at low load one thread did everything") {
    CHECK(*std::max_element(served[0].begin(), served[0].end()) == kPackets);
    // Data of a socket goes to the thread that began to poll last. A thread counts as waiting a
    // moment before it polls, so another one may take over once in a while; most never get a turn.
    CHECK(std::count(served[1].begin(), served[1].end(), 0) >= kWorkers / 2);
  }
  THEN("as many worked together as the limit allows, and no more") {
    const auto limit = Values(run.output, "limit");  // after the 2 of low load
    const auto peak = Values(run.output, "peak_at_work");
    REQUIRE(peak.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(peak[i] == limit[i + 2]);
    }
  }
  THEN("a worker that blocks in the API lets another go, in spite of limit 1") {
    CHECK(blocked[0][0] == kWorkers);
    CHECK(Values(run.output, "paused")[0][0] == kWorkers);
    CHECK(Values(run.output, "waiting")[0][0] == 0);
  }
  THEN("a worker that blocks elsewhere keeps its place") {
    CHECK(blocked[1][0] == 1);
    CHECK(Values(run.output, "paused")[1][0] == 0);
    CHECK(Values(run.output, "waiting")[1][0] == kWorkers - 1);
    CHECK(Values(run.output, "queue")[1][0] == kWorkers - 1);
  }
#endif
}
