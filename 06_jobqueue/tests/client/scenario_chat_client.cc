// chat_client in a pipe against the stage's own server.
#include <string>

#include "tests/support/catch.h"
#include "tests/support/process.h"

using support::Process;

namespace {

struct Server {
  Server() : process("chat_server", {"--port", "0", "--stop-on-eof", "--rooms", "10"}) {
    const auto read = process.ReadPort();
    REQUIRE(read);
    port = std::to_string(*read);
  }
  void RequireCleanStop() {
    process.Stop();
    const auto code = process.Wait();
    INFO(process.Output() << process.Errors());
    REQUIRE(code == 0);
    CHECK(process.Output().find("stopped: live sessions 0, outstanding operations 0") !=
          std::string::npos);
  }
  Process process;
  std::string port;
};

// A chat_client that is in its room; `name` is what the server has called it.
struct Person {
  explicit Person(const Server& server, std::vector<std::string> more = {})
      : process("chat_client", Arguments(server, std::move(more))) {
    const auto line = process.ReadLineWith("* you are ");
    REQUIRE(line);
    const std::string rest = line->substr(line->find("you are ") + 8);
    name = rest.substr(0, rest.find(' '));
  }
  static std::vector<std::string> Arguments(const Server& server, std::vector<std::string> more) {
    more.insert(more.end(), {"--port", server.port});
    return more;
  }
  Process process;
  std::string name;
};

}  // namespace

SCENARIO("two people talk") {
  Server server;
  GIVEN("two people in one room and one in another") {
    Person a(server);
    Person b(server, {"--name", "mage"});
    Person c(server, {"--room", "3"});
    CHECK(a.name.starts_with("Knight"));
    CHECK(b.name.starts_with("Mage"));
    CHECK(a.process.ReadLineWith("* " + b.name + " has come in"));

    WHEN("one says something in Korean") {
      REQUIRE(a.process.Write("안녕하세요, 반갑습니다\n"));
      THEN("both read it, with the name, and the other room does not") {
        const std::string line = a.name + ": 안녕하세요, 반갑습니다";
        CHECK(a.process.ReadLine() == line);
        CHECK(b.process.ReadLine() == line);
        REQUIRE(c.process.Write("/who\n"));
        CHECK(c.process.ReadLine() == "* 1 player in room 3: " + c.name + " (you)");
      }
    }
    WHEN("one moves to the other room") {
      REQUIRE(b.process.Write("/room 3\nhello\n"));
      THEN("the first room sees it go, the second sees it come and hears it") {
        CHECK(a.process.ReadLine() == "* " + b.name + " has left");
        CHECK(c.process.ReadLine() == "* " + b.name + " has come in");
        CHECK(c.process.ReadLine() == b.name + ": hello");
        CHECK(b.process.ReadLine() == "* you are " + b.name + " in room 3, with 1 other; /help");
      }
    }
    WHEN("one asks for a room that does not exist") {
      REQUIRE(b.process.Write("/room 10\n"));
      THEN("it is told so, and is back in its room") {
        CHECK(b.process.ReadLine() == "! room 10: there is no such room");
        CHECK(b.process.ReadLine() == "* you are " + b.name + " in room 0, with 1 other; /help");
      }
    }
    WHEN("one writes what would command a terminal") {
      REQUIRE(
          a.process.Write("boo \x1b[2J\x1b]0;mine\x07 \xC2\x9B"
                          "31m\n"));
      REQUIRE(a.process.Write("harmless\n"));
      THEN("it is told so, and the other sees nothing of it") {
        const auto refused = a.process.ReadLine();
        REQUIRE(refused);
        CHECK(*refused == "! not sent: the message has characters that are no text");
        CHECK(b.process.ReadLine() == a.name + ": harmless");
      }
    }
    WHEN("one quits and one's input ends") {
      REQUIRE(a.process.Write("/quit\n"));
      CHECK(a.process.Wait() == 0);
      CHECK(b.process.ReadLine() == "* " + a.name + " has left");
      REQUIRE(b.process.Write("last words without a line end"));
      b.process.CloseInput();
      THEN("what was said before is said") {
        CHECK(b.process.ReadLine() == b.name + ": last words without a line end");
        CHECK(b.process.Wait() == 0);
      }
    }
    WHEN("the server stops") {
      server.RequireCleanStop();
      THEN("each says so and ends with 1") {
        for (Person* person : {&a, &b, &c}) {
          CHECK(person->process.ReadLineWith("! the connection to the server is over"));
          CHECK(person->process.Wait() == 1);
        }
      }
    }
  }
  if (!server.process.Wait(std::chrono::milliseconds(0))) server.RequireCleanStop();
}

SCENARIO("a file is said line by line, in order and to its end") {
  Server server;
  Person listener(server);
  std::string file;
  constexpr int kLines = 2000;
  for (int i = 0; i < kLines; ++i) file += "줄 " + std::to_string(i) + "\r\n";
  Process reader("chat_client", {"--port", server.port});
  REQUIRE(reader.Write(file));
  reader.CloseInput();
  CHECK(reader.Wait() == 0);
  REQUIRE(listener.process.ReadLineWith(" has come in"));
  for (int i = 0; i < kLines; ++i) {
    const auto line = listener.process.ReadLine();
    REQUIRE(line);
    REQUIRE(line->substr(line->find(": ") + 2) == "줄 " + std::to_string(i));
  }
  CHECK(listener.process.ReadLineWith(" has left"));
  server.RequireCleanStop();
}

SCENARIO("what the client does not send, and what the server refuses") {
  Server server;
  Person person(server);
  const auto answer_to = [&](const std::string& line) {
    REQUIRE(person.process.Write(line + "\n"));
    return person.process.ReadLine();
  };
  CHECK(answer_to("/qiut") == "! there is no command /qiut; did you mean /quit?");
  CHECK(answer_to("\xFF\xFE") == "! not sent: the line is not UTF-8");
  CHECK(answer_to(std::string(100'000, 'x')) == "! not sent: a message has 4000 bytes at most");
  CHECK(answer_to(std::string(3'000, 'x')) == "! not sent: the message is too long");
  CHECK(answer_to("still here") == person.name + ": still here");
  server.RequireCleanStop();
}

SCENARIO("Ctrl-C ends the client as /quit does") {
  Server server;
  Person a(server);
  Person b(server);
  b.process.Stop();
  CHECK(b.process.Wait() == 0);
  CHECK(a.process.ReadLineWith("* " + b.name + " has left"));
  server.RequireCleanStop();
}

SCENARIO("bad options are one clear line and exit code 2") {
  const std::vector<std::string> arguments = GENERATE(
      as<std::vector<std::string>>{}, std::vector<std::string>{"--port", "0"},
      std::vector<std::string>{"--port", "70000"}, std::vector<std::string>{"--room", "-1"},
      std::vector<std::string>{"--host", "nowhere"}, std::vector<std::string>{"--port", "1"},
      std::vector<std::string>{"--colour"});
  const support::Finished run = support::Run("chat_client", arguments);
  CHECK(run.exit_code == 2);
  CHECK(run.output.empty());
  CHECK(run.errors.starts_with("chat_client: "));
  CHECK(std::count(run.errors.begin(), run.errors.end(), '\n') == 1);
}

SCENARIO("a character that does not exist, a room that does not exist") {
  Server server;
  support::Finished run = support::Run("chat_client", {"--port", server.port, "--name", "wizard"});
  CHECK(run.exit_code == 1);
  CHECK(run.output.find("you have no character \"wizard\"") != std::string::npos);
  run = support::Run("chat_client", {"--port", server.port, "--room", "10"});
  CHECK(run.exit_code == 1);
  CHECK(run.output.find("! room 10: there is no such room") != std::string::npos);
  run = support::Run("chat_client", {"--help"});
  CHECK(run.exit_code == 0);
  CHECK(run.output.find("--name") != std::string::npos);
  server.RequireCleanStop();
}
