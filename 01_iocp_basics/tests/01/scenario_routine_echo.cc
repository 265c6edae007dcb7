// The lab of completion routines, seen from outside.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/support/tcp_client.h"

using support::Process;
using support::TcpClient;

SCENARIO("one thread serves many clients by completion routines") {
  GIVEN("the server and twenty clients") {
    Process server("routine_echo", {"--port", "0", "--stop-on-eof"});
    const unsigned short port = server.ReadPort().value_or(0);
    REQUIRE(port != 0);
    std::vector<TcpClient> clients;
    for (int i = 0; i < 20; ++i) clients.emplace_back(port);
    WHEN("all send, some large, before anyone reads") {
      for (std::size_t i = 0; i < clients.size(); ++i) {
        REQUIRE(clients[i].Send(std::string(1000 * (i + 1), static_cast<char>('a' + i))));
      }
      THEN("each gets its own back, and the server stops with clients connected") {
        for (std::size_t i = 0; i < clients.size(); ++i) {
          const std::string expected(1000 * (i + 1), static_cast<char>('a' + i));
          CHECK(clients[i].Receive(expected.size()) == expected);
        }
        clients[0].Reset();
        clients[1].Close();
        server.CloseInput();
        CHECK(server.Wait() == 0);
        CHECK(server.Errors().empty());
      }
    }
  }
}
