#include "tests/client/scenario_chat_client_pty.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

extern char** environ;

namespace tests {

namespace {

using Clock = std::chrono::steady_clock;

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

// How much of `bytes` is whole characters and whole escape sequences.
std::size_t WholePart(std::string_view bytes) {
  std::size_t end = bytes.size();
  const std::size_t escape = bytes.rfind('\x1b');
  if (escape != bytes.npos) {
    std::size_t at = escape + 1;
    if (at < bytes.size() && bytes[at] == '[') {
      ++at;
      while (at < bytes.size() && static_cast<unsigned char>(bytes[at]) < 0x40) ++at;
    }
    if (at >= bytes.size()) end = escape;
  }
  // A character that another may still join (a flag) is not of interest here; half a one is.
  for (std::size_t back = 1; back <= std::min<std::size_t>(end, 3); ++back) {
    const auto byte = static_cast<unsigned char>(bytes[end - back]);
    if (byte < 0x80) break;
    if (byte < 0xC0) continue;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    if (length > back) end -= back;
    break;
  }
  return end;
}

}  // namespace

PtyProgram::PtyProgram(const std::string& program, std::vector<std::string> args,
                       unsigned short columns, std::vector<std::string> environment)
    : screen_(columns) {
  master_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0) {
    throw std::runtime_error("no pseudo terminal");
  }
  char path[64];
  if (ptsname_r(master_, path, sizeof path) != 0) throw std::runtime_error("no pseudo terminal");
  slave_ = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  Resize(columns);

  const char* const folder = std::getenv("COURSE_BIN_DIR");
  const std::string file = std::string(folder ? folder : ".") + "/" + program;
  args.insert(args.begin(), file);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!text.starts_with("TERM=") && !text.starts_with("NO_COLOR="))
      environment.emplace_back(text);
  }
  environment.emplace_back("TERM=xterm-256color");

  // The child begins a session of its own, so that the terminal it opens becomes the one it is
  // controlled by: that is where SIGWINCH comes from.
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, path, O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
  const int error = posix_spawn(&pid_, file.c_str(), &files, &attributes, Pointers(args).data(),
                                Pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw std::runtime_error("cannot start " + file);
}

PtyProgram::~PtyProgram() {
  if (!exit_code_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(slave_);
  close(master_);
}

void PtyProgram::Type(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(master_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw std::runtime_error("cannot type");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void PtyProgram::Resize(unsigned short columns) {
  winsize window{};
  window.ws_row = 24;
  window.ws_col = columns;
  ioctl(slave_, TIOCSWINSZ, &window);
  screen_.Resize(columns);
}

void PtyProgram::Signal(int number) {
  kill(pid_, number);
}

bool PtyProgram::Receive(Clock::time_point deadline, std::string& bytes) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd entry{master_, POLLIN, 0};
  if (left <= 0 || poll(&entry, 1, static_cast<int>(left)) <= 0) return false;
  char data[4096];
  const ssize_t count = read(master_, data, sizeof data);
  if (count <= 0) return false;
  bytes.append(data, static_cast<std::size_t>(count));
  return true;
}

bool PtyProgram::ReadSome(Clock::time_point deadline) {
  if (!Receive(deadline, bytes_)) return false;
  Draw();
  return true;
}

void PtyProgram::Draw() {
  const std::string_view rest = std::string_view(bytes_).substr(drawn_);
  const std::size_t whole = WholePart(rest);
  screen_.Write(rest.substr(0, whole));
  drawn_ += whole;
}

bool PtyProgram::WaitUntil(const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + support::kPatience;
  while (!condition()) {
    if (!ReadSome(deadline)) return false;
  }
  return true;
}

bool PtyProgram::WaitFor(std::string_view text) {
  return WaitUntil([&] { return ScreenText().find(text) != std::string::npos; });
}

bool PtyProgram::WaitForInput(std::string_view text) {
  return WaitUntil([&] { return screen_.Text().back() == text; });
}

std::string PtyProgram::ScreenText() const {
  std::string text;
  for (const std::string& row : screen_.Text()) (text += row) += '\n';
  return text;
}

std::optional<int> PtyProgram::Wait() {
  const auto deadline = Clock::now() + support::kPatience;
  while (!exit_code_ && Clock::now() < deadline) {
    // Its output must be read, or it never ends; the poll is also the pause between two looks.
    ReadSome(std::min(deadline, Clock::now() + std::chrono::milliseconds(10)));
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) continue;
    exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    ReadTheRest(deadline);
  }
  return exit_code_;
}

// What the program has written is on its way to us through a queue of the kernel, and on a busy
// machine not yet here when the program has ended. A mark of our own goes the same way: what comes
// before it is all there was.
void PtyProgram::ReadTheRest(Clock::time_point deadline) {
  constexpr std::string_view kMark{"\0end of output", 14};
  if (write(slave_, kMark.data(), kMark.size()) < 0) return;
  std::string rest;
  while (!rest.ends_with(kMark)) {
    if (!Receive(deadline, rest)) return;
  }
  bytes_.append(rest, 0, rest.size() - kMark.size());
  Draw();
}

bool PtyProgram::IsCooked() const {
  termios mode{};
  tcgetattr(slave_, &mode);
  return (mode.c_lflag & ECHO) != 0 && (mode.c_lflag & ICANON) != 0 && (mode.c_lflag & ISIG) != 0;
}

}  // namespace tests
