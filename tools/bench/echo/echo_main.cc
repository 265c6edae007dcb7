#include "echo/echo_main.h"

#include <fmt/format.h>

#include <exception>
#include <iostream>
#include <string>

#include "support/open_files.h"
#include "support/options.h"
#include "support/stop_signal.h"

namespace echo {

int Run(int argc, char** argv, const char* name, const char* about,
        const std::function<std::unique_ptr<bench::EchoServer>(int threads)>& start) {
  apps::CommandLine app(about, name);
  int threads = 1;
  int port = 0;
  app.Add("--port", port, "0 = any free port: the labs' servers know no other").Range(0, 0);
  app.Add("--threads", threads, "worker threads").Range(1, 64).ShowDefault();
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
  apps::RaiseOpenFileLimit();
  try {
    apps::StopSignal stop;  // before any thread is started
    const auto server = start(threads);
    std::cout << "listening on 127.0.0.1:" << server->tcp_port() << std::endl;
    stop.Wait();
    const bench::ServerFigures figures = server->Figures();
    std::string calls;
    for (const auto& [name_of, count] : figures.calls) {
      calls += fmt::format(R"({}"{}":{})", calls.empty() ? "" : ",", name_of, count);
    }
    std::cout << fmt::format(R"({{"program":"{}","system_calls":{},"calls":{{{}}},"cpu_s":{:.4f},)"
                             R"("port_allocations":{}}})",
                             name, figures.system_calls, calls, figures.cpu_seconds,
                             figures.allocations)
              << std::endl;
  } catch (const std::exception& error) {
    return apps::Refuse(app, error.what());
  }
  return 0;
}

}  // namespace echo
