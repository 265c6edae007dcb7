#include "peers/peer_options.h"

#include <fmt/format.h>

#include <iostream>

namespace peers {

void AddPeerOptions(apps::CommandLine& app, PeerOptions& options) {
  app.Add("--port", options.port, "TCP port on 127.0.0.1; 0 = any free port").ShowDefault();
  app.Add("--max-sessions", options.max_sessions, "connections; the next one is closed at once")
      .Range(1, 1'000'000)
      .ShowDefault();
  app.Add("--rooms", options.rooms, "rooms, numbered from 0").Range(1, 1'000'000).ShowDefault();
}

void PrintListening(std::uint16_t port) {
  std::cout << "listening on 127.0.0.1:" << port << std::endl;
}

void PrintCounters(const std::string& program, const PeerCounters& counters) {
  std::cout << fmt::format(
                   R"({{"program":"{}","accepted":{},"refused":{},"slow":{},"violations":{},)"
                   R"("said":{},"sends":{},"bytes":{}}})",
                   program, counters.accepted, counters.refused, counters.slow, counters.violations,
                   counters.said, counters.sends, counters.bytes)
            << std::endl;
}

}  // namespace peers
