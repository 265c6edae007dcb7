// Console on Linux: poll over standard input, an eventfd and a signalfd; termios for the mode.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

#include "support/terminal/console.h"

namespace terminal {

namespace {

constexpr std::string_view kEnterKeys = "\x1b[?2004h";  // bracketed paste
constexpr std::string_view kLeaveKeys = "\x1b[?2004l\x1b[0m\r\x1b[J";

constexpr std::array kCrashes = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

// For the crash handler, which cannot reach an object. Written before the handlers are installed.
termios old_mode;
struct sigaction old_crash_actions[kCrashes.size()];

// async-signal-safe
bool WriteAll(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {  // another program has made the terminal non-blocking
      pollfd output{STDOUT_FILENO, POLLOUT, 0};
      poll(&output, 1, -1);
      continue;
    }
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// async-signal-safe
void PutBack() {
  WriteAll(kLeaveKeys);
  tcsetattr(STDIN_FILENO, TCSADRAIN, &old_mode);
}

// Puts the terminal back, then lets happen what would have happened without us: the old action gets
// the signal (a sanitizer's report, a core file).
void OnCrash(int number) {
  PutBack();
  for (std::size_t i = 0; i < kCrashes.size(); ++i) {
    if (kCrashes[i] == number) sigaction(number, &old_crash_actions[i], nullptr);
  }
  raise(number);  // blocked until this handler returns
}

void SetRawMode() {
  termios raw = old_mode;
  raw.c_lflag &= static_cast<tcflag_t>(~(ICANON | ECHO | ISIG | IEXTEN));
  raw.c_iflag &= static_cast<tcflag_t>(~(IXON | ICRNL | INLCR | ISTRIP));
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  WriteAll(kEnterKeys);
}

bool WantsColours() {
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const term = std::getenv("TERM");
  return (no_color == nullptr || *no_color == '\0') && term != nullptr &&
         std::string_view(term) != "dumb";
}

}  // namespace

struct Console::State {
  bool keys = false;
  bool colours = false;
  bool input_ended = false;
  bool output_gone = false;  // a write failed
  bool woken_last = false;   // whoever wakes us all the time must not keep the keys away
  int wake = -1;             // eventfd: Wake()
  int signals = -1;          // signalfd
  sigset_t old_blocked{};
};

Console::Console() : state_(std::make_unique<State>()) {
  sigset_t taken;
  sigemptyset(&taken);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT}) {
    sigaddset(&taken, number);
  }
  pthread_sigmask(SIG_BLOCK, &taken, &state_->old_blocked);
  signal(SIGPIPE, SIG_IGN);  // a write to a pipe that nobody reads says so by its result
  state_->signals = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
  state_->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (state_->signals < 0 || state_->wake < 0) {
    throw std::runtime_error("no descriptors left for the console");
  }
  const bool output_terminal = isatty(STDOUT_FILENO) == 1;
  state_->colours = output_terminal && WantsColours();
  const char* const term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  state_->keys = output_terminal && !dumb && tcgetattr(STDIN_FILENO, &old_mode) == 0;
  if (!state_->keys) return;
  struct sigaction action {};
  action.sa_handler = OnCrash;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kCrashes.size(); ++i) {
    sigaction(kCrashes[i], &action, &old_crash_actions[i]);
  }
  SetRawMode();
}

Console::~Console() {
  if (state_->keys) {
    PutBack();
    for (std::size_t i = 0; i < kCrashes.size(); ++i) {
      sigaction(kCrashes[i], &old_crash_actions[i], nullptr);
    }
  }
  // A second Ctrl-C that nobody has taken must not end the program on its way out.
  signalfd_siginfo ignored{};
  while (read(state_->signals, &ignored, sizeof ignored) > 0) {
  }
  close(state_->wake);
  close(state_->signals);
  pthread_sigmask(SIG_SETMASK, &state_->old_blocked, nullptr);
}

bool Console::keys() const {
  return state_->keys;
}

bool Console::colours() const {
  return state_->colours;
}

std::size_t Console::columns() const {
  winsize window{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) return 80;
  return window.ws_col;
}

void Console::Wake() {
  eventfd_write(state_->wake, 1);
}

bool Console::Write(std::string_view text) {
  if (!state_->output_gone && !WriteAll(text)) state_->output_gone = true;
  return !state_->output_gone;
}

ConsoleEvent Console::Wait(bool want_input, int timeout_ms) {
  using EventKind = ConsoleEvent::Kind;
  if (state_->output_gone) return {EventKind::kStop, {}};
  for (;;) {
    const bool read_input = want_input && !state_->input_ended;
    pollfd entries[3] = {{state_->signals, POLLIN, 0},
                         {state_->wake, POLLIN, 0},
                         {read_input ? STDIN_FILENO : -1, POLLIN, 0}};
    const int ready = poll(entries, 3, timeout_ms);
    if (ready == 0) return {EventKind::kTimeout, {}};
    if (ready < 0) continue;  // EINTR
    if (entries[0].revents != 0) {
      signalfd_siginfo info{};
      if (read(state_->signals, &info, sizeof info) != sizeof info) continue;
      switch (info.ssi_signo) {
        case SIGCONT:  // the shell has used the terminal while we were stopped
          if (state_->keys) SetRawMode();
          return {EventKind::kResized, {}};
        case SIGWINCH:
          return {EventKind::kResized, {}};
        default:
          return {EventKind::kStop, {}};
      }
    }
    const bool input_first = state_->woken_last && entries[2].revents != 0;
    state_->woken_last = entries[1].revents != 0 && !input_first;
    if (state_->woken_last) {
      eventfd_t count = 0;
      eventfd_read(state_->wake, &count);
      return {EventKind::kWoken, {}};
    }
    char bytes[4096];
    const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
    if (count > 0) return {EventKind::kInput, std::string(bytes, static_cast<std::size_t>(count))};
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (state_->keys) return {EventKind::kStop, {}};  // the terminal has gone away
    state_->input_ended = true;
    return {EventKind::kEndOfInput, {}};
  }
}

}  // namespace terminal
