// monitor_server: takes the reports of the servers, keeps their history, and serves the live page.
#include <iostream>
#include <thread>

#include "monitor_link/monitor_server.h"
#include "server/from_config.h"
#include "services/monitor/http_server.h"
#include "services/monitor/monitor_api.h"
#include "support/configured_main.h"
#include "support/options.h"

namespace {

// Looks once a second for servers that have gone silent.
class Ticker {
 public:
  explicit Ticker(services::MonitorCore& core) : thread_([this, &core] { Run(core); }) {}
  ~Ticker() {
    {
      const std::lock_guard lock(lock_);
      stopping_ = true;
    }
    stop_.notify_all();
    thread_.join();
  }

 private:
  void Run(services::MonitorCore& core) {
    std::unique_lock lock(lock_);
    while (!stop_.wait_for(lock, std::chrono::seconds(1), [this] { return stopping_; }))
      core.Tick();
  }
  std::mutex lock_;
  std::condition_variable stop_;
  bool stopping_ = false;  // guarded by lock_
  std::thread thread_;
};

// No state, no cookies, no log-in: it listens on 127.0.0.1 unless told otherwise, and whoever
// reaches it may look. An empty string, or why it does not listen.
std::string ServePage(const config::MonitorServer& config, services::MonitorCore& core,
                      services::HttpServer& page) {
  services::HttpOptions options;
  options.bind = config.http_bind;
  options.port = static_cast<std::uint16_t>(config.http_port);
  options.headers = services::kMonitorSecurityHeaders;
  return page.Start(options, [&core](const services::HttpRequest& request) {
    return services::AnswerMonitorRequest(core, request.path, request.query);
  });
}

int Serve(const apps::CommandLine& app, const config::Config& config,
          apps::ServerConsole& console) {
  services::MonitorCore core(server::MonitorOptions(config));
  monitor::MonitorServer link(server::MonitorNetOptions(config), core,
                              server::MonitorSecret(config));
  if (const net::Status status = link.Start(); !status.ok()) {
    return apps::Refuse(app, status.error());
  }
  services::HttpServer page;
  if (const std::string error = ServePage(config.monitor_server, core, page); !error.empty()) {
    return apps::Refuse(app, "monitor_server.http_port: " + error);
  }
  std::cout << "listening on " << config.monitor_server.bind << ":" << link.port() << "\n"
            << "page on http://" << config.monitor_server.http_bind << ":" << page.port() << "/"
            << std::endl;
  {
    const Ticker ticker(core);
    console.Run([&core] { return "servers=" + std::to_string(core.View().servers.size()); });
  }
  page.Stop();
  const net::StopReport report = link.Stop();
  std::cout << "stopped: live sessions " << report.live_sessions << ", outstanding operations "
            << report.outstanding_operations << std::endl;
  return report.live_sessions == 0 && report.outstanding_operations == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return apps::ConfiguredMain(argc, argv, "monitor_server",
                              "The monitor server: history, alarms and a live page", Serve);
}
