#include "services/monitor/http_server.h"

#include <utility>

#include "services/monitor/http_loop.h"

namespace services {

HttpServer::HttpServer() = default;

HttpServer::~HttpServer() {
  Stop();
}

std::string HttpServer::Start(const HttpOptions& options, Handler handler) {
  auto loop = std::make_unique<Loop>(options, std::move(handler));
  if (std::string error = loop->Listen(port_); !error.empty()) {
    return "cannot listen on " + options.bind + ":" + std::to_string(options.port) + ": " + error;
  }
  loop_ = std::move(loop);
  thread_ = std::thread([this] { loop_->Run(); });
  return "";
}

void HttpServer::Stop() {
  if (!loop_) return;
  loop_->Wake();
  thread_.join();
  loop_.reset();
  port_ = 0;
}

}  // namespace services
