#include "support/stop_signal.h"

#include <stdexcept>
#include <utility>

#ifdef _WIN32
#include <windows.h>

#include <thread>
#else
#include <fcntl.h>
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

StopSignal::StopSignal(bool stop_on_eof, std::function<void()>)
    : state_(std::make_unique<State>()) {
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
  ResetEvent(stop_event);
}

void StopSignal::Trigger() {
  SetEvent(stop_event);
}

#else

struct StopSignal::State {
  int signals = -1;  // signalfd: readable when one of the signals came
  int trigger = -1;  // eventfd: Trigger()
  bool stop_on_eof = false;
  std::function<void()> on_hangup;  // empty: SIGHUP asks to stop
  bool asked = false;               // whoever is in Wait(): it has returned before

  void Wait();
  // Whether this signal asks to stop.
  bool Asks(const signalfd_siginfo& signal) const {
    if (signal.ssi_signo != SIGHUP) return true;
    if (on_hangup) on_hangup();
    // The terminal's end may come behind Ctrl-C, and from the shell and the system both: it is
    // never the second request, which would be impatience.
    return !on_hangup && !asked;
  }
};

namespace {

bool HasTerminal() {
  const int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal >= 0) close(terminal);
  return terminal >= 0;
}

}  // namespace

StopSignal::StopSignal(bool stop_on_eof, std::function<void()> on_hangup)
    : state_(std::make_unique<State>()) {
  if (!HasTerminal()) state_->on_hangup = std::move(on_hangup);
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
  state_->Wait();
  state_->asked = true;
}

void StopSignal::State::Wait() {
  pollfd entries[3] = {
      {signals, POLLIN, 0}, {trigger, POLLIN, 0}, {stop_on_eof ? STDIN_FILENO : -1, POLLIN, 0}};
  while (true) {
    if (poll(entries, 3, -1) < 0) {
      if (errno == EINTR) {
        continue;
      }
      return;
    }
    // Taken, so that the next Wait() waits for the next one.
    signalfd_siginfo signal;
    eventfd_t count = 0;
    if (entries[0].revents != 0 && read(signals, &signal, sizeof signal) > 0 && Asks(signal))
      return;
    if (entries[1].revents != 0 && eventfd_read(trigger, &count) == 0) return;
    char ignored[256];
    if (entries[2].revents != 0 && read(STDIN_FILENO, ignored, sizeof ignored) <= 0) {
      stop_on_eof = false;
      return;
    }
  }
}

void StopSignal::Trigger() {
  eventfd_write(state_->trigger, 1);
}

#endif

}  // namespace apps
