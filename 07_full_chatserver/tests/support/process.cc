#include "tests/support/process.h"

#include <cstdlib>
#include <stdexcept>

#include "tests/support/process_native.h"

namespace support {
namespace {

std::string ProgramPath(const std::string& program) {
  const char* folder = std::getenv("COURSE_BIN_DIR");
  if (folder == nullptr) {
    throw std::runtime_error("COURSE_BIN_DIR is not set: run the tests by ctest");
  }
#ifdef _WIN32
  return std::string(folder) + "/" + program + ".exe";
#else
  return std::string(folder) + "/" + program;
#endif
}

// A Windows program ends its lines with "\r\n".
std::string WithPlainLineEnds(std::string text) {
  for (std::size_t at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n", at)) {
    text.erase(at, 1);
  }
  return text;
}

}  // namespace

Process::Process(const std::string& program, const std::vector<std::string>& args)
    : native_(NativeProcess::Spawn(ProgramPath(program), args)) {
  threads_.emplace_back([this] { Collect(output_, false); });
  threads_.emplace_back([this] { Collect(errors_, true); });
  threads_.emplace_back([this] { WatchExit(); });
}

Process::~Process() {
  Kill();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void Process::Collect(Stream& stream, bool errors) {
  char data[4096];
  while (true) {
    const std::size_t size =
        errors ? native_->ReadErrors(data, sizeof data) : native_->ReadOutput(data, sizeof data);
    const std::lock_guard guard(lock_);
    stream.text.append(data, size);
    stream.at_end = size == 0;
    changed_.notify_all();
    if (size == 0) {
      return;
    }
  }
}

void Process::WatchExit() {
  const int code = native_->WaitExit();
  const std::lock_guard guard(lock_);
  exit_code_ = code;
  changed_.notify_all();
}

std::optional<std::string> Process::ReadLine(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::unique_lock guard(lock_);
  while (true) {
    const std::size_t end = output_.text.find('\n', output_.read);
    if (end != std::string::npos) {
      std::string line = output_.text.substr(output_.read, end - output_.read);
      output_.read = end + 1;
      if (!line.empty() && line.back() == '\r') {
        line.pop_back();
      }
      return line;
    }
    if (output_.at_end || std::chrono::steady_clock::now() >= deadline) {
      return std::nullopt;
    }
    changed_.wait_until(guard, deadline);
  }
}

std::optional<std::string> Process::ReadLineWith(std::string_view text,
                                                 std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    std::optional<std::string> line = ReadLine(left);
    if (!line || line->find(text) != std::string::npos) {
      return line;
    }
  }
}

std::optional<unsigned short> Process::ReadPort(std::chrono::milliseconds patience) {
  const std::optional<std::string> line = ReadLineWith("listening on ", patience);
  if (!line || line->rfind(':') == std::string::npos) {
    return std::nullopt;
  }
  return static_cast<unsigned short>(std::stoul(line->substr(line->rfind(':') + 1)));
}

std::string Process::Output() const {
  const std::lock_guard guard(lock_);
  return WithPlainLineEnds(output_.text);
}

std::string Process::Errors() const {
  const std::lock_guard guard(lock_);
  return WithPlainLineEnds(errors_.text);
}

bool Process::Write(std::string_view text) {
  return native_->WriteInput(text);
}

void Process::CloseInput() {
  native_->CloseInput();
}

void Process::Stop() {
  if (!native_->Interrupt()) {
    native_->CloseInput();
  }
}

std::optional<int> Process::Wait(std::chrono::milliseconds patience) {
  std::unique_lock guard(lock_);
  changed_.wait_for(guard, patience,
                    [this] { return exit_code_ && output_.at_end && errors_.at_end; });
  return exit_code_;
}

void Process::Kill() {
  native_->Kill();
}

Finished Run(const std::string& program, const std::vector<std::string>& args,
             std::chrono::milliseconds patience) {
  Process process(program, args);
  process.CloseInput();
  Finished finished;
  finished.exit_code = process.Wait(patience);
  finished.output = process.Output();
  finished.errors = process.Errors();
  return finished;
}

}  // namespace support
