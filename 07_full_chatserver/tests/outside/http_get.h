// The smallest HTTP client: one request, one answer, the connection closed. For tests.
#pragma once

#include <string>

namespace outside {

struct HttpReply {
  int status = 0;  // 0: no answer
  std::string headers;
  std::string body;
};

HttpReply HttpRequest(int port, const std::string& method, const std::string& path);
inline HttpReply HttpGet(int port, const std::string& path) {
  return HttpRequest(port, "GET", path);
}

}  // namespace outside
