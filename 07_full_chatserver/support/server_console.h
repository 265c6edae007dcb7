// The console of a server: lines of the standard input, on a thread of its own.
//
//   shutdown          ordered end, as Ctrl-C
//   status            one line about now
//   log LEVEL         trace, debug, info, warn, error, off
//
// And the end of a server: the first Ctrl-C (or `shutdown`, or the end of the input when that is
// wanted) begins the ordered shutdown, a second one ends the process at once.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "support/stop_signal.h"

namespace apps {

inline constexpr int kForced = 130;  // exit code of a second Ctrl-C

class ServerConsole {
 public:
  // Before any other thread is started. `stop_on_eof`: for starters that have no Ctrl-C to send.
  explicit ServerConsole(bool stop_on_eof);
  ~ServerConsole();
  ServerConsole(const ServerConsole&) = delete;
  ServerConsole& operator=(const ServerConsole&) = delete;

  // Reads commands from now on, and blocks until the server is to end. From then on a second
  // request ends the process with kForced.
  void Run(std::function<std::string()> status);

 private:
  struct Input;
  StopSignal stop_;
  const std::shared_ptr<Input> input_;
  std::thread second_;               // waits for the second request
  std::atomic<bool> going_ = false;  // set by the destructor, read by second_
};

}  // namespace apps
