// The stage's chat_server, started for a scenario.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/process.h"

namespace course_test {

struct ChatServerProcess {
  explicit ChatServerProcess(const std::vector<std::string>& more = {})
      : process("chat_server", Args(more)) {
    const auto found = process.ReadPort();
    REQUIRE(found);
    port = *found;
  }

  // Stops it, checks that nothing is left, and returns its log.
  std::string Stop() {
    process.Stop();
    const auto code = process.Wait();
    INFO(process.Output() << process.Errors());
    REQUIRE(code == 0);
    CHECK(process.Output().find("stopped: live sessions 0, outstanding operations 0") !=
          std::string::npos);
    return process.Output();
  }

  static std::vector<std::string> Args(const std::vector<std::string>& more) {
    std::vector<std::string> args{"--port", "0", "--stop-on-eof"};
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }

  support::Process process;
  unsigned short port = 0;
};

inline std::size_t CountIn(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++count;
  return count;
}

// Warnings that somebody was refused for this reason, each with its session and address.
inline std::size_t WarningsFor(const std::string& text, const std::string& reason) {
  std::size_t count = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t refused = line.find("refused session=");
    if (refused == std::string::npos || line.find("warning") > refused) continue;
    if (line.find(" peer=127.0.0.1:", refused) == std::string::npos) continue;
    while (line.ends_with('\r')) line.pop_back();
    if (line.ends_with(" " + reason)) ++count;
  }
  return count;
}

}  // namespace course_test
