// Tasks 01.1 and 01.2 together: one loop meets every kind of packet.

#include <string>

#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/support/task_input.h"

SCENARIO("the dispatch loop tells all cases apart") {
  const support::Finished run = support::Run("dispatch_demo");
  TASK_INPUT("01.2", "dispatch_demo, which posts by the calls of 01.1");
  INFO(run.output << run.errors);
  CHECK(run.exit_code == 0);
  for (const char* line :
       {"a receive has completed, key 7, 5 bytes", "somebody posted a packet, key 42, 5 bytes",
        "a receive has failed, key 7, error 995 (ERROR_OPERATION_ABORTED)",
        "nothing came in time, 258 (WAIT_TIMEOUT)", "the end packet: the loop returns"}) {
    INFO("expected: " << line);
    CHECK(run.output.find(line) != std::string::npos);
  }
}
