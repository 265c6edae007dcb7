// The two echo servers that are compared, behind one interface. Each listens on a free port of
// 127.0.0.1 and echoes what it gets, with `threads` worker threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>

namespace bench {

struct ServerFigures {
  std::uint64_t system_calls = 0;              // made by the server, since it was started
  std::map<std::string, std::uint64_t> calls;  // the same by kind
  double cpu_seconds = 0;                      // of its worker threads
  std::uint64_t allocations = 0;  // heap allocations of the port (the epoll server makes none)
};

class EchoServer {
 public:
  virtual ~EchoServer() = default;  // stops and joins
  virtual std::uint16_t tcp_port() const = 0;
  virtual ServerFigures Figures() = 0;
};

// Hand-written: one edge-triggered epoll per thread, recv and send, and per connection only what
// was not sent yet.
std::unique_ptr<EchoServer> StartEpollEcho(int threads);

// Through the completion port. plain: one packet per GetQueuedCompletionStatus, one packet for
// every operation. Otherwise GetQueuedCompletionStatusEx and FILE_SKIP_COMPLETION_PORT_ON_SUCCESS.
// concurrency 0: as many as threads.
std::unique_ptr<EchoServer> StartPortEcho(int threads, int concurrency, bool plain);

// CPU time used so far by a running thread. Asked from outside, so that measuring costs the servers
// nothing.
double CpuSeconds(std::thread& thread);

}  // namespace bench
