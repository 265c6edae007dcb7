// The thread of an HttpServer.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "services/monitor/http_server.h"

namespace services {

class HttpServer::Loop {
 public:
  Loop(const HttpOptions& options, Handler handler);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // An empty string, or why not. Sets the port.
  std::string Listen(std::uint16_t& port);
  void Run();   // until Wake
  void Wake();  // any thread

 private:
  using Clock = std::chrono::steady_clock;
  // asking -> answering -> finished (all is sent; what else comes is read and dropped, so that the
  // system does not answer it with a reset that overtakes our last bytes)
  enum class State : unsigned char { kAsking, kAnswering, kFinished, kOver };
  struct Connection {
    int fd = -1;
    State state = State::kAsking;
    Clock::time_point deadline;
    std::string in;
    std::string out;
    std::size_t sent = 0;
    std::size_t dropped = 0;  // that came after the request
  };

  void AcceptAll(Clock::time_point now);
  int AcceptOne();
  bool MakeRoom();
  void Serve(Connection& connection, Clock::time_point now);
  void Read(Connection& connection, Clock::time_point now);
  void Answer(Connection& connection, Clock::time_point now);
  void Write(Connection& connection, Clock::time_point now);
  void Sweep(Clock::time_point now);
  int Patience(Clock::time_point now) const;

  const HttpOptions options_;
  const Handler handler_;
  int listener_ = -1;
  int wake_ = -1;                        // eventfd
  int spare_ = -1;                       // given up when there are no descriptors left
  Clock::time_point accept_again_{};     // accepting fails: not before
  std::vector<Connection> connections_;  // the oldest first
};

}  // namespace services
