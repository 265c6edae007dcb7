// The tour shows a live port, and the port keeps its rules at every step.

#include <sstream>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/process.h"

namespace {

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') {
      line.pop_back();
    }
    lines.push_back(line);
  }
  return lines;
}

// The JSON has one step per line.
std::vector<std::string> StepsOf(const std::string& json) {
  std::vector<std::string> steps;
  for (const std::string& line : LinesOf(json)) {
    if (line.find("{\"step\":") == 0) {
      steps.push_back(line);
    }
  }
  return steps;
}

std::size_t Columns(const std::string& line) {
  std::size_t columns = 0;
  for (const char byte : line) {
    columns += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;  // the first byte of a character
  }
  return columns;
}

#ifndef _WIN32
std::string Lists(const char* devices, const char* queue, const char* waiting, const char* released,
                  const char* paused) {
  return std::string("\"device_list\": [") + devices + "], \"completion_queue\": [" + queue +
         "], \"waiting_threads\": [" + waiting + "], \"released_threads\": [" + released +
         "], \"paused_threads\": [" + paused + "]}";
}
#endif

}  // namespace

SCENARIO("the tour as data") {
  const support::Finished run = support::Run("port_tour", {"--json"});
  INFO(run.output << run.errors);
  REQUIRE(run.exit_code == 0);
  const std::vector<std::string> steps = StepsOf(run.output);
  REQUIRE(steps.size() == 14);
  CHECK(LinesOf(run.output).front() == "[");
  CHECK(LinesOf(run.output).back() == "]");
#ifndef _WIN32
  THEN("the live port showed what the rules say at every step") {
    for (const std::string& step : steps) {
      INFO(step);
      CHECK(step.find("\"as_expected\": true") != std::string::npos);
      CHECK(step.find("\"seen\": {") != std::string::npos);
    }
  }
  THEN("the five structures went through the known states") {
    const char* second = "\"socket (key 2)\"";
    const char* both = "\"socket (key 1)\", \"socket (key 2)\"";
    const auto seen = [&](std::size_t step) {
      return steps[step - 1].substr(steps[step - 1].find("\"seen\": "));
    };
    const auto shows = [&](std::size_t step, const std::string& lists) {
      INFO("step " << step << ": " << seen(step));
      CHECK(seen(step).find(lists) != std::string::npos);
    };
    shows(1, Lists("", "", "", "", ""));
    shows(2, Lists(both, "", "", "", ""));
    shows(3, Lists(both, "", R"("C", "B", "A")", "", ""));
    shows(4, Lists(both, "", R"("B", "A")", R"("C")", ""));
    shows(5, Lists(both, "", R"("B", "A")", R"("C")", ""));
    shows(6, Lists(both, "", R"("A")", R"("B", "C")", ""));
    shows(7, Lists(both, R"("key 102")", R"("A")", R"("B", "C")", ""));
    shows(8, Lists(both, "", "", R"("A", "B")", R"("C")"));
    shows(9, Lists(both, "", "", R"("A", "B", "C")", ""));
    shows(10, Lists(both, R"("key 103")", R"("A")", R"("B", "C")", ""));
    shows(11, Lists(both, "", R"("A")", R"("B", "C")", ""));
    shows(12, Lists(both, "", R"("A")", R"("B", "C")", ""));
    shows(13, Lists(second, "", R"("A")", R"("B", "C")", ""));
    shows(14, Lists(second, "", "", "", ""));
  }
#endif
}

SCENARIO("the tour for a person") {
  WHEN("it runs by itself") {
    const support::Finished run = support::Run("port_tour", {"--auto"});
    THEN("it tells all steps within 80 columns") {
      INFO(run.output << run.errors);
      CHECK(run.exit_code == 0);
      CHECK(run.output.find("14/14  ") != std::string::npos);
      CHECK(run.output.find("End of the tour.") != std::string::npos);
      CHECK(run.output.find('\x1b') == std::string::npos);  // no colours where there is no terminal
      for (const std::string& line : LinesOf(run.output)) {
        INFO(line);
        CHECK(Columns(line) <= 80);
      }
    }
  }
  WHEN("it runs step by step") {
    support::Process tour("port_tour");
    REQUIRE(tour.ReadLineWith("1/14  "));
    THEN("each Enter brings the next step") {
      for (int step = 2; step <= 14; ++step) {
        REQUIRE(tour.Write("\n"));
        REQUIRE(tour.ReadLineWith(std::to_string(step) + "/14  "));
      }
      CHECK(tour.ReadLineWith("End of the tour."));
      CHECK(tour.Wait() == 0);
    }
  }
}
