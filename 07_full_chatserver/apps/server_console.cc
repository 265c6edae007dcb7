#include "apps/server_console.h"

#include <cstdlib>
#include <iostream>
#include <mutex>
#include <thread>
#include <utility>

#include "services/log/log_setup.h"

namespace apps {

// The reading thread cannot be interrupted, so it is detached and owns a share of this; what it may
// call goes away with the console.
struct ServerConsole::Input {
  bool stop_on_eof = false;
  std::mutex lock;
  StopSignal* stop = nullptr;           // guarded by lock; null: the console has gone
  std::function<std::string()> status;  // guarded by lock

  void Command(const std::string& line) {
    const std::lock_guard guard(lock);
    if (stop == nullptr) return;
    if (line == "shutdown" || line == "quit") {
      stop->Trigger();
    } else if (line == "status") {
      std::cout << status() << std::endl;
    } else if (line.starts_with("log ")) {
      const bool known = services::SetLogLevel(line.substr(4));
      std::cout << (known ? "log level " + line.substr(4)
                          : std::string("levels: trace, debug, info, warn, error, off"))
                << std::endl;
    } else if (!line.empty()) {
      std::cout << "commands: shutdown, status, log LEVEL" << std::endl;
    }
  }

  void AtEnd() {
    const std::lock_guard guard(lock);
    if (stop != nullptr && stop_on_eof) stop->Trigger();
  }
};

ServerConsole::ServerConsole(bool stop_on_eof) : input_(std::make_shared<Input>()) {
  input_->stop_on_eof = stop_on_eof;
}

ServerConsole::~ServerConsole() {
  const std::lock_guard guard(input_->lock);
  input_->stop = nullptr;
  input_->status = nullptr;
}

void ServerConsole::Run(std::function<std::string()> status) {
  {
    const std::lock_guard guard(input_->lock);
    input_->stop = &stop_;
    input_->status = std::move(status);
  }
  std::thread([input = input_] {
    for (std::string line; std::getline(std::cin, line);) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      input->Command(line);
    }
    input->AtEnd();
  }).detach();
  stop_.Wait();
  {
    // Nobody asks a server about now that is about to go.
    const std::lock_guard guard(input_->lock);
    input_->status = [] { return std::string("shutting down"); };
  }
  // No join: it waits for something that does not come when all goes well.
  std::thread([input = input_, stop = &stop_] {
    stop->Wait();
    std::cerr << "forced: ended without an ordered shutdown" << std::endl;
    std::_Exit(kForced);
  }).detach();
}

}  // namespace apps
