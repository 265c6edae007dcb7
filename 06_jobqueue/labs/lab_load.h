// The load of job_lab: many clients that talk in rooms, so light that the server is what is
// measured.
//
// The clients are plain sockets (plain_clients.h). They count frames by the length field, without
// decoding them; three clients of each room decode what they hear and note how long it took.
//
// Two ways of talking: as fast as the server answers (`window` messages of each room on their way),
// or `rate` messages a second in all.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace apps {

struct LoadOptions {
  std::uint16_t port = 0;
  std::uint32_t clients = 100;
  std::uint32_t rooms = 1;
  std::uint32_t window = 64;  // per room; ignored with a rate
  double rate = 0;            // messages a second, all rooms together; 0: by the window
  double seconds = 1;
  std::uint32_t text_bytes = 64;
};

struct LoadResult {
  std::uint64_t messages = 0;
  double deliveries_per_second = 0;
  double server_cpu_us = 0;  // per delivery: all threads of the process but the clients'
  double server_cores = 0;   // processors that the server kept busy
  double p50_ms = 0;
  double p99_ms = 0;
  double seconds = 0;  // from the first message to the last delivery
};

// Connects the clients, lets them enter and talk, and disconnects them. The server runs in this
// process. Throws std::runtime_error when a client is refused or the entering does not end.
LoadResult RunLoad(const LoadOptions& options);

}  // namespace apps
