// Clients that close their side and read to the end: what they have said to their sector, and what
// they have asked the auth service.
#include <string>

#include "auth.pb.h"
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

SCENARIO("who says something to his sector and half-closes hears it") {
  // With sync: what he hears, and so his FIN, waits for the journal.
  ChatServerProcess server({GENERATE("journal.sync=none", "journal.sync=turn")});
  Protocol::C_SECTOR_CHAT talk;
  talk.set_msg("one last word");
  for (int run = 0; run < kRuns; ++run) {
    INFO("run " << run);
    ChatTalker guest(server.port);
    REQUIRE(guest.LogIn());
    REQUIRE(guest.Enter(0));
    REQUIRE(guest.SendRaw(Protocol::PACKET_C_SECTOR_CHAT, talk.SerializeAsString()));
    guest.tcp().FinishSending();
    Protocol::S_SECTOR_CHAT heard;
    do {
      const auto frame = guest.Read();
      REQUIRE(frame);
      if (frame->type != Protocol::PACKET_S_SECTOR_CHAT) continue;
      const auto size = static_cast<int>(frame->body.size());
      REQUIRE(heard.ParseFromArray(frame->body.data(), size));
    } while (heard.msg().empty());
    REQUIRE(heard.msg() == talk.msg());
    REQUIRE(EndsInOrder(guest.tcp()));
  }
  server.Stop();
}

SCENARIO("who asks the auth service and half-closes gets his key") {
  ChatServerProcess server({"limits.connection_rate=0"});
  for (int run = 0; run < kRuns; ++run) {
    INFO("run " << run);
    Protocol::C_AUTH question;
    question.set_name("asker" + std::to_string(run));
    question.set_password("a guest's password");
    support::TcpClient tcp(server.port.auth);
    REQUIRE(
        tcp.Send(course_test::ChatFrame(Protocol::PACKET_C_AUTH, 1, question.SerializeAsString())));
    tcp.FinishSending();
    const support::TcpClient::Rest rest = tcp.ReceiveToEnd();
    REQUIRE(rest.closed);
    REQUIRE(!rest.reset);
    const wire::Meaning meaning =
        wire::NaiveRead({rest.data.begin(), rest.data.end()}, 0xA9, 65535, false);
    REQUIRE(meaning.frames.size() == 1);
    Protocol::S_AUTH answer;
    const wire::Frame& frame = meaning.frames.front();
    REQUIRE(answer.ParseFromArray(frame.body.data(), static_cast<int>(frame.body.size())));
    REQUIRE(answer.success());
  }
  server.Stop();
}
