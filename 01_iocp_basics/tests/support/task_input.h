// What a failing test of a task says beside the framework's expected and actual:
//
//   task 04.3: ./course task 04.3
//   input: 3 producers, schedule 1-2-2-3, seed 77
//   again: COURSE_SEED=77 build/bin/unit_send_queue --gtest_filter=SendQueue.X
//   note: notes/en/tasks/04.3.md
//
// TASK_INPUT("04.3", "3 producers, seed " << seed); stands in front of the checks and holds to the
// end of its block, as SCOPED_TRACE and INFO do. A number behind "seed " becomes COURSE_SEED.
// GoogleTest where that was included before, else Catch2. For the test's own thread only; it makes
// a string each time, so not in a loop of a million.
#pragma once

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#ifndef GTEST_SUCCEED
#include "tests/support/catch.h"
#endif

namespace support {

inline std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// As a shell takes it for one word.
inline std::string ShellWord(const std::string& text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=./:,@";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) {
    return text;
  }
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return quoted + "'";
}

inline std::string ThisProgram() {
#ifdef _WIN32
  return _pgmptr;
#else
  std::error_code unknown;
  return std::filesystem::read_symlink("/proc/self/exe", unknown).string();
#endif
}

// The arguments that let the program run nothing but the current case.
inline std::string ThisCaseOnly() {
#ifdef GTEST_SUCCEED
  const auto* const info = ::testing::UnitTest::GetInstance()->current_test_info();
  return info == nullptr ? ""
                         : ShellWord(std::string("--gtest_filter=") + info->test_suite_name() +
                                     "." + info->name());
#else
  std::string name;
  for (const char c : Catch::getResultCapture().getCurrentTestName()) {
    name += std::string_view(",[]\"*\\").find(c) == std::string_view::npos ? "" : "\\";
    name += c;
  }
  return ShellWord(name);
#endif
}

// The digits behind the last "seed " of the text.
inline std::string SeedIn(const std::string& input) {
  const std::size_t at = input.rfind("seed ");
  if (at == std::string::npos) {
    return "";
  }
  const std::size_t end = input.find_first_not_of("0123456789", at + 5);
  return input.substr(at + 5, end == std::string::npos ? end : end - at - 5);
}

inline bool ReaderIsKorean() {
  for (const char* name : {"COURSE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"}) {
    if (const std::string value = Environment(name); !value.empty()) {
      return value.starts_with("ko");
    }
  }
  return false;
}

inline std::string TaskInput(const std::string& task, const std::string& input) {
  std::string text = "task " + task + ": ./course task " + task;
  text += "\ninput: " + input + "\nagain: ";
  if (const std::string seed = SeedIn(input); !seed.empty()) {
    text += "COURSE_SEED=" + seed + " ";
  }
  for (const char* name : {"COURSE_BIN_DIR", "COURSE_STAGE_DIR"}) {  // as CTest has set them
    if (const std::string value = Environment(name); !value.empty()) {
      text += name + ("=" + ShellWord(value)) + " ";
    }
  }
  text += ShellWord(ThisProgram()) + " " + ThisCaseOnly();
  return text + "\nnote: notes/" + (ReaderIsKorean() ? "ko" : "en") + "/tasks/" + task + ".md";
}

#ifndef GTEST_SUCCEED
// INFO would do, but Catch2 breaks its lines at 80 columns, also in the middle of a command.
class TaskInputScope {
 public:
  explicit TaskInputScope(std::string text) : text_(std::move(text) + '\n'), outer_(innermost) {
    innermost = this;
  }
  ~TaskInputScope() {
    if (std::uncaught_exceptions() > exceptions_) {  // of somebody else: Catch2 hears of it later
      Show();
    }
    innermost = outer_;
  }
  TaskInputScope(const TaskInputScope&) = delete;
  TaskInputScope& operator=(const TaskInputScope&) = delete;

  static void ShowAll() {
    for (TaskInputScope* scope = innermost; scope != nullptr; scope = scope->outer_) {
      scope->Show();
    }
  }

 private:
  void Show() {
    std::cout << text_ << std::flush;
    text_.clear();
  }

  static inline TaskInputScope* innermost = nullptr;
  std::string text_;  // empty once it was shown
  TaskInputScope* outer_;
  int exceptions_ = std::uncaught_exceptions();
};

class TaskInputListener : public CatchListener {
 public:
  using CatchListener::CatchListener;
  CatchHeard assertionEnded(const Catch::AssertionStats& stats) override {
    if (!stats.assertionResult.isOk()) {
      TaskInputScope::ShowAll();
    }
    return CatchHeard();
  }
};
CATCH_REGISTER_LISTENER(TaskInputListener)
#endif

}  // namespace support

#define TASK_INPUT_TEXT(task, input) \
  ::support::TaskInput(task, [&] {   \
    std::ostringstream task_input;   \
    task_input << input;             \
    return task_input.str();         \
  }())
#ifdef GTEST_SUCCEED
#define TASK_INPUT(task, input) SCOPED_TRACE(TASK_INPUT_TEXT(task, input))
#else
#define TASK_INPUT_NAME_2(line) task_input_##line
#define TASK_INPUT_NAME(line) TASK_INPUT_NAME_2(line)
#define TASK_INPUT(task, input) \
  const ::support::TaskInputScope TASK_INPUT_NAME(__LINE__)(TASK_INPUT_TEXT(task, input))
#endif
