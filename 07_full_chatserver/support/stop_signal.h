// How a server of the course is asked to stop: Ctrl-C (SIGINT, SIGTERM), closing its console or
// terminal (SIGHUP), or the end of its standard input when it was started with --stop-on-eof. The
// last is for starters that have no console to send Ctrl-C through. A server that has no terminal
// (a daemon) does on SIGHUP what daemons do: `on_hangup`, which opens the log file anew, and goes
// on.
//
// The stop arrives as the return of Wait() in an ordinary thread, never inside a signal handler:
// almost nothing may be called there, and PostQueuedCompletionStatus is not on that short list.
#pragma once

#include <functional>
#include <memory>

namespace apps {

class StopSignal {
 public:
  // Construct it first in main(): on Linux it blocks the signals for this thread and for every
  // thread that is started later, so that only Wait() sees them. Throws std::runtime_error.
  // `on_hangup` is called by whoever is in Wait(); empty: SIGHUP asks to stop without a terminal,
  // too.
  explicit StopSignal(bool stop_on_eof = false, std::function<void()> on_hangup = {});
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Blocks until the program is asked to stop. One thread at a time; a second call waits for being
  // asked a second time.
  void Wait();

  // Makes Wait() return as if Ctrl-C had come. Any thread.
  void Trigger();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace apps
