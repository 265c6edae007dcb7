// The load: N connections to an echo server, each with one message under way, for a given time.
#pragma once

#include <cstdint>

namespace bench {

struct LoadResult {
  std::uint64_t messages = 0;  // echoed while measuring
  double seconds = 0;
  bool correct = true;  // every byte came back as sent
};

// One thread and plain epoll, so that both servers get the very same client.
class Load {
 public:
  Load(std::uint16_t tcp_port, int connections, int message_size);
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load();

  LoadResult Run(double seconds);  // may be called again: goes on with the same connections

 private:
  struct Impl;
  Impl* const impl_;
};

}  // namespace bench
