// Starts a program of the stage for a scenario test, reads what it prints, and stops it.
//
// Units: all waits are milliseconds and end with a result, never with a hang. Threading: one test
// thread uses a Process; two threads of the Process collect its output in the background.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace support {

class NativeProcess;

// Long enough for Wine and for a sanitizer build on a busy machine; a passing test never waits so
// long.
inline constexpr std::chrono::milliseconds kPatience{30'000};

class Process {
 public:
  // Starts `program` from the folder named by COURSE_BIN_DIR (a program of this stage).
  // Throws std::runtime_error if it cannot be started.
  explicit Process(const std::string& program, const std::vector<std::string>& args = {});
  // Kills the program if it still runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // The next line of standard output without its line end; nothing at the deadline or at the end.
  std::optional<std::string> ReadLine(std::chrono::milliseconds patience = kPatience);

  // Reads lines up to the first that contains `text` and returns that line.
  std::optional<std::string> ReadLineWith(std::string_view text,
                                          std::chrono::milliseconds patience = kPatience);

  // Reads lines up to "listening on ADDRESS:PORT" and returns PORT.
  std::optional<unsigned short> ReadPort(std::chrono::milliseconds patience = kPatience);

  // Everything printed so far, with plain line ends; complete once Wait() has returned a code.
  std::string Output() const;
  std::string Errors() const;

  bool Write(std::string_view text);
  void CloseInput();

  // Asks the program to stop as a person does: Ctrl-C. A test process under Wine has no console to
  // send it through, so there the end of the program's input means the same; give servers
  // --stop-on-eof when a test starts them.
  void Stop();

  // The exit code once the program has ended; nothing at the deadline. A program that was ended by
  // signal n gives 128 + n.
  std::optional<int> Wait(std::chrono::milliseconds patience = kPatience);

  void Kill();

 private:
  struct Stream {
    std::string text;      // guarded by lock_
    bool at_end = false;   // guarded by lock_
    std::size_t read = 0;  // test thread only: how much ReadLine has handed out
  };

  void Collect(Stream& stream, bool errors);
  void WatchExit();

  std::unique_ptr<NativeProcess> native_;
  mutable std::mutex lock_;
  std::condition_variable changed_;  // output arrived, a stream ended, or the program ended
  Stream output_;
  Stream errors_;
  std::optional<int> exit_code_;  // guarded by lock_
  std::vector<std::thread> threads_;
};

// Runs a program to its end.
struct Finished {
  std::optional<int> exit_code;  // nothing: it was still running at the deadline and was killed
  std::string output;
  std::string errors;
};
Finished Run(const std::string& program, const std::vector<std::string>& args = {},
             std::chrono::milliseconds patience = kPatience);

}  // namespace support
