// How a server of the course is asked to stop: Ctrl-C (SIGINT, SIGTERM), closing its console or
// terminal (SIGHUP), or the end of its standard input when it was started with --stop-on-eof. The
// last is for starters that have no console to send Ctrl-C through.
//
// The stop arrives as the return of Wait() in an ordinary thread, never inside a signal handler:
// almost nothing may be called there, and PostQueuedCompletionStatus is not on that short list.
#pragma once

#include <memory>

namespace apps {

class StopSignal {
 public:
  // Construct it first in main(): on Linux it blocks the signals for this thread and for every
  // thread that is started later, so that only Wait() sees them. Throws std::runtime_error.
  explicit StopSignal(bool stop_on_eof = false);
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Blocks until the program is asked to stop. One thread.
  void Wait();

  // Makes Wait() return as if Ctrl-C had come. Any thread.
  void Trigger();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace apps
