// The lab of datagrams, seen from outside.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/process.h"

namespace {

using support::Finished;
using support::Process;

}  // namespace

SCENARIO("datagrams come back to whoever sent them") {
  GIVEN("the server") {
    Process server("udp_echo", {"--port", "0", "--stop-on-eof"});
    const unsigned short port = server.ReadPort().value_or(0);
    REQUIRE(port != 0);
    WHEN("two clients ask it") {
      for (int i = 0; i < 2; ++i) {
        const Finished client =
            support::Run("udp_echo", {"--to", std::to_string(port), "--count", "500"});
        THEN("client " + std::to_string(i) + " gets every answer") {
          CHECK(client.output.find("500 of 500 answered") != std::string::npos);
          CHECK(client.exit_code == 0);
        }
      }
    }
    WHEN("it is stopped with receives pending") {
      server.CloseInput();
      THEN("it ends") {
        CHECK(server.Wait() == 0);
        CHECK(server.Errors().empty());
      }
    }
  }
}

SCENARIO("nobody is there to answer") {
  // The port of a server that has gone.
  Process server("udp_echo", {"--port", "0", "--stop-on-eof"});
  const unsigned short port = server.ReadPort().value_or(0);
  server.CloseInput();
  REQUIRE(server.Wait() == 0);
  const Finished client = support::Run("udp_echo", {"--to", std::to_string(port), "--count", "1"});
  CHECK(client.output.find("0 of 1 answered") != std::string::npos);
  CHECK(client.exit_code == 1);
}
