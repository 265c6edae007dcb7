// Clients that speak the protocol well and the language of the chat badly: each gets a reason
// or is closed, and the people in the rooms notice nothing.
#include <functional>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/chat_server_process.h"
#include "tests/support/chat_talker.h"

using course_test::ChatFrame;
using course_test::ChatServerProcess;
using course_test::ChatTalker;
using course_test::CountIn;
using course_test::WarningsFor;

namespace {

struct Guest : ChatTalker {
  explicit Guest(unsigned short port, std::uint32_t room = 0) : ChatTalker(port) {
    REQUIRE(LogIn());
    REQUIRE(Enter(room));
  }
};

// Stops the server; nothing may be left of anybody.
std::string StopAndCheck(ChatServerProcess& server) {
  const std::string log = server.Stop();
  INFO(log);
  CHECK(log.find("left: game sessions 0, players 0, packets 0") != std::string::npos);
  return log;
}

}  // namespace

SCENARIO("requests at the wrong time are refused with a reason, and the session lives") {
  ChatServerProcess server;
  Guest witness(server.port);
  ChatTalker rude(server.port);

  GIVEN("a client that has not logged in") {
    Protocol::C_ENTER_GAME enter;
    REQUIRE(rude.Send(enter));
    CHECK(rude.ReadEnterGame()->reason() == Protocol::REFUSAL_NOT_LOGGED_IN);
    REQUIRE(rude.Say("hello"));
    CHECK(rude.ReadChat()->reason() == Protocol::REFUSAL_NOT_LOGGED_IN);
    REQUIRE(rude.Send(Protocol::C_LEAVE_GAME()));
    CHECK(rude.ReadLeaveGame()->reason() == Protocol::REFUSAL_NOT_LOGGED_IN);
    THEN("it may still log in") {
      CHECK(rude.LogIn());
    }
  }
  GIVEN("a client that has logged in") {
    REQUIRE(rude.LogIn());
    WHEN("it logs in again") {
      REQUIRE(rude.Send(Protocol::C_LOGIN()));
      const auto answer = rude.ReadLogin();
      REQUIRE(answer);
      CHECK_FALSE(answer->success());
      CHECK(answer->reason() == Protocol::REFUSAL_ALREADY_LOGGED_IN);
    }
    WHEN("it chooses a character that it does not have") {
      for (const std::uint64_t index : {std::uint64_t{2}, ~std::uint64_t{0}}) {
        Protocol::C_ENTER_GAME enter;
        enter.set_player_index(index);
        REQUIRE(rude.Send(enter));
        CHECK(rude.ReadEnterGame()->reason() == Protocol::REFUSAL_BAD_PLAYER_INDEX);
      }
    }
    WHEN("it chooses a room that does not exist") {
      Protocol::C_ENTER_GAME enter;
      enter.set_room_id(1'000'000);
      REQUIRE(rude.Send(enter));
      CHECK(rude.ReadEnterGame()->reason() == Protocol::REFUSAL_BAD_ROOM);
    }
    WHEN("it talks without having entered") {
      REQUIRE(rude.Say("hello"));
      CHECK(rude.ReadChat()->reason() == Protocol::REFUSAL_NOT_IN_ROOM);
    }
    THEN("it may enter and talk after that") {
      CHECK(rude.Enter(0));
      CHECK(rude.Echo("good morning"));
    }
  }
  GIVEN("a client in a room") {
    REQUIRE(rude.LogIn());
    REQUIRE(rude.Enter(0));
    WHEN("it enters again") {
      REQUIRE(rude.Send(Protocol::C_ENTER_GAME()));
      CHECK(rude.ReadEnterGame()->reason() == Protocol::REFUSAL_ALREADY_IN_ROOM);
      CHECK(rude.Echo("still in the first one"));
    }
    WHEN("it leaves twice") {
      REQUIRE(rude.Send(Protocol::C_LEAVE_GAME()));
      CHECK(rude.ReadLeaveGame()->success());
      REQUIRE(rude.Send(Protocol::C_LEAVE_GAME()));
      const auto again = rude.ReadLeaveGame();
      REQUIRE(again);
      CHECK_FALSE(again->success());
      CHECK(again->reason() == Protocol::REFUSAL_NOT_IN_ROOM);
    }
    WHEN("it says what is no message") {
      const struct {
        std::string text;
        Protocol::Refusal reason;
      } cases[] = {{"", Protocol::REFUSAL_EMPTY_MESSAGE},
                   {std::string(1001, 'x'), Protocol::REFUSAL_MESSAGE_TOO_LONG},
                   {"\xC0\x80", Protocol::REFUSAL_NOT_UTF8},
                   {"\x1B[2J", Protocol::REFUSAL_BAD_TEXT}};
      for (const auto& c : cases) {
        REQUIRE(rude.Say(c.text));
        const auto answer = rude.ReadChat();
        REQUIRE(answer);
        CHECK(answer->reason() == c.reason);
        CHECK(answer->msg().empty());
        CHECK(rude.sequence() == 0);
      }
      CHECK(rude.Echo("this is one"));
    }
  }
  REQUIRE(witness.Echo("all is well"));
  StopAndCheck(server);
}

SCENARIO("what is no request at all ends the session, and only that one") {
  ChatServerProcess server;
  Guest witness(server.port);
  const struct {
    const char* what;
    std::uint16_t type;
    std::string body;
    const char* reason;
  } cases[] = {
      {"an unknown id", 4242, "", "unknown packet id"},
      {"a packet of the server", Protocol::PACKET_S_CHAT, "", "packet of the wrong direction"},
      {"garbage as a body", Protocol::PACKET_C_CHAT, "\xFF\xFF\xFF\xFF", "bad protobuf"},
      {"half a message", Protocol::PACKET_C_CHAT, std::string("\x0A\x20half", 6), "bad protobuf"},
      {"64 KB of text", Protocol::PACKET_C_CHAT, "\x0A\xF0\xFF\x03" + std::string(65520, 'x'),
       "packet too long"},
  };
  for (const auto& c : cases) {
    INFO(c.what);
    Guest rude(server.port);
    rude.SendRaw(c.type, c.body);
    CHECK(rude.tcp().ReceiveToEnd().closed);
    REQUIRE(witness.Echo(c.what));
  }
  const std::string log = StopAndCheck(server);
  INFO(log);
  for (const char* reason :
       {"unknown packet id", "packet of the wrong direction", "packet too long"}) {
    CHECK(CountIn(log, std::string("reason=\"") + reason + "\"") == 1);
    CHECK(WarningsFor(log, reason) == 1);
  }
  CHECK(CountIn(log, "reason=\"bad protobuf\"") == 2);
  CHECK(WarningsFor(log, "bad protobuf") == 2);
  // Who goes of his own accord, or with the server, is no warning.
  CHECK(CountIn(log, "refused session=") == std::size(cases));
}

SCENARIO("a client may go at any step") {
  ChatServerProcess server;
  Guest witness(server.port);
  Protocol::C_ENTER_GAME enter;
  Protocol::C_CHAT chat;
  chat.set_msg("one last word");
  const std::string login = ChatFrame(Protocol::PACKET_C_LOGIN, 1, "");
  const std::string entering =
      ChatFrame(Protocol::PACKET_C_ENTER_GAME, 2, enter.SerializeAsString());
  const std::string word = ChatFrame(Protocol::PACKET_C_CHAT, 3, chat.SerializeAsString());
  const std::string leaving = ChatFrame(Protocol::PACKET_C_LEAVE_GAME, 4, "");
  const std::string steps[] = {
      "",
      login.substr(0, 3),
      login,
      login + entering.substr(0, entering.size() - 1),
      login + entering,
      login + entering + word.substr(0, 7),
      login + entering + word,
      login + entering + word + leaving.substr(0, 5),
      login + entering + word + leaving,
  };
  const std::vector<std::function<void(support::TcpClient&)>> ways{
      [](support::TcpClient& tcp) { tcp.Reset(); },
      [](support::TcpClient& tcp) { tcp.Close(); },
      [](support::TcpClient& tcp) {
        tcp.FinishSending();
        CHECK(tcp.ReceiveToEnd().closed);
      },
  };
  for (const std::string& step : steps) {
    for (const auto& go : ways) {
      support::TcpClient tcp(server.port);
      REQUIRE(tcp.Send(step));
      go(tcp);
    }
    REQUIRE(witness.Echo("after " + std::to_string(step.size())));
  }
  // Whoever comes now finds the witness alone: all others have left their room.
  ChatTalker last(server.port);
  REQUIRE(last.LogIn());
  int members = 0;
  for (int tries = 0; tries < 10'000 && members != 2; ++tries) {  // the resets are on their way
    REQUIRE(last.Send(enter));
    const auto entered = last.ReadEnterGame();
    REQUIRE(entered);
    members = entered->players_size();
    REQUIRE(last.Send(Protocol::C_LEAVE_GAME()));
    REQUIRE(last.ReadLeaveGame());
  }
  CHECK(members == 2);
  StopAndCheck(server);
}

SCENARIO("one client walks through a thousand rooms") {
  ChatServerProcess server({"--rooms", "1000"});
  Guest witness(server.port, 999);
  ChatTalker walker(server.port);
  REQUIRE(walker.LogIn());
  for (std::uint32_t room = 0; room < 1000; ++room) {
    REQUIRE(walker.Enter(room, room % 2));
    REQUIRE(walker.Send(Protocol::C_LEAVE_GAME()));
    REQUIRE(walker.ReadLeaveGame()->success());
  }
  REQUIRE(witness.ReadJoined());
  REQUIRE(witness.ReadLeft());
  REQUIRE(witness.Echo("there was somebody"));
  StopAndCheck(server);
}
