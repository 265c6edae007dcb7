// How the stage's programs behave as programs: options, mistakes, stopping.

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/support/tcp_client.h"

namespace {

using support::Finished;

std::size_t Lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

void CheckRefused(const std::string& program, const std::vector<std::string>& args) {
  const Finished run = support::Run(program, args);
  INFO(program << ": " << run.output << run.errors);
  CHECK(run.exit_code == 2);
  CHECK(run.output.empty());
  CHECK(Lines(run.errors) == 1);
  CHECK(run.errors.find(program + ": ") == 0);
}

}  // namespace

SCENARIO("every program explains itself") {
  for (const char* program :
       {"overlapped_echo", "echo_client", "routine_echo", "udp_echo", "dispatch_demo",
        "file_device", "io_models", "port_tour", "thread_lab"}) {
    const Finished run = support::Run(program, {"--help"});
    INFO(program << ": " << run.output << run.errors);
    CHECK(run.exit_code == 0);
    CHECK(run.output.find("--help") != std::string::npos);
    CHECK(run.errors.empty());
  }
}

SCENARIO("a bad command line gets one clear line and exit code 2") {
  CheckRefused("overlapped_echo", {"--nonsense"});
  CheckRefused("overlapped_echo", {"--port", "seventy"});
  CheckRefused("overlapped_echo", {"--port", "70000"});
  CheckRefused("overlapped_echo", {"--workers", "0"});
  CheckRefused("overlapped_echo", {"--workers", "100000"});
  CheckRefused("udp_echo", {"--to", "0"});
  CheckRefused("echo_client", {});
  CheckRefused("echo_client", {"--port", "0"});
  CheckRefused("file_device", {"no-such-file"});
  CheckRefused("io_models", {"--clients", "0"});
  CheckRefused("port_tour", {"--fast"});
  CheckRefused("thread_lab", {"--workers", "1"});
}

SCENARIO("somebody else has the port") {
  GIVEN("a port in use") {
    const support::OccupiedPort occupied;
    WHEN("the echo server is to listen there") {
      const Finished run =
          support::Run("overlapped_echo", {"--port", std::to_string(occupied.Port())});
      THEN("it says so and ends with exit code 2") {
        CHECK(run.exit_code == 2);
        CHECK(run.errors ==
              "overlapped_echo: port " + std::to_string(occupied.Port()) + " is in use\n");
      }
    }
  }
}

SCENARIO("nobody listens") {
  GIVEN("a port on which nobody listens any more") {
    unsigned short port = 0;
    {
      const support::OccupiedPort occupied;
      port = occupied.Port();
    }
    WHEN("echo_client connects there") {
      const Finished run = support::Run("echo_client", {"--port", std::to_string(port)});
      THEN("it says so and fails") {
        CHECK(run.exit_code == 1);
        CHECK(Lines(run.errors) == 1);
      }
    }
  }
}

SCENARIO("a server without clients is stopped") {
  GIVEN("the echo server") {
    support::Process server("overlapped_echo", {"--stop-on-eof"});
    REQUIRE(server.ReadPort());
    WHEN("it is asked to stop") {
      server.Stop();
      THEN("it ends with 0") {
        CHECK(server.Wait() == 0);
      }
    }
    WHEN("its input ends") {
      server.CloseInput();
      THEN("it ends with 0") {
        CHECK(server.Wait() == 0);
      }
    }
  }
}
