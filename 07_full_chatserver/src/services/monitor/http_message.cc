#include "services/monitor/http_message.h"

#include <algorithm>

namespace services {
namespace {

const char* ReasonOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 405:
      return "Method Not Allowed";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    default:
      return "Not Found";
  }
}

}  // namespace

bool ParseHttpRequest(std::string_view head, HttpRequest& request) {
  const std::string_view line = head.substr(0, head.find('\r'));
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == 0 || first == last) return false;
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  // One space on either side of the target, nothing but printed ASCII in it.
  const bool printed = std::ranges::all_of(target, [](char c) { return c > 0x20 && c < 0x7F; });
  if (!target.starts_with('/') || !printed || (version != "HTTP/1.1" && version != "HTTP/1.0")) {
    return false;
  }
  request.method = line.substr(0, first);
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  request.query = mark == std::string_view::npos ? "" : target.substr(mark + 1);
  return true;
}

std::string HttpText(const HttpAnswer& answer, std::string_view headers, bool with_body) {
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " " + ReasonOf(answer.status) +
                     "\r\nContent-Type: " + answer.type +
                     "\r\nContent-Length: " + std::to_string(answer.body.size()) +
                     "\r\nConnection: close\r\n";
  if (answer.status == 405) text += "Allow: GET, HEAD\r\n";
  text += headers;
  text += "\r\n";
  if (with_body) text += answer.body;
  return text;
}

}  // namespace services
