// A program of the stage in a terminal (a pseudo terminal of Linux): the test types, and sees what
// a person would see.
//
// Threading: one test thread. All waits end at a deadline.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/client/tiny_terminal.h"
#include "tests/support/process.h"

namespace tests {

class PtyProgram {
 public:
  // `environment`: "NAME=value", added to TERM=xterm-256color and the test's own environment.
  PtyProgram(const std::string& program, std::vector<std::string> args, unsigned short columns = 60,
             std::vector<std::string> environment = {});
  ~PtyProgram();  // kills the program if it still runs
  PtyProgram(const PtyProgram&) = delete;
  PtyProgram& operator=(const PtyProgram&) = delete;

  void Type(std::string_view bytes);
  void Resize(unsigned short columns);
  void Signal(int number);

  // Reads until `condition` holds; false at the deadline.
  bool WaitUntil(const std::function<bool()>& condition);
  // Reads until a row of the screen holds `text`.
  bool WaitFor(std::string_view text);
  // Reads until the last row is exactly `text`.
  bool WaitForInput(std::string_view text);
  // The exit code, 128 + n after signal n; reads what is left of the output.
  std::optional<int> Wait();

  // What the screen shows, and every byte that came.
  std::string ScreenText() const;
  const std::string& bytes() const { return bytes_; }
  const TinyTerminal& screen() const { return screen_; }

  // Does the terminal echo and collect lines (as it does for a shell)?
  bool IsCooked() const;

 private:
  bool ReadSome(std::chrono::steady_clock::time_point deadline);
  void ReadTheRest(std::chrono::steady_clock::time_point deadline);
  bool Receive(std::chrono::steady_clock::time_point deadline, std::string& bytes);
  void Draw();

  int master_ = -1;
  int slave_ = -1;  // held open, so that the terminal outlives the program
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
  std::string bytes_;
  std::size_t drawn_ = 0;  // of bytes_
  TinyTerminal screen_;
};

}  // namespace tests
