#include "support/terminal.h"

#include <stdexcept>

#ifdef _WIN32
#include <windows.h>
#else
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace game {

namespace {

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";  // alternate screen, no cursor
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";

// Takes the first key out of `bytes`. An escape sequence that is cut off counts as no key.
Key TakeKey(std::string& bytes) {
  struct Entry {
    std::string_view bytes;
    Key key;
  };
  static constexpr Entry kKeys[] = {
      {"\x1b[A", Key::kUp}, {"\x1b[B", Key::kDown}, {"\x1b[D", Key::kLeft}, {"\x1b[C", Key::kRight},
      {"\x1bOA", Key::kUp}, {"\x1bOB", Key::kDown}, {"\x1bOD", Key::kLeft}, {"\x1bOC", Key::kRight},
      {"w", Key::kUp},      {"s", Key::kDown},      {"a", Key::kLeft},      {"d", Key::kRight},
      {"q", Key::kQuit},    {"\x03", Key::kQuit},
  };
  while (!bytes.empty()) {
    for (const Entry& entry : kKeys) {
      if (!bytes.starts_with(entry.bytes)) continue;
      bytes.erase(0, entry.bytes.size());
      return entry.key;
    }
    bytes.erase(0, 1);
  }
  return Key::kNone;
}

}  // namespace

#ifdef _WIN32

namespace {
DWORD old_input_mode = 0;
DWORD old_output_mode = 0;

void Put(std::string_view text) {
  DWORD written = 0;
  WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), text.data(), static_cast<DWORD>(text.size()), &written,
            nullptr);
}
}  // namespace

Terminal::Terminal() {
  const HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
  const HANDLE output = GetStdHandle(STD_OUTPUT_HANDLE);
  if (!GetConsoleMode(input, &old_input_mode) || !GetConsoleMode(output, &old_output_mode)) {
    throw std::runtime_error("this is no console; use --script");
  }
  SetConsoleMode(input, ENABLE_VIRTUAL_TERMINAL_INPUT);  // arrows as escape sequences, no echo
  SetConsoleMode(output, ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
  Put(kEnter);
}

Terminal::~Terminal() {
  Put(kLeave);
  SetConsoleMode(GetStdHandle(STD_INPUT_HANDLE), old_input_mode);
  SetConsoleMode(GetStdHandle(STD_OUTPUT_HANDLE), old_output_mode);
}

Key Terminal::ReadKey(int ms) {
  const HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
  if (unread_.empty() && WaitForSingleObject(input, static_cast<DWORD>(ms)) == WAIT_OBJECT_0) {
    // Only key-down events carry characters; a ReadFile here could block on a key-up event.
    INPUT_RECORD records[32];
    DWORD count = 0;
    ReadConsoleInputW(input, records, 32, &count);
    for (DWORD i = 0; i < count; ++i) {
      const KEY_EVENT_RECORD& key = records[i].Event.KeyEvent;
      const wchar_t character = key.uChar.UnicodeChar;
      if (records[i].EventType != KEY_EVENT || !key.bKeyDown || character == 0) continue;
      if (character < 128) unread_ += static_cast<char>(character);
    }
  }
  return TakeKey(unread_);
}

Terminal::Size Terminal::size() const {
  CONSOLE_SCREEN_BUFFER_INFO info{};
  if (!GetConsoleScreenBufferInfo(GetStdHandle(STD_OUTPUT_HANDLE), &info)) return {80, 24};
  return {info.srWindow.Right - info.srWindow.Left + 1,
          info.srWindow.Bottom - info.srWindow.Top + 1};
}

#else

namespace {

termios old_mode;  // written by the constructor before the handlers are installed

// async-signal-safe
void Put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void PutBack() {
  Put(kLeave);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &old_mode);
}

// A kill must not leave the person with a terminal that shows nothing.
void OnSignal(int signal_number) {
  PutBack();
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

}  // namespace

Terminal::Terminal() {
  if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &old_mode) != 0) {
    throw std::runtime_error("this is no terminal; use --script");
  }
  for (const int number : {SIGTERM, SIGHUP, SIGINT, SIGSEGV, SIGABRT}) signal(number, OnSignal);
  termios raw = old_mode;
  raw.c_lflag &= static_cast<tcflag_t>(~(ICANON | ECHO | ISIG | IEXTEN));
  raw.c_iflag &= static_cast<tcflag_t>(~(IXON | ICRNL));
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  Put(kEnter);
}

Terminal::~Terminal() {
  PutBack();
  for (const int number : {SIGTERM, SIGHUP, SIGINT, SIGSEGV, SIGABRT}) signal(number, SIG_DFL);
}

Key Terminal::ReadKey(int ms) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (unread_.empty() && poll(&input, 1, ms) > 0) {
    char bytes[64];
    const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
    if (count <= 0) return Key::kQuit;  // the terminal is gone
    unread_.append(bytes, static_cast<std::size_t>(count));
  }
  return TakeKey(unread_);
}

Terminal::Size Terminal::size() const {
  winsize window{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) return {80, 24};
  return {window.ws_col, window.ws_row};
}

#endif

void Terminal::Show(std::string_view picture) {
  // To the corner, each line cleared to its end as it is written, then all that is below: no
  // flicker.
  std::string text = "\x1b[H";
  for (const char c : picture) {
    if (c == '\r') text += "\x1b[K";
    text += c;
  }
  Put(text + "\x1b[K\x1b[J");
}

bool ReadInputLine(std::string& line) {
  line.clear();
  for (;;) {
    char c = 0;
#ifdef _WIN32
    DWORD count = 0;
    if (!ReadFile(GetStdHandle(STD_INPUT_HANDLE), &c, 1, &count, nullptr)) count = 0;
#else
    const ssize_t count = read(STDIN_FILENO, &c, 1);
    if (count < 0 && errno == EINTR) continue;
#endif
    if (count <= 0) return !line.empty();
    if (c == '\n') return true;
    if (c != '\r') line += c;
  }
}

}  // namespace game
