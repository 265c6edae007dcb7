#include <windows.h>

#include <mutex>
#include <stdexcept>

#include "tests/support/process_native.h"

namespace support {
namespace {

class Handle {
 public:
  Handle() = default;
  ~Handle() { Reset(); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  void Reset(HANDLE handle = nullptr) {
    if (handle_ != nullptr) {
      CloseHandle(handle_);
    }
    handle_ = handle;
  }
  HANDLE Get() const { return handle_; }

 private:
  HANDLE handle_ = nullptr;
};

void MakePipe(Handle& ours, Handle& childs, bool child_writes) {
  SECURITY_ATTRIBUTES inherit{sizeof inherit, nullptr, TRUE};
  HANDLE read_end = nullptr;
  HANDLE write_end = nullptr;
  if (!CreatePipe(&read_end, &write_end, &inherit, 0)) {
    throw std::runtime_error("CreatePipe failed");
  }
  ours.Reset(child_writes ? read_end : write_end);
  childs.Reset(child_writes ? write_end : read_end);
  SetHandleInformation(ours.Get(), HANDLE_FLAG_INHERIT, 0);
}

std::size_t ReadSome(HANDLE handle, char* data, std::size_t size) {
  DWORD count = 0;
  if (!ReadFile(handle, data, static_cast<DWORD>(size), &count, nullptr)) {
    return 0;  // ERROR_BROKEN_PIPE: the program closed its end
  }
  return count;
}

class WindowsProcess : public NativeProcess {
 public:
  WindowsProcess(const std::string& program, const std::vector<std::string>& args) {
    // One start at a time: a child inherits every inheritable handle, so two starts at once would
    // leave each child holding the other's pipe ends open.
    static std::mutex starting;
    const std::lock_guard guard(starting);
    Handle child_input;
    Handle child_output;
    Handle child_errors;
    MakePipe(input_, child_input, false);
    MakePipe(output_, child_output, true);
    MakePipe(errors_, child_errors, true);

    std::string command = "\"" + program + "\"";
    for (const std::string& arg : args) {
      command += " \"" + arg + "\"";
    }
    STARTUPINFOA startup{};
    startup.cb = sizeof startup;
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdInput = child_input.Get();
    startup.hStdOutput = child_output.Get();
    startup.hStdError = child_errors.Get();
    PROCESS_INFORMATION info{};
    if (!CreateProcessA(program.c_str(), command.data(), nullptr, nullptr, TRUE,
                        CREATE_NEW_PROCESS_GROUP, nullptr, nullptr, &startup, &info)) {
      throw std::runtime_error("cannot start " + program + ": error " +
                               std::to_string(GetLastError()));
    }
    CloseHandle(info.hThread);
    process_.Reset(info.hProcess);
  }

  std::size_t ReadOutput(char* data, std::size_t size) override {
    return ReadSome(output_.Get(), data, size);
  }
  std::size_t ReadErrors(char* data, std::size_t size) override {
    return ReadSome(errors_.Get(), data, size);
  }

  bool WriteInput(std::string_view text) override {
    while (!text.empty()) {
      DWORD count = 0;
      if (!WriteFile(input_.Get(), text.data(), static_cast<DWORD>(text.size()), &count, nullptr)) {
        return false;
      }
      text.remove_prefix(count);
    }
    return true;
  }
  void CloseInput() override { input_.Reset(); }

  int WaitExit() override {
    WaitForSingleObject(process_.Get(), INFINITE);
    DWORD code = 0;
    GetExitCodeProcess(process_.Get(), &code);
    return static_cast<int>(code);
  }

  // GenerateConsoleCtrlEvent reaches only processes on the caller's own console; test runners (and
  // Wine) start tests without one. Ending the input is the way that always works.
  bool Interrupt() override { return false; }
  void Kill() override { TerminateProcess(process_.Get(), 137); }

 private:
  Handle process_;
  Handle input_;
  Handle output_;
  Handle errors_;
};

}  // namespace

std::unique_ptr<NativeProcess> NativeProcess::Spawn(const std::string& program,
                                                    const std::vector<std::string>& args) {
  return std::make_unique<WindowsProcess>(program, args);
}

}  // namespace support
