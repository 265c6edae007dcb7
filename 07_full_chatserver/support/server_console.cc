#include "support/server_console.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <unistd.h>

#include <cerrno>
#endif

#include <cstdlib>
#include <iostream>
#include <mutex>
#include <utility>

#include "services/log/log_setup.h"
#include "support/terminal/line_splitter.h"

namespace apps {

namespace {

// What there is of the standard input; 0: its end. Not by std::cin: that waits with a lock of the C
// library in its hand, which the clean-up behind main() wants too (glibc 2.41 waits for it: a
// server that had ended in order never exited).
std::size_t ReadInput(char* data, std::size_t size) {
#ifdef _WIN32
  DWORD count = 0;
  const HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
  return ReadFile(input, data, static_cast<DWORD>(size), &count, nullptr) ? count : 0;
#else
  while (true) {
    const ssize_t count = read(STDIN_FILENO, data, size);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return 0;
  }
#endif
}

}  // namespace

// The reading thread cannot be interrupted, so it is detached and owns a share of this; what it may
// call goes away with the console.
struct ServerConsole::Input {
  bool stop_on_eof = false;
  std::mutex lock;
  StopSignal* stop = nullptr;           // guarded by lock; null: the console has gone
  std::function<std::string()> status;  // guarded by lock
  bool asked = false;                   // guarded by lock; to stop, in whichever way

  void Command(const std::string& line) {
    std::string answer;
    {
      const std::lock_guard guard(lock);
      if (stop == nullptr) return;
      if (line == "shutdown" || line == "quit") {
        asked = true;
        stop->Trigger();
      } else if (line == "status") {
        answer = status();
      } else if (line.starts_with("log ")) {
        const bool known = services::SetLogLevel(line.substr(4));
        answer =
            known ? "log level " + line.substr(4) : "levels: trace, debug, info, warn, error, off";
      } else if (!line.empty()) {
        answer = "commands: shutdown, status, log LEVEL";
      }
    }
    // Not under the lock: whoever should read it may have stopped reading.
    if (!answer.empty()) std::cout << answer << std::endl;
  }

  // The end of the input behind another request is no second one.
  void AtEnd() {
    const std::lock_guard guard(lock);
    if (stop != nullptr && stop_on_eof && !asked) stop->Trigger();
  }
};

ServerConsole::ServerConsole(bool stop_on_eof)
    : stop_(false, [] { services::ReopenLogFile(); }), input_(std::make_shared<Input>()) {
  input_->stop_on_eof = stop_on_eof;
}

ServerConsole::~ServerConsole() {
  {
    const std::lock_guard guard(input_->lock);
    input_->stop = nullptr;
    input_->status = nullptr;
  }
  going_ = true;
  if (second_.joinable()) {
    stop_.Trigger();
    second_.join();
  }
}

void ServerConsole::Run(std::function<std::string()> status) {
  {
    const std::lock_guard guard(input_->lock);
    input_->stop = &stop_;
    input_->status = std::move(status);
  }
  std::thread([input = input_] {
    terminal::LineSplitter lines;
    char data[512];
    while (const std::size_t count = ReadInput(data, sizeof data)) {
      lines.Feed({data, count});
      while (const auto line = lines.Next()) input->Command(line->text);
    }
    lines.End();
    while (const auto line = lines.Next()) input->Command(line->text);
    input->AtEnd();
  }).detach();
  stop_.Wait();
  {
    const std::lock_guard guard(input_->lock);
    input_->asked = true;
    // Nobody asks a server about now that is about to go.
    input_->status = [] { return std::string("shutting down"); };
  }
  second_ = std::thread([this] {
    stop_.Wait();
    if (going_) return;  // nobody asked: the console is going
    std::cerr << "forced: ended without an ordered shutdown" << std::endl;
    std::_Exit(kForced);
  });
}

}  // namespace apps
