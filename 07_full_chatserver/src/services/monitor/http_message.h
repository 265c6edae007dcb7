// A request and an answer of HTTP/1.1, as far as somebody who looks needs it.
#pragma once

#include <string>
#include <string_view>

namespace services {

struct HttpRequest {
  std::string method;
  std::string path;   // without the query
  std::string query;  // without the question mark
};

struct HttpAnswer {
  int status = 200;
  std::string type = "application/json; charset=utf-8";
  std::string body;
};

// `head`: all up to the empty line. False: that is no request.
bool ParseHttpRequest(std::string_view head, HttpRequest& request);

// Status line, headers and body; `headers` are more of them, each with its line end. The connection
// ends after it.
std::string HttpText(const HttpAnswer& answer, std::string_view headers, bool with_body);

}  // namespace services
