#include "services/monitor/monitor_http.h"

#include <civetweb.h>

#include <array>
#include <string_view>

#include "services/monitor/monitor_api.h"

namespace services {
namespace {

// Where civetweb's messages go while this thread is in mg_start; its other threads' are dropped.
thread_local std::string* start_error = nullptr;

const char* ReasonOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 405:
      return "Method Not Allowed";
    default:
      return "Not Found";
  }
}

int Reply(mg_connection* connection, const HttpAnswer& answer, bool with_body) {
  mg_printf(connection, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s%s\r\n",
            answer.status, ReasonOf(answer.status), answer.type.c_str(), answer.body.size(),
            kMonitorSecurityHeaders, answer.status == 405 ? "Allow: GET, HEAD\r\n" : "");
  if (with_body) mg_write(connection, answer.body.data(), answer.body.size());
  return answer.status;
}

int Handle(mg_connection* connection, void* core) {
  const mg_request_info* request = mg_get_request_info(connection);
  const std::string_view method = request->request_method;
  const bool head = method == "HEAD";
  if (method != "GET" && !head) return Reply(connection, {405, "text/plain", "GET only\n"}, true);
  const char* query = request->query_string;
  return Reply(connection,
               AnswerMonitorRequest(*static_cast<MonitorCore*>(core), request->local_uri,
                                    query != nullptr ? query : ""),
               !head);
}

}  // namespace

std::string MonitorHttp::Start(const std::string& bind, std::uint16_t port, MonitorCore& core) {
  const std::string address = bind + ":" + std::to_string(port);
  const char* options[] = {"listening_ports",
                           address.c_str(),
                           "num_threads",
                           "4",
                           "request_timeout_ms",
                           "5000",
                           "enable_keep_alive",
                           "yes",
                           "keep_alive_timeout_ms",
                           "3000",
                           "max_request_size",
                           "8192",
                           nullptr};
  mg_callbacks callbacks{};
  callbacks.log_message = [](const mg_connection*, const char* message) {
    if (start_error != nullptr) *start_error = message;
    return 1;  // not to civetweb's own file
  };
  std::string error;
  start_error = &error;
  mg_init_library(MG_FEATURES_DEFAULT);
  context_ = mg_start(&callbacks, nullptr, options);
  start_error = nullptr;
  if (context_ == nullptr) {
    mg_exit_library();
    return "monitor page: cannot listen on " + address + (error.empty() ? "" : ": " + error);
  }
  mg_set_request_handler(context_, "/", &Handle, &core);
  std::array<mg_server_port, 4> ports{};
  if (mg_get_server_ports(context_, static_cast<int>(ports.size()), ports.data()) > 0) {
    port_ = static_cast<std::uint16_t>(ports[0].port);
  }
  return "";
}

void MonitorHttp::Stop() {
  if (context_ == nullptr) return;
  mg_stop(context_);  // waits for its threads
  mg_exit_library();
  context_ = nullptr;
  port_ = 0;
}

}  // namespace services
