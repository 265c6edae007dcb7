// apc_demo: both ways complete every log-in once, the source's on the chat thread.
#include <sstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/support/task_input.h"

namespace {

// Lines that begin with `way` and name this account.
int Completions(const std::string& output, const std::string& way, int account) {
  std::istringstream lines(output);
  const std::string begin =
      way + "account " + std::to_string(account) + ", key of account " + std::to_string(account);
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line == begin || line == begin + ", on the chat thread") ++count;
  }
  return count;
}

}  // namespace

SCENARIO("The rest of a log-in, later, on the chat's thread: by APC and by job") {
  constexpr int kLogins = 40;
  for (const char* seed : {"1", "7"}) {
    const support::Finished done =
        support::Run("apc_demo", {"--logins", std::to_string(kLogins), "--seed", seed});
    TASK_INPUT("07a.6", "apc_demo --logins 40 --seed " << seed);
    INFO(done.output << done.errors);
    CHECK(done.exit_code == 0);
    for (int account = 1; account <= kLogins; ++account) {
      CHECK(Completions(done.output, "  APC: ", account) == 1);
      CHECK(Completions(done.output, "  job: ", account) == 1);
    }
    CHECK(done.output.find("ON ANOTHER THREAD") == std::string::npos);
    CHECK(done.output.find("completed: 40 by APC, 40 by job, of 40 each\n") != std::string::npos);
  }
  CHECK(support::Run("apc_demo", {"--logins", "0"}).exit_code == 2);
}
