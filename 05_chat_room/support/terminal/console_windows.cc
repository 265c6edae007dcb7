// Console on Windows: console input events or, for a pipe, a thread that reads; UTF-8 both ways.
#include <windows.h>

#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <utility>

#include "support/terminal/console.h"

namespace terminal {

namespace {

constexpr std::string_view kEnterKeys = "\x1b[?2004h";  // bracketed paste
constexpr std::string_view kLeaveKeys = "\x1b[?2004l\x1b[0m\r\x1b[J";

// The control handler and the thread that reads a pipe outlive a Console (a blocking read cannot be
// called back portably), so what they touch is the process's own and is never freed.
struct Process {
  HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
  HANDLE output = GetStdHandle(STD_OUTPUT_HANDLE);
  HANDLE stop =
      CreateEventW(nullptr, TRUE, FALSE, nullptr);  // set by the control handler, for good
  // A pipe's bytes. The reader owns `chunk` until it sets `read`, the console until it sets
  // `taken`.
  HANDLE read = CreateEventW(nullptr, FALSE, FALSE, nullptr);
  HANDLE taken = CreateEventW(nullptr, FALSE, FALSE, nullptr);
  std::string chunk;  // empty: the end of the input
  // For the way out; written before the control handler is installed.
  bool keys = false;
  DWORD input_mode = 0;
  DWORD output_mode = 0;
  UINT output_page = 0;
};

Process& TheProcess() {
  static Process* const process = new Process;  // never freed, see above
  return *process;
}

bool WriteAll(HANDLE output, std::string_view text) {
  while (!text.empty()) {
    DWORD written = 0;
    const DWORD size = static_cast<DWORD>(text.size() < 32768 ? text.size() : 32768);
    if (!WriteFile(output, text.data(), size, &written, nullptr) || written == 0) return false;
    text.remove_prefix(written);
  }
  return true;
}

void PutBack() {
  Process& process = TheProcess();
  if (!process.keys) return;
  WriteAll(process.output, kLeaveKeys);
  SetConsoleMode(process.input, process.input_mode);
  SetConsoleMode(process.output, process.output_mode);
  SetConsoleOutputCP(process.output_page);
}

BOOL WINAPI OnControl(DWORD) {
  SetEvent(TheProcess().stop);
  return TRUE;
}

LONG WINAPI OnCrash(EXCEPTION_POINTERS*) {
  PutBack();
  return EXCEPTION_CONTINUE_SEARCH;
}

void ReadPipe() {
  Process& process = TheProcess();
  for (;;) {
    char bytes[4096];
    DWORD count = 0;
    if (!ReadFile(process.input, bytes, sizeof bytes, &count, nullptr)) count = 0;
    process.chunk.assign(bytes, count);
    SetEvent(process.read);
    if (count == 0) return;
    WaitForSingleObject(process.taken, INFINITE);
  }
}

std::string ToUtf8(std::wstring_view text) {
  const int size = static_cast<int>(text.size());
  const int bytes =
      WideCharToMultiByte(CP_UTF8, 0, text.data(), size, nullptr, 0, nullptr, nullptr);
  std::string result(static_cast<std::size_t>(bytes), '\0');
  WideCharToMultiByte(CP_UTF8, 0, text.data(), size, result.data(), bytes, nullptr, nullptr);
  return result;
}

}  // namespace

struct Console::State {
  bool colours = false;
  bool input_ended = false;
  bool output_gone = false;  // a write failed
  bool woken_last = false;   // whoever wakes us all the time must not keep the keys away
  HANDLE wake = CreateEventW(nullptr, FALSE, FALSE, nullptr);
  bool reading = false;  // ReadPipe runs
  std::wstring half;     // the first half of a surrogate pair, of which the second is to come

  // The characters of the waiting console events. Reading the console as a file could block on an
  // event that carries none (a key going up). `resized`: one of them was a change of the window.
  std::string ReadKeys(bool& resized) {
    INPUT_RECORD records[128];
    DWORD count = 0;
    if (!ReadConsoleInputW(TheProcess().input, records, 128, &count)) return {};
    std::wstring text = std::exchange(half, {});
    for (DWORD i = 0; i < count; ++i) {
      if (records[i].EventType == WINDOW_BUFFER_SIZE_EVENT) resized = true;
      if (records[i].EventType != KEY_EVENT) continue;
      const KEY_EVENT_RECORD& key = records[i].Event.KeyEvent;
      // An input method hands over its text with the release of the Alt key.
      const bool composed = !key.bKeyDown && key.wVirtualKeyCode == VK_MENU;
      if (key.uChar.UnicodeChar != 0 && (key.bKeyDown || composed)) {
        text.append(key.wRepeatCount, key.uChar.UnicodeChar);
      }
    }
    if (!text.empty() && IS_HIGH_SURROGATE(text.back())) {
      half.assign(1, text.back());
      text.pop_back();
    }
    return ToUtf8(text);
  }
};

Console::Console() : state_(std::make_unique<State>()) {
  Process& process = TheProcess();
  if (process.stop == nullptr || process.read == nullptr || process.taken == nullptr ||
      state_->wake == nullptr) {
    throw std::runtime_error("no handles left for the console");
  }
  ResetEvent(process.stop);
  const bool output_console = GetConsoleMode(process.output, &process.output_mode) != 0;
  process.output_page = GetConsoleOutputCP();
  process.keys = output_console && GetConsoleMode(process.input, &process.input_mode) != 0;
  if (output_console) {
    // Escape sequences need Windows 10 or later; without them we work line by line.
    const bool sequences =
        SetConsoleMode(process.output, ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT |
                                           ENABLE_VIRTUAL_TERMINAL_PROCESSING) != 0;
    SetConsoleOutputCP(CP_UTF8);
    const char* const no_color = std::getenv("NO_COLOR");
    state_->colours = sequences && (no_color == nullptr || *no_color == '\0');
    process.keys = process.keys && sequences;
  }
  SetConsoleCtrlHandler(OnControl, TRUE);
  if (!process.keys) return;
  SetUnhandledExceptionFilter(OnCrash);
  SetConsoleMode(process.input, ENABLE_VIRTUAL_TERMINAL_INPUT | ENABLE_WINDOW_INPUT);
  WriteAll(process.output, kEnterKeys);
}

Console::~Console() {
  PutBack();
  TheProcess().keys = false;
  SetConsoleCtrlHandler(OnControl, FALSE);
  CloseHandle(state_->wake);
}

bool Console::keys() const {
  return TheProcess().keys;
}

bool Console::colours() const {
  return state_->colours;
}

std::size_t Console::columns() const {
  CONSOLE_SCREEN_BUFFER_INFO info{};
  if (!GetConsoleScreenBufferInfo(TheProcess().output, &info)) return 80;
  return static_cast<std::size_t>(info.srWindow.Right - info.srWindow.Left + 1);
}

void Console::Wake() {
  SetEvent(state_->wake);
}

bool Console::Write(std::string_view text) {
  if (!state_->output_gone && !WriteAll(TheProcess().output, text)) state_->output_gone = true;
  return !state_->output_gone;
}

ConsoleEvent Console::Wait(bool want_input, int timeout_ms) {
  using EventKind = ConsoleEvent::Kind;
  if (state_->output_gone) return {EventKind::kStop, {}};
  Process& process = TheProcess();
  const bool read_input = want_input && !state_->input_ended;
  if (read_input && !process.keys && !state_->reading) {
    state_->reading = true;
    std::thread(ReadPipe).detach();
  }
  const HANDLE input = process.keys ? process.input : process.read;
  for (;;) {
    const bool input_first = read_input && state_->woken_last;
    const HANDLE handles[3] = {process.stop, input_first ? input : state_->wake,
                               input_first ? state_->wake : input};
    const DWORD limit = timeout_ms < 0 ? INFINITE : static_cast<DWORD>(timeout_ms);
    const DWORD ready = WaitForMultipleObjects(read_input ? 3 : 2, handles, FALSE, limit);
    if (ready == WAIT_OBJECT_0) return {EventKind::kStop, {}};
    if (ready != WAIT_OBJECT_0 + 1 && ready != WAIT_OBJECT_0 + 2) return {EventKind::kTimeout, {}};
    state_->woken_last = handles[ready - WAIT_OBJECT_0] == state_->wake;
    if (state_->woken_last) return {EventKind::kWoken, {}};
    if (process.keys) {
      bool resized = false;
      std::string bytes = state_->ReadKeys(resized);
      if (!bytes.empty()) return {EventKind::kInput, std::move(bytes)};
      if (resized) return {EventKind::kResized, {}};
      continue;  // an event without a character
    }
    std::string bytes = std::move(process.chunk);
    if (bytes.empty()) {
      state_->input_ended = true;
      return {EventKind::kEndOfInput, {}};
    }
    SetEvent(process.taken);
    return {EventKind::kInput, std::move(bytes)};
  }
}

}  // namespace terminal
