// A structured log line: an event's name and key=value pairs, for people and for programs.
//
//   LogEvent(spdlog::level::info, "login.refused").With("session", id).With("reason", "wrong key");
//   -> login.refused session=12/3 reason="wrong key"
//
// The line is written when the statement ends. Text that came from a client goes through With,
// never into the event's name: quotes, line ends and control characters are escaped there, so that
// nobody can write lines of their own into our log. A level that is off costs one comparison.
//
// Threading: any thread; one LogEvent belongs to one.
#pragma once

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <string>
#include <string_view>
#include <type_traits>

namespace services {

// As it is when it is one plain word, else in quotes with \" \\ \n \r \t \xNN.
void AppendLogValue(std::string& line, std::string_view value);

class LogEvent {
 public:
  LogEvent(spdlog::level::level_enum level, std::string_view event)
      : level_(level), on_(spdlog::should_log(level)) {
    if (on_) line_ = event;
  }
  ~LogEvent() {
    if (on_) spdlog::log(level_, "{}", line_);
  }
  LogEvent(const LogEvent&) = delete;
  LogEvent& operator=(const LogEvent&) = delete;

  template <class T>
  LogEvent& With(std::string_view key, const T& value) {
    if (!on_) return *this;
    line_ += ' ';
    line_ += key;
    line_ += '=';
    if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      AppendLogValue(line_, std::string_view(value));
    } else {
      AppendLogValue(line_, fmt::format("{}", value));
    }
    return *this;
  }

 private:
  const spdlog::level::level_enum level_;
  const bool on_;
  std::string line_;
};

}  // namespace services
