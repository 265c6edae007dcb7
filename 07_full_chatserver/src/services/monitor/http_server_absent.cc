// Windows: neither /metrics nor the monitor page is built there.
#include "services/monitor/http_server.h"

namespace services {

class HttpServer::Loop {};

HttpServer::HttpServer() = default;
HttpServer::~HttpServer() = default;

std::string HttpServer::Start(const HttpOptions&, Handler) {
  return "there is no HTTP server on this system";
}

void HttpServer::Stop() {}

}  // namespace services
