// The chat server with its rooms on job queues, from outside.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/chat_server_process.h"
#include "tests/support/chat_talker.h"

using course_test::ChatServerProcess;
using course_test::ChatTalker;

namespace {

void RunCrowd(const ChatServerProcess& server, std::vector<std::string> args) {
  args.insert(args.end(), {"--seed", "6", "--sector-every", "0"});
  const support::Finished run = support::Run("dummy_client", server.ClientArgs(args));
  INFO(run.output << run.errors);
  CHECK(run.exit_code == 0);
  CHECK(run.output.find("every message arrived once and in order") != std::string::npos);
}

}  // namespace

SCENARIO("a hundred clients hear everything once and in order, whatever the update threads") {
  for (const auto& options : std::vector<std::vector<std::string>>{
           {},
           {"update.threads=1"},
           {"update.threads=3", "update.slice_jobs=1"},
           {"server.flush_interval_ms=5"},
       }) {
    std::vector<std::string> args{"log.level=warn"};
    args.insert(args.end(), options.begin(), options.end());
    ChatServerProcess server(args);
    RunCrowd(server, {"--for", "1", "--rate", "3", "--rooms", "3"});
    const std::string output = server.Stop();
    INFO(output);
    CHECK(output.find("logins 100,") != std::string::npos);
    CHECK(output.find("chat messages 300") != std::string::npos);
    CHECK(output.find("refused 0, not journaled 0, lost 0, left in the journal 0") !=
          std::string::npos);
    CHECK(output.find("dropped jobs 0") != std::string::npos);
    CHECK(output.find("left: game sessions 0, players 0, packets 0") != std::string::npos);
  }
}

SCENARIO("a thousand clients in eight rooms hear everything once and in order") {
  ChatServerProcess server({"log.level=warn"});
  RunCrowd(server, {"--sessions", "1000", "--rooms", "8", "--for", "2", "--rate", "0.5"});
  server.Stop();
}

SCENARIO("a client that asks faster than its room works is refused, and lives") {
  // How many of a burst are taken depends on the machine; each is answered, one way or the other.
  ChatServerProcess server({"update.threads=1", "update.slice_jobs=1"});
  ChatTalker flooder(server.port), other(server.port);
  REQUIRE(flooder.LogIn());
  REQUIRE(flooder.Enter(0));
  REQUIRE(other.LogIn());
  REQUIRE(other.Enter(0));
  constexpr int kBurst = 3000;  // more than the 256 that may wait
  Protocol::C_CHAT chat;
  chat.set_msg("again");
  std::string burst;
  for (std::uint32_t i = 0; i < kBurst; ++i) {
    burst += course_test::ChatFrame(Protocol::PACKET_C_CHAT, 3 + i, chat.SerializeAsString());
  }
  REQUIRE(flooder.tcp().Send(burst));
  int said = 0;
  int refused = 0;
  while (said + refused < kBurst) {
    const auto heard = flooder.ReadChat();
    REQUIRE(heard);
    if (heard->reason() == Protocol::REFUSAL_NONE) {
      ++said;
    } else {
      CHECK(heard->reason() == Protocol::REFUSAL_TOO_MANY_REQUESTS);
      ++refused;
    }
  }
  CHECK(said > 0);
  THEN("the others hear what was said, and can go on") {
    for (int i = 0; i < said; ++i) REQUIRE(other.ReadChat());
    CHECK(other.Echo("and now me"));
  }
  server.Stop();
}

SCENARIO("a room is left when one is told so, and the next one can be entered then") {
  ChatServerProcess server({"server.flush_interval_ms=1"});
  ChatTalker talker(server.port);
  REQUIRE(talker.LogIn());
  for (std::uint32_t room = 0; room < 50; ++room) {
    REQUIRE(talker.Enter(room));
    CHECK(talker.Echo("here"));
    REQUIRE(talker.Send(Protocol::C_LEAVE_GAME()));
    const auto left = talker.ReadLeaveGame();
    REQUIRE(left);
    CHECK(left->success());
  }
  server.Stop();
}

SCENARIO("bad job options are one clear line and exit code 2") {
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {"--set", "update.threads=257"},
           {"--set", "update.slice_jobs=0"},
           {"--set", "server.flush_interval_ms=-1"},
       }) {
    const support::Finished run = support::Run("chat_server", args);
    INFO(args[0] << " " << args[1] << ": " << run.errors);
    CHECK(run.exit_code == 2);
    CHECK(run.errors.starts_with(args[0] + " " + args[1] + ": "));
    CHECK(run.errors.find("allowed: ") != std::string::npos);
    CHECK(std::count(run.errors.begin(), run.errors.end(), '\n') == 1);
  }
}
