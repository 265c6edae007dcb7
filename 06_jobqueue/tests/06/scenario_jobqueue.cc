// The chat server with its rooms on job queues, from outside.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/chat_server_process.h"
#include "tests/support/chat_talker.h"

using course_test::ChatServerProcess;
using course_test::ChatTalker;

namespace {

void RunCrowd(const ChatServerProcess& server, std::vector<std::string> args) {
  args.insert(args.end(), {"--port", std::to_string(server.port), "--seed", "6"});
  const support::Finished run = support::Run("dummy_client", args);
  INFO(run.output << run.errors);
  CHECK(run.exit_code == 0);
  CHECK(run.output.find("every message arrived once and in order") != std::string::npos);
}

}  // namespace

SCENARIO("a hundred clients hear everything once and in order, whatever the update threads") {
  for (const auto& options : std::vector<std::vector<std::string>>{
           {},
           {"--update-threads", "1"},
           {"--update-threads", "3", "--slice-jobs", "1"},
           {"--flush-interval-ms", "5"},
       }) {
    std::vector<std::string> args{"--quiet"};
    args.insert(args.end(), options.begin(), options.end());
    ChatServerProcess server(args);
    RunCrowd(server, {"--for", "1", "--rate", "3", "--rooms", "3"});
    const std::string output = server.Stop();
    INFO(output);
    // 300 messages, 100 times entering, 100 times going; and those of the flush timer. In a room of
    // more than 32 each coming or going may want a look at the room's news later.
    const std::string executed = "jobs: executed ";
    const std::size_t at = output.find(executed);
    REQUIRE(at != std::string::npos);
    const int jobs = std::stoi(output.substr(at + executed.size()));
    if (options.empty() || options[0] != "--flush-interval-ms") {
      CHECK(jobs >= 500);
      CHECK(jobs <= 500 + 200);
    } else {
      CHECK(jobs > 500);
    }
    CHECK(output.find("failed 0, dropped 0,") != std::string::npos);
    CHECK(output.find("left: game sessions 0, players 0, packets 0") != std::string::npos);
  }
}

SCENARIO("a thousand clients in eight rooms hear everything once and in order") {
  ChatServerProcess server({"--quiet"});
  RunCrowd(server, {"--sessions", "1000", "--rooms", "8", "--for", "2", "--rate", "0.5"});
  server.Stop();
}

SCENARIO("a client that asks faster than its room works is refused, and lives") {
  // How many of a burst are taken depends on the machine; each is answered, one way or the other.
  ChatServerProcess server({"--client-jobs", "1"});
  ChatTalker flooder(server.port), other(server.port);
  REQUIRE(flooder.LogIn());
  REQUIRE(flooder.Enter(0));
  REQUIRE(other.LogIn());
  REQUIRE(other.Enter(0));
  for (int i = 0; i < 300; ++i) REQUIRE(flooder.Say("again"));
  int said = 0;
  int refused = 0;
  while (said + refused < 300) {
    const auto chat = flooder.ReadChat();
    REQUIRE(chat);
    if (chat->reason() == Protocol::REFUSAL_NONE) {
      ++said;
    } else {
      CHECK(chat->reason() == Protocol::REFUSAL_TOO_MANY_REQUESTS);
      ++refused;
    }
  }
  CHECK(said > 0);
  THEN("the others hear what was said, and the flooder can go on") {
    for (int i = 0; i < said; ++i) REQUIRE(other.ReadChat());
    CHECK(other.Echo("and now me"));
  }
  server.Stop();
}

SCENARIO("a room is left when one is told so, and the next one can be entered then") {
  ChatServerProcess server({"--flush-interval-ms", "1"});
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

SCENARIO("job_lab compares the lock with the actor and draws the plot") {
  const std::filesystem::path svg = std::filesystem::temp_directory_path() /
                                    ("job_lab_" + std::to_string(std::random_device{}()) + ".svg");
  const support::Finished run = support::Run(
      "job_lab", {"--clients", "10", "30", "--rooms", "3", "--rounds", "1", "--seconds", "0.1",
                  "--flush-ms", "0", "1", "--flush-rates", "3000", "--svg", svg.string()});
  INFO(run.output << run.errors);
  REQUIRE(run.exit_code == 0);
  // Two numbers of clients in one room, and one of them in three rooms; each in both ways.
  CHECK(course_test::CountIn(run.output, "  lock  ") == 3);
  CHECK(course_test::CountIn(run.output, "  actor  ") == 3);
  CHECK(run.output.find("flush interval: the actor") != std::string::npos);
  std::ifstream file(svg);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  CHECK(text.starts_with("<svg"));
  CHECK(text.find("05: lock, one room") != std::string::npos);
  file.close();
  std::filesystem::remove(svg);
}

SCENARIO("bad job options are one clear line and exit code 2") {
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {"--update-threads", "257"},
           {"--slice-jobs", "0"},
           {"--flush-interval-ms", "-1"},
           {"--flush-interval-ms", "nan"},
           {"--client-jobs", "0"},
       }) {
    const support::Finished run = support::Run("chat_server", args);
    INFO(args[0] << " " << args[1] << ": " << run.errors);
    CHECK(run.exit_code == 2);
    CHECK(run.errors.starts_with("chat_server"));
    CHECK(run.errors.find(args[0]) != std::string::npos);
    CHECK(std::count(run.errors.begin(), run.errors.end(), '\n') == 1);
  }
  for (const char* option : {"--flush-ms", "--flush-rates", "--seconds"}) {
    const support::Finished run = support::Run("job_lab", {option, "nan"});
    INFO(run.errors);
    CHECK(run.exit_code == 2);
    CHECK(run.errors.starts_with("job_lab: " + std::string(option) + ": Value nan not in range"));
  }
}
