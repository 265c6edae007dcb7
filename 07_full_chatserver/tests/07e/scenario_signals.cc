// What a server does with the signals that a service meets in its life: a terminal that is closed,
// a log that is rotated, output that nobody reads, a limit on the size of files.
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/outside/child_process.h"
#include "tests/support/catch.h"
#include "tests/support/chat_server_process.h"

namespace {

using outside::ReadFile;
using outside::WaitUntil;
using storage_test::TemporaryFolder;

// A chat_server whose surroundings the test decides: `before` runs in the child, ahead of exec.
class Surrounded {
 public:
  Surrounded(const TemporaryFolder& folder, std::vector<std::string> args, bool terminal,
             const std::function<void()>& before = {})
      : output_(folder.File("output")) {
    const char* const bin = std::getenv("COURSE_BIN_DIR");
    args.insert(args.begin(), std::string(bin != nullptr ? bin : ".") + "/chat_server");
    std::vector<char*> pointers;
    for (std::string& arg : args) pointers.push_back(arg.data());
    pointers.push_back(nullptr);
    pid_ = terminal ? forkpty(&terminal_, nullptr, nullptr, nullptr) : fork();
    REQUIRE(pid_ >= 0);
    if (pid_ > 0) return;
    if (!terminal) {  // a daemon: no terminal, nothing to read
      setsid();
      dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
      dup2(open(output_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO);
      dup2(STDERR_FILENO, STDOUT_FILENO);
    }
    if (before) before();
    execv(pointers[0], pointers.data());
    _exit(127);
  }
  ~Surrounded() {
    if (!code_) kill(pid_, SIGKILL);
    if (!code_) waitpid(pid_, nullptr, 0);
    CloseTerminal();
  }
  Surrounded(const Surrounded&) = delete;
  Surrounded& operator=(const Surrounded&) = delete;

  // What it has printed, to the terminal or to the file.
  std::string Printed() {
    if (terminal_ < 0) return ReadFile(output_);
    fcntl(terminal_, F_SETFL, O_NONBLOCK);
    char part[4096];
    for (ssize_t got = 0; (got = read(terminal_, part, sizeof part)) > 0;) {
      seen_.append(part, static_cast<std::size_t>(got));
    }
    return seen_;
  }
  bool AwaitPrinted(const std::string& text) {
    return WaitUntil([&] { return Printed().find(text) != std::string::npos; }, support::kPatience);
  }
  course_test::ServerPorts Ports() {
    const auto port = [&](const std::string& before) {
      const std::string text = Printed();
      return static_cast<unsigned short>(
          std::stoul(text.substr(text.find(before) + before.size())));
    };
    return {port("listening on 127.0.0.1:"), port("auth on 127.0.0.1:")};
  }
  void Signal(int number) const { kill(pid_, number); }
  void CloseTerminal() {
    if (terminal_ >= 0) close(terminal_);
    terminal_ = -1;
  }
  bool Runs() { return !Ended(); }
  // The exit code; 128 + n after signal n; nothing at the deadline.
  std::optional<int> Wait() {
    WaitUntil([&] { return Ended(); }, support::kPatience);
    return code_;
  }

 private:
  bool Ended() {
    int status = 0;
    if (!code_ && waitpid(pid_, &status, WNOHANG) == pid_) {
      code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    return code_.has_value();
  }

  const std::string output_;
  std::string seen_;
  int terminal_ = -1;
  pid_t pid_ = -1;
  std::optional<int> code_;
};

std::vector<std::string> Args(const TemporaryFolder& folder,
                              const std::vector<std::string>& more = {}) {
  std::vector<std::string> args = course_test::ChatServerProcess::Args(folder, more);
  args.erase(args.begin());  // --stop-on-eof: none of these has an input
  return args;
}

std::string LogOf(const TemporaryFolder& folder) {
  return ReadFile(folder.File("chat.log"));
}

}  // namespace

SCENARIO("A server whose terminal is closed stops in order") {
  const TemporaryFolder folder;
  Surrounded server(folder, Args(folder, {"log.file=" + folder.File("chat.log")}), true);
  REQUIRE(server.AwaitPrinted("ready"));
  auto talker = std::make_unique<course_test::ChatTalker>(server.Ports());
  REQUIRE(talker->LogIn());
  REQUIRE(talker->Enter(1));
  REQUIRE(talker->Echo("hello"));
  server.CloseTerminal();
  CHECK(server.Wait() == 0);
  // The system tells the session's leader, and a shell would once more: still in order.
  Surrounded twice(folder, Args(folder), true);
  REQUIRE(twice.AwaitPrinted("ready"));
  twice.Signal(SIGHUP);
  twice.CloseTerminal();
  CHECK(twice.Wait() == 0);
}

SCENARIO("Without a terminal SIGHUP opens the log file anew, and the server goes on") {
  const TemporaryFolder folder;
  Surrounded server(folder, Args(folder, {"log.file=" + folder.File("chat.log"), "log.level=info"}),
                    false);
  REQUIRE(server.AwaitPrinted("ready"));
  const course_test::ServerPorts ports = server.Ports();
  REQUIRE(WaitUntil([&] { return !LogOf(folder).empty(); }));
  std::filesystem::rename(folder.File("chat.log"), folder.File("yesterday.log"));
  server.Signal(SIGHUP);
  REQUIRE(WaitUntil([&] { return std::filesystem::exists(folder.File("chat.log")); }));
  course_test::ChatTalker talker(ports);
  CHECK(talker.LogIn());
  CHECK(WaitUntil([&] { return LogOf(folder).find("join") != std::string::npos; }));
  // A folder that has gone: it writes on where it did, and lives.
  server.Signal(SIGTERM);
  CHECK(server.Wait() == 0);
  CHECK(LogOf(folder).find("join") != std::string::npos);
}

SCENARIO("Under nohup a closed terminal is no reason to stop") {
  const TemporaryFolder folder;
  Surrounded server(folder, Args(folder), true, [] { signal(SIGHUP, SIG_IGN); });
  REQUIRE(server.AwaitPrinted("ready"));
  const course_test::ServerPorts ports = server.Ports();
  server.CloseTerminal();
  course_test::ChatTalker talker(ports);
  CHECK(talker.LogIn());
  CHECK(server.Runs());
  server.Signal(SIGTERM);
  CHECK(server.Wait() == 0);
}

SCENARIO("Output that nobody reads any more ends no server") {
  const TemporaryFolder folder;
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  Surrounded server(folder, Args(folder, {"log.level=info", "log.file=" + folder.File("chat.log")}),
                    false, [&] {
                      dup2(ends[1], STDOUT_FILENO);
                      dup2(ends[1], STDERR_FILENO);
                    });
  close(ends[1]);
  std::string printed;
  char c = 0;
  while (printed.find("ready\n") == std::string::npos && read(ends[0], &c, 1) == 1) printed += c;
  REQUIRE(printed.find("ready\n") != std::string::npos);
  close(ends[0]);
  const auto port = [&](const std::string& before) {
    return static_cast<unsigned short>(
        std::stoul(printed.substr(printed.find(before) + before.size())));
  };
  // Each of these is a line of the log, which goes to the pipe as well.
  for (int i = 0; i < 5; ++i) {
    course_test::ChatTalker talker(
        course_test::ServerPorts{port("listening on 127.0.0.1:"), port("auth on 127.0.0.1:")});
    CHECK(talker.LogIn());
  }
  CHECK(server.Runs());
  server.Signal(SIGTERM);
  CHECK(server.Wait() == 0);
}

SCENARIO("A limit on the size of files is a full disk: chat is refused, and the server lives") {
  const TemporaryFolder folder;
  constexpr rlim_t kLimit = 96 * 1024;
  Surrounded server(folder, Args(folder, {"journal.segment_bytes=1048576"}), false, [] {
    const rlimit limit{kLimit, kLimit};
    setrlimit(RLIMIT_FSIZE, &limit);
  });
  REQUIRE(server.AwaitPrinted("ready"));
  course_test::ChatTalker talker(server.Ports());
  REQUIRE(talker.LogIn());
  REQUIRE(talker.Enter(1));
  // What is heard is in the journal. The limit comes, and then a line is refused.
  const std::string text(900, 'x');
  int heard = 0;
  while (heard < 1000 && talker.Echo(text)) ++heard;
  CHECK(heard > 0);
  CHECK(heard < 1000);
  CHECK(server.Runs());
  server.Signal(SIGTERM);
  const auto code = server.Wait();
  INFO(server.Printed());
  REQUIRE(code);
  CHECK(*code < 128);
  CHECK(server.Printed().find(", lost 0,") != std::string::npos);
}
