// The terminal that the program runs in, or the pipe: what the person types comes in, what the
// program shows goes out.
//
// Two ways of working, chosen by what standard input and output are:
//   keys    both are a terminal: bytes of keys arrive as they are pressed, nothing is echoed,
//   escape
//           sequences move the cursor. KeyReader and LineEditor make lines of it, Screen draws.
//   lines   anything else (a pipe, a file, a test): bytes as they come, plain text out.
//
// The terminal gets its old mode back on every way out: the destructor, Ctrl-C, a request to end,
// and a crash. (After a SIGKILL nobody can: `stty sane` helps.)
//
// One object at a time, constructed before the first thread is started, because it blocks the
// signals it takes over and threads inherit that.
//
// Units: bytes are UTF-8, on Windows too. Threading: Wake by any thread, everything else by one.
// Errors: the constructor throws std::runtime_error (no descriptors left); a terminal that has gone
// away is Event::kStop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace terminal {

struct ConsoleEvent {
  enum class Kind : std::uint8_t {
    kInput,       // `bytes` were typed, or read from the pipe
    kEndOfInput,  // the pipe is at its end; not handed out again
    kResized,     // the window has another size now, or the program was suspended: draw again
    kWoken,       // Wake() was called, once or more often
    kStop,        // asked to end (Ctrl-C in lines mode, SIGTERM, the window was closed)
    kTimeout
  };
  Kind kind = Kind::kTimeout;
  std::string bytes;
};

class Console {
 public:
  Console();
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  // Keys mode? Constant.
  [[nodiscard]] bool keys() const;
  // The output is a terminal that shows colours, and the person has not said NO_COLOR
  // (no-color.org). Constant.
  [[nodiscard]] bool colours() const;
  // Of the window, now; 80 when there is none.
  [[nodiscard]] std::size_t columns() const;

  // The next event. With want_input = false standard input is left alone: a pipe waits then.
  // -1: no time limit.
  ConsoleEvent Wait(bool want_input, int timeout_ms = -1);
  void Wake();

  // All of `text`, or false: the output is gone.
  bool Write(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace terminal
