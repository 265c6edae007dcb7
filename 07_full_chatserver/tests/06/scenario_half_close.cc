// Clients that close their side and read to the end: what they have asked for is answered, what
// they have said is heard, and then the server closes, too.
#include <string>

#include "tests/support/catch.h"
#include "tests/support/chat_server_process.h"
#include "tests/support/chat_talker.h"

using course_test::ChatServerProcess;
using course_test::ChatTalker;

namespace {

constexpr int kRuns = 100;

// The server's FIN and no reset. (What the sector grid answers may come last.)
bool EndsInOrder(support::TcpClient& tcp) {
  const support::TcpClient::Rest rest = tcp.ReceiveToEnd();
  return rest.closed && !rest.reset;
}

}  // namespace

SCENARIO("who half-closes after his last word hears it, and has left") {
  ChatServerProcess server;
  ChatTalker witness(server.port);
  REQUIRE(witness.LogIn());
  REQUIRE(witness.Enter(0));
  for (int run = 0; run < kRuns; ++run) {
    INFO("run " << run);
    ChatTalker talker(server.port);
    REQUIRE(talker.LogIn());
    REQUIRE(talker.Enter(0));
    for (int i = 0; i < 5; ++i) REQUIRE(talker.Say(std::to_string(i)));
    talker.tcp().FinishSending();
    for (int i = 0; i < 5; ++i) {
      const auto heard = talker.ReadChat();
      REQUIRE(heard);
      REQUIRE(heard->msg() == std::to_string(i));
      const auto witnessed = witness.ReadChat();
      REQUIRE(witnessed);
      REQUIRE(witnessed->msg() == std::to_string(i));
    }
    REQUIRE(EndsInOrder(talker.tcp()));
    const auto left = witness.ReadLeft();
    REQUIRE(left);
    REQUIRE(left->player_id() == talker.player_id());
  }
  server.Stop();
}

SCENARIO("who half-closes after a request is answered") {
  ChatServerProcess server;
  for (int run = 0; run < kRuns; ++run) {
    INFO("run " << run);
    ChatTalker guest(server.port);
    REQUIRE(guest.LogIn());
    REQUIRE(guest.Send(Protocol::C_ENTER_GAME()));
    REQUIRE(guest.Send(Protocol::C_LEAVE_GAME()));
    guest.tcp().FinishSending();
    REQUIRE(guest.ReadEnterGame());
    const auto left = guest.ReadLeaveGame();
    REQUIRE(left);
    REQUIRE(left->success());
    REQUIRE(EndsInOrder(guest.tcp()));
  }
  server.Stop();
}

SCENARIO("who says nothing but a log-in and half-closes is answered") {
  ChatServerProcess server;
  for (int run = 0; run < kRuns; ++run) {
    INFO("run " << run);
    ChatTalker guest(server.port);
    REQUIRE(guest.Send(guest.login()));
    guest.tcp().FinishSending();
    const auto answer = guest.ReadLogin();
    REQUIRE(answer);
    REQUIRE(answer->success());
    REQUIRE(EndsInOrder(guest.tcp()));
  }
  server.Stop();
}
