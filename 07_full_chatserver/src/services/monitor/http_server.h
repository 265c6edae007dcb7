// The HTTP server of /metrics and of the monitor page: GET and HEAD, one request per connection.
//
// One thread and poll(): who connects and says nothing costs a descriptor for request_ms, and never
// a thread, so that it holds up nobody who asks. When all places are taken, or no descriptors are
// left, the oldest connection that has not asked yet makes room for the newest. One descriptor is
// kept aside: whoever looks why a server has none left must get in.
//
// Threading: Start and Stop by one owner thread; the handler is called by the server's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "services/monitor/http_message.h"

namespace services {

struct HttpOptions {
  std::string bind = "127.0.0.1";    // IPv4
  std::uint16_t port = 0;            // 0: a free one
  std::uint32_t request_ms = 1000;   // from the connection to the end of its request
  std::uint32_t answer_ms = 10'000;  // then to the end of its answer
  std::uint32_t connections_max = 64;
  std::string headers{};  // of every answer, each with its line end
};

class HttpServer {
 public:
  using Handler = std::function<HttpAnswer(const HttpRequest&)>;

  HttpServer();
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // An empty string, or why it does not listen (one line).
  std::string Start(const HttpOptions& options, Handler handler);
  void Stop();  // at once; may be called again

  std::uint16_t port() const { return port_; }  // 0: not listening

 private:
  class Loop;

  std::unique_ptr<Loop> loop_;
  std::thread thread_;
  std::uint16_t port_ = 0;
};

}  // namespace services
