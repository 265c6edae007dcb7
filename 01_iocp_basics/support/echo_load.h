// The load of echo_client: N connections on one completion port, driven by one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/network.h"

namespace apps {

struct EchoLoadOptions {
  unsigned short port = 0;
  std::uint64_t clients = 4;
  std::uint64_t messages = 100;   // of each client
  std::uint32_t size = 64;        // bytes of a message
  std::uint32_t interval_ms = 0;  // pause of a client between an answer and its next message
  std::uint32_t stall_s = 20;     // no progress for so long: give up
};

struct EchoLoadResult {
  std::uint64_t echoed = 0;           // messages that came back whole and right
  std::uint64_t wrong = 0;            // messages that came back different
  std::uint64_t lost = 0;             // messages that did not come back
  std::vector<std::string> problems;  // one line each, at most a few
  bool Good() const { return wrong == 0 && lost == 0 && problems.empty(); }
};

// Connects every client, sends and checks all messages, then closes each sending side and expects
// the server to close too. Blocks the calling thread; throws StartError when it cannot connect.
EchoLoadResult RunEchoLoad(const EchoLoadOptions& options);

}  // namespace apps
