#include "support/stop_signal.h"

#include <stdexcept>

#ifdef _WIN32
#include <windows.h>

#include <thread>
#else
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace apps {

#ifdef _WIN32

namespace {
// The control handler and the input thread outlive a StopSignal, so the event is the process's own.
HANDLE stop_event = nullptr;  // set by any thread, waited for by Wait()

BOOL WINAPI OnConsoleControl(DWORD) {
  SetEvent(stop_event);
  return TRUE;
}

void WatchInput() {
  const HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
  char ignored[256];
  DWORD count = 0;
  while (ReadFile(input, ignored, sizeof ignored, &count, nullptr) && count != 0) {
  }
  SetEvent(stop_event);
}
}  // namespace

struct StopSignal::State {};

StopSignal::StopSignal(bool stop_on_eof) : state_(std::make_unique<State>()) {
  if (stop_event == nullptr) {
    stop_event = CreateEventW(nullptr, TRUE, FALSE, nullptr);
  }
  SetConsoleCtrlHandler(OnConsoleControl, TRUE);
  if (stop_on_eof) {
    // Detached: a console read cannot be interrupted portably, and the thread owns nothing.
    std::thread(WatchInput).detach();
  }
}

StopSignal::~StopSignal() {
  SetConsoleCtrlHandler(OnConsoleControl, FALSE);
}

void StopSignal::Wait() {
  WaitForSingleObject(stop_event, INFINITE);
}

void StopSignal::Trigger() {
  SetEvent(stop_event);
}

#else

struct StopSignal::State {
  int signals = -1;  // signalfd: readable when one of the signals came
  int trigger = -1;  // eventfd: Trigger()
  bool stop_on_eof = false;
};

StopSignal::StopSignal(bool stop_on_eof) : state_(std::make_unique<State>()) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  struct sigaction hangup {};
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);  // not so under nohup
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // Output that nobody reads any more and a file beyond `ulimit -f` are errors of that write; they
  // do not end a server.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  state_->signals = signalfd(-1, &set, SFD_CLOEXEC);
  state_->trigger = eventfd(0, EFD_CLOEXEC);
  state_->stop_on_eof = stop_on_eof;
  if (state_->signals < 0 || state_->trigger < 0) {
    throw std::runtime_error("cannot watch for Ctrl-C: out of descriptors");
  }
}

StopSignal::~StopSignal() {
  close(state_->signals);
  close(state_->trigger);
}

void StopSignal::Wait() {
  pollfd entries[3] = {{state_->signals, POLLIN, 0},
                       {state_->trigger, POLLIN, 0},
                       {state_->stop_on_eof ? STDIN_FILENO : -1, POLLIN, 0}};
  while (true) {
    if (poll(entries, 3, -1) < 0) {
      if (errno == EINTR) {
        continue;
      }
      return;
    }
    if (entries[0].revents != 0 || entries[1].revents != 0) {
      return;
    }
    char ignored[256];
    if (entries[2].revents != 0 && read(STDIN_FILENO, ignored, sizeof ignored) <= 0) {
      return;
    }
  }
}

void StopSignal::Trigger() {
  eventfd_write(state_->trigger, 1);
}

#endif

}  // namespace apps
