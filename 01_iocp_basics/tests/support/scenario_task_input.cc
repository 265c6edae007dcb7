// What TASK_INPUT adds to a failure, with Catch2: the program runs itself with a case that fails.

#include <stdexcept>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/support/task_input.h"

namespace {

// A test program that failed: 1 with Catch2 2, 42 since its 3.7.
bool HasFailed(const support::Finished& run) {
  return run.exit_code == 1 || run.exit_code == 42;
}

}  // namespace

TEST_CASE("fails, on purpose", "[.on-purpose]") {
  const int clients = 20;
  { TASK_INPUT("01.3", "gone before the check"); }
  TASK_INPUT("01.3", clients << " clients, seed 77");
  CHECK(clients == 21);
}

TEST_CASE("throws, on purpose", "[.on-purpose]") {
  TASK_INPUT("01.3", "the last words of a test");
  throw std::runtime_error("on purpose");
}

SCENARIO("a failing check of a task names task, input, command and note") {
  GIVEN("a case that fails, run on its own by the words of its own command") {
    const support::Finished run = support::Run("scenario_task_input", {"fails\\, on purpose"});
    REQUIRE(HasFailed(run));
    THEN("it says all four beside the check") {
      for (const char* part : {"clients == 21", "task 01.3: ./course task 01.3\n",
                               "input: 20 clients, seed 77\n", "again: COURSE_SEED=77 ",
                               "scenario_task_input", "'fails\\, on purpose'", "/tasks/01.3.md"}) {
        INFO(part << " in\n" << run.output);
        CHECK(run.output.find(part) != std::string::npos);
      }
      CHECK(run.output.find("gone before") == std::string::npos);
    }
  }
  GIVEN("a case that ends by an exception") {
    const support::Finished run = support::Run("scenario_task_input", {"throws\\, on purpose"});
    THEN("it says them, too, once") {
      INFO(run.output);
      CHECK(HasFailed(run));
      const std::size_t at = run.output.find("input: the last words of a test\n");
      REQUIRE(at != std::string::npos);
      CHECK(run.output.find("input: ", at + 1) == std::string::npos);
    }
  }
}
