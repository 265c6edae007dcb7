// A program that a test starts, kills and waits for (redis-server, prometheus, chromium). Linux.
// It dies with the test, however the test ends.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace outside {

class ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess() { Kill(); }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // command[0] is looked up in PATH. Output goes to the file `output` (appended).
  // False: fork failed. A program that cannot be started ends with exit code 127.
  bool Start(const std::vector<std::string>& command, const std::string& output);

  bool IsRunning();
  void Signal(int signal);
  // SIGKILL, and waits until it is gone.
  void Kill();
  // The exit code (128 + signal when killed by one); nothing when it did not end in time.
  std::optional<int> WaitFor(std::chrono::milliseconds limit);

  int pid() const { return pid_; }

 private:
  std::optional<int> Reap(bool wait);

  int pid_ = -1;  // > 0: running, or ended and not yet waited for
};

// The program's path, or nothing when the machine does not have it.
std::optional<std::string> FindProgram(const std::string& name);

// A folder of its own in /tmp, removed with everything inside at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string ReadFile(const std::string& path);

void PollPause();

// True as soon as `condition` holds; false when it does not within `limit`.
template <class Condition>
bool WaitUntil(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    PollPause();
  }
  return true;
}

// A port of 127.0.0.1 that nobody listens on at this moment.
int FreePort();

}  // namespace outside
