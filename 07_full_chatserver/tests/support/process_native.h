// What Process needs from the system; process_posix.cc and process_windows.cc implement it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace support {

class NativeProcess {
 public:
  static std::unique_ptr<NativeProcess> Spawn(const std::string& program,
                                              const std::vector<std::string>& args);
  virtual ~NativeProcess() = default;

  // Blocks until there is output; 0 at its end. Each is called by one thread.
  virtual std::size_t ReadOutput(char* data, std::size_t size) = 0;
  virtual std::size_t ReadErrors(char* data, std::size_t size) = 0;

  virtual bool WriteInput(std::string_view text) = 0;
  virtual void CloseInput() = 0;

  // Blocks until the program has ended. Called once, by one thread.
  virtual int WaitExit() = 0;

  // Ctrl-C; false where the system has no way to send it. Safe after the program's end.
  virtual bool Interrupt() = 0;
  virtual void Kill() = 0;
};

}  // namespace support
