// chat_client in a terminal: Korean typed key by key, lines that arrive while one types, and a
// terminal that is as it was afterwards, whichever way the client ends.
#include <csignal>
#include <string>

#include "tests/client/scenario_chat_client_pty.h"
#include "tests/support/catch.h"
#include "tests/support/chat_server_process.h"

using support::Process;
using tests::PtyProgram;

namespace {

struct Server : course_test::ChatServerProcess {
  Server() : ChatServerProcess({"limits.rooms=10"}) {}
};

// Nobody else's account.
std::string FreshUser() {
  static int users = 0;
  return "person" + std::to_string(users++);
}

// A client in a terminal of 60 columns that has entered as a knight.
struct Person {
  explicit Person(const Server& server, std::vector<std::string> environment = {})
      : pty("chat_client", server.ClientArgs({"--user", FreshUser(), "--name", "knight"}), 60,
            std::move(environment)) {
    REQUIRE(pty.WaitFor("password:"));
    pty.Type("비밀번호\r");
    INFO(pty.ScreenText());
    REQUIRE(pty.WaitFor("you are "));
    const std::string text = pty.ScreenText();
    const std::size_t at = text.find("you are ") + 8;
    name = text.substr(at, text.find(' ', at) - at);
    REQUIRE(pty.WaitForInput(name + "@0>"));
  }
  // The person has typed `text` and sees it.
  bool Sees(const std::string& text) {
    return pty.WaitForInput(name + (text.empty() ? "@0>" : "@0> " + text));
  }

  PtyProgram pty;
  std::string name;
};

constexpr const char* kLeft = "\x1b[D";

}  // namespace

SCENARIO("a person types Korean and sees what others say") {
  Server server;
  Person a(server);
  Person b(server);
  REQUIRE(a.pty.WaitFor(b.name + " has come in"));

  WHEN("one types, changes the text in the middle, and meanwhile the other says something") {
    a.pty.Type("안녕히세요");
    CHECK(a.Sees("안녕히세요"));
    a.pty.Type(kLeft);
    a.pty.Type(kLeft);
    a.pty.Type("\x7f");
    CHECK(a.Sees("안녕세요"));
    b.pty.Type("먼저 갑니다\r");
    CHECK(a.pty.WaitFor(b.name + ": 먼저 갑니다"));
    CHECK(a.Sees("안녕세요"));
    a.pty.Type("하\r");
    THEN("both see both lines, in the same order, and the input line is empty again") {
      for (Person* person : {&a, &b}) {
        CHECK(person->pty.WaitFor(a.name + ": 안녕하세요"));
        CHECK(person->Sees(""));
        const std::string text = person->pty.ScreenText();
        CHECK(text.find("먼저 갑니다") < text.find("안녕하세요"));
        CHECK(person->pty.screen().unknown().empty());
      }
    }
  }
  WHEN("one pastes a text of several lines") {
    a.pty.Type("\x1b[200~하나\n둘\n\x1b[201~");
    CHECK(a.Sees("하나 둘"));
    a.pty.Type("\r");
    THEN("it is one message") {
      CHECK(b.pty.WaitFor(a.name + ": 하나 둘"));
      CHECK(b.pty.ScreenText().find(a.name + ": 둘") == std::string::npos);
    }
  }
  WHEN("one calls back what was said before") {
    a.pty.Type("하나\r둘\r");
    CHECK(b.pty.WaitFor(a.name + ": 둘"));
    a.pty.Type("\x1b[A\x1b[A");
    THEN("the older line is there, ready to be said again") {
      CHECK(a.Sees("하나"));
    }
  }
  WHEN("a line is longer than the window, and then the window becomes narrower") {
    std::string text;
    for (int i = 0; i < 40; ++i) text += "가";  // 80 columns
    const auto width = [&] { return terminal::DisplayWidth(a.pty.screen().Text().back()); };
    a.pty.Type(text);
    CHECK(a.pty.WaitUntil([&] { return width() >= 58; }));
    CHECK(width() <= 60);
    a.pty.Resize(40);
    THEN("the input line keeps to one row of it") {
      CHECK(a.pty.WaitUntil([&] { return width() >= 38 && width() <= 40; }));
    }
  }
}

SCENARIO("a window that becomes narrower and wider keeps one input line") {
  Server server;
  Person person(server);
  const std::string text = GENERATE("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst",
                                    "가나다라마바사아자차카타파하가나다라마바사아");
  person.pty.Type("first\r");
  REQUIRE(person.pty.WaitFor(person.name + ": first"));
  person.pty.Type(text);
  REQUIRE(person.Sees(text));
  const std::size_t end = person.pty.screen().column();
  person.pty.Type(kLeft);
  REQUIRE(person.pty.WaitUntil([&] { return person.pty.screen().column() < end; }));
  const auto shows = [&](std::size_t columns) {
    const std::vector<std::string> rows = person.pty.screen().Text();
    const std::size_t width = terminal::DisplayWidth(rows.back());
    return width <= columns && width + 4 >= std::min<std::size_t>(columns, 57);
  };
  for (const std::size_t columns : {40u, 15u, 21u, 60u, 15u, 60u}) {
    INFO(columns);
    const std::size_t old = person.pty.bytes().size();
    person.pty.Resize(static_cast<unsigned short>(columns));
    CHECK(person.pty.WaitUntil([&] {  // it has drawn again, and all of it
      return person.pty.bytes().find("\x1b[J", old) != std::string::npos && shows(columns);
    }));
    std::string said;  // what stands above the input line, unwrapped and without blanks
    const std::vector<std::string> rows = person.pty.screen().Text();
    for (std::size_t i = 0; i + 1 < rows.size(); ++i) said += rows[i];
    std::erase(said, ' ');
    INFO(person.pty.ScreenText());
    CHECK(said.ends_with(person.name + ":first"));
    CHECK(said.find(person.name + "@0>") == std::string::npos);
  }
  CHECK(person.Sees(text));
}

SCENARIO("a message cannot command the reader's terminal") {
  Server server;
  Person reader(server);
  Process writer("chat_client", server.ClientArgs({"--user", FreshUser(), "--password", "secret"}));
  REQUIRE(
      writer.Write("boo \x1b[2J\x1b[31m \xC2\x9B"
                   "2J\nharmless\n"));
  REQUIRE(reader.pty.WaitFor("harmless"));
  CHECK(reader.pty.bytes().find("boo ") == std::string::npos);
  CHECK(reader.pty.bytes().find("\x1b[2J") == std::string::npos);
  CHECK(reader.pty.bytes().find("\x1b[31m ") == std::string::npos);
  CHECK(reader.pty.bytes().find("\xC2\x9B") == std::string::npos);
  CHECK(reader.pty.screen().unknown().empty());
}

SCENARIO("colours, and NO_COLOR") {
  Server server;
  const bool colours = GENERATE(true, false);
  Person person(server,
                colours ? std::vector<std::string>{} : std::vector{std::string("NO_COLOR=1")});
  person.pty.Type("색\r");
  REQUIRE(person.pty.WaitFor(person.name + ": 색"));
  const std::string& bytes = person.pty.bytes();
  CHECK((bytes.find("\x1b[1;") != std::string::npos) == colours);
  CHECK((bytes.find("\x1b[2m") != std::string::npos) == colours);
}

SCENARIO("the terminal is as it was, whichever way the client ends") {
  Server server;
  Person person(server);
  CHECK_FALSE(person.pty.IsCooked());
  SECTION("/quit") {
    person.pty.Type("half a line \x15/quit\r");
    CHECK(person.pty.Wait() == 0);
  }
  SECTION("Ctrl-C") {
    person.pty.Type("half a line\x03");
    CHECK(person.pty.Wait() == 0);
  }
  SECTION("Ctrl-D") {
    person.pty.Type("\x04");
    CHECK(person.pty.Wait() == 0);
  }
  SECTION("a request to end") {
    person.pty.Signal(SIGTERM);
    CHECK(person.pty.Wait() == 0);
  }
  SECTION("the server has gone") {
    server.process.Kill();
    CHECK(person.pty.Wait() == 1);
    CHECK(person.pty.ScreenText().find("! the connection to the server is over") !=
          std::string::npos);
  }
  SECTION("a crash") {
    person.pty.Signal(SIGSEGV);
    const auto code = person.pty.Wait();
    REQUIRE(code);
    CHECK(*code != 0);  // 139; a sanitizer has an exit code of its own
  }
  CHECK(person.pty.IsCooked());
  CHECK(person.pty.bytes().find("\x1b[?2004l") != std::string::npos);
  CHECK(person.pty.screen().Text().back().empty());
}

SCENARIO("the password is asked for, and nobody sees it") {
  Server server;
  const std::vector<std::string> args =
      server.ClientArgs({"--user", FreshUser(), "--name", "knight"});
  {
    PtyProgram pty("chat_client", args);
    REQUIRE(pty.WaitFor("password:"));
    pty.Type("틀림\x7f\x7f비밀 secret\r");
    REQUIRE(pty.WaitFor("you are person"));  // the account is made with that password
    CHECK(pty.bytes().find("비밀") == std::string::npos);
    CHECK(pty.bytes().find("secret") == std::string::npos);
    pty.Type("/quit\r");
    CHECK(pty.Wait() == 0);
    CHECK(pty.IsCooked());
  }
  {
    PtyProgram pty("chat_client", args);
    REQUIRE(pty.WaitFor("password:"));
    pty.Type("틀림\r");
    CHECK(pty.Wait() == 1);
    CHECK(pty.ScreenText().find("no account of that name, or not its password") !=
          std::string::npos);
    CHECK(pty.IsCooked());
  }
  for (const char* const no : {"half\x03", "\x04"}) {
    PtyProgram pty("chat_client", args);
    REQUIRE(pty.WaitFor("password:"));
    pty.Type(no);
    CHECK(pty.Wait() == 1);
    CHECK(pty.IsCooked());
  }
  server.Stop();
}

SCENARIO("the server cannot be reached from a terminal") {
  PtyProgram pty("chat_client", {"--auth-port", "1", "--user", "minji", "--password", "secret"});
  CHECK(pty.Wait() == 2);
  CHECK(pty.IsCooked());
  CHECK(pty.ScreenText().find("chat_client: cannot connect to 127.0.0.1:1") != std::string::npos);
}
