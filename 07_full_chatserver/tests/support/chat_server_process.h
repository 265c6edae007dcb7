// The stage's chat_server, started for a scenario: session keys in memory, accounts for whoever
// asks, database and journal in a folder of its own.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/chat_talker.h"
#include "tests/support/process.h"
#include "tests/support/storage_support.h"

namespace course_test {

struct ChatServerProcess {
  // `more`: settings, such as "limits.rooms=10".
  explicit ChatServerProcess(const std::vector<std::string>& more = {})
      : process("chat_server", Args(folder, more)) {
    const auto found = process.ReadPort();
    const auto auth = process.ReadLineWith("auth on ");
    INFO(process.Errors());
    REQUIRE(found);
    REQUIRE(auth);
    port.chat = *found;
    port.auth = static_cast<unsigned short>(std::stoul(auth->substr(auth->rfind(':') + 1)));
  }

  // Stops it, checks that nothing is left, and returns its log.
  std::string Stop() {
    process.Stop();
    const auto code = process.Wait();
    INFO(process.Output() << process.Errors());
    REQUIRE(code == 0);
    CHECK(process.Output().find("stopped: live sessions 0, outstanding operations 0") !=
          std::string::npos);
    return process.Output() + process.Errors();
  }

  static std::vector<std::string> Args(const storage_test::TemporaryFolder& folder,
                                       const std::vector<std::string>& more) {
    std::vector<std::string> settings{"server.port=0",
                                      "auth.port=0",
                                      "login.store=memory",
                                      "auth.hash_ops=1",
                                      "log.file=",
                                      "auth.create_accounts=true",
                                      "monitor.metrics=false",
                                      "timeouts.first_packet_ms=30000",
                                      "limits.connections_per_address=0",
                                      "limits.connection_rate=0",
                                      "auth.connections_per_address=0",
                                      "timeouts.idle_ms=0",
                                      "auth.hash_memory_bytes=8192",
                                      "monitor.report=false",
                                      "limits.messages_per_second=0",
                                      "database.path=" + folder.File("chat.db"),
                                      "journal.folder=" + folder.File("journal")};
    settings.insert(settings.end(), more.begin(), more.end());
    std::vector<std::string> args{"--stop-on-eof"};
    for (const std::string& setting : settings) args.insert(args.end(), {"--set", setting});
    return args;
  }

  // For the stage's clients.
  std::vector<std::string> ClientArgs(const std::vector<std::string>& more) const {
    std::vector<std::string> args{"--port", std::to_string(port.chat), "--auth-port",
                                  std::to_string(port.auth)};
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }

  const storage_test::TemporaryFolder folder;
  support::Process process;
  ServerPorts port;
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
