// The port of a running chat server, seen on the monitor's page: chat_server looks into its port,
// reports over the proven link, the monitor keeps it, and a real browser shows it.
#include <chrono>
#include <string>
#include <vector>

#include "tests/outside/browser.h"
#include "tests/outside/http_get.h"
#include "tests/support/catch.h"
#include "tests/support/chat_server_process.h"
#include "tests/support/chat_talker.h"

using course_test::ChatServerProcess;
using course_test::ChatTalker;

namespace {

constexpr int kWorkers = 3;

struct Monitor {
  Monitor()
      : process("monitor_server",
                {"--stop-on-eof", "--set", "monitor_server.port=0", "--set",
                 "monitor_server.http_port=0", "--set", "log.file=", "--set", "log.level=warn"}) {
    const auto port = process.ReadPort();
    const auto page = process.ReadLineWith("page on ");
    INFO(process.Output() << process.Errors());
    REQUIRE(port);
    REQUIRE(page);
    link_port = std::to_string(*port);
    page_port = std::stoi(page->substr(page->rfind(':') + 1));
  }
  // The value that the page would show; -1: not reported yet.
  [[nodiscard]] double Value(const std::string& metric) const {
    const std::string answer = outside::HttpGet(page_port, "/api/servers").body;
    const std::string name = "\"" + metric + "\":";
    const std::size_t at = answer.find(name);
    return at == std::string::npos ? -1 : std::stod(answer.substr(at + name.size()));
  }
  // Those that only are in one of the lists of threads at any moment.
  [[nodiscard]] double Threads() const {
    const std::string answer = outside::HttpGet(page_port, "/api/servers").body;
    double sum = 0;
    for (const char* name :
         {"\"iocp_threads_waiting\":", "\"iocp_threads_released\":", "\"iocp_threads_paused\":"}) {
      const std::size_t at = answer.find(name);
      if (at == std::string::npos) return -1;
      sum += std::stod(answer.substr(answer.find(':', at) + 1));
    }
    return sum;
  }

  support::Process process;
  std::string link_port;
  int page_port = 0;
};

}  // namespace

SCENARIO("The monitor's page shows the port of a server that runs") {
  GIVEN("a monitor, a chat server that reports to it, and a talker") {
    Monitor monitor;
    ChatServerProcess server({"monitor.report=true", "monitor.server_host=127.0.0.1",
                              "monitor.server_port=" + monitor.link_port, "monitor.interval_ms=100",
                              "server.workers=" + std::to_string(kWorkers), "server.running=2",
                              "log.level=warn"});
    REQUIRE(outside::WaitUntil([&] { return monitor.Threads() == kWorkers; },
                               std::chrono::seconds(60)));
    const double devices = monitor.Value("iocp_devices");
    CHECK(devices >= 0);
    CHECK(monitor.Value("iocp_threads_limit") == 2);

    ChatTalker talker(server.port);
    REQUIRE(talker.LogIn());
    REQUIRE(talker.Enter(1));
    THEN("its socket is a device more, and what it says are packets that are taken") {
      CHECK(outside::WaitUntil([&] { return monitor.Value("iocp_devices") == devices + 1; }));
      CHECK(outside::WaitUntil([&] {
        return talker.Echo("hello") && monitor.Value("iocp_packets_taken_per_second") > 0;
      }));
      CHECK(monitor.Value("iocp_operations_pending") >= 1);
      CHECK(monitor.Threads() == kWorkers);
      if (!outside::FindProgram("chromium")) {
        WARN("chromium is not installed: nobody looks at the page");
      } else {
        const outside::TemporaryFolder folder;
        const auto dom = outside::Browse(
            folder, {"--dump-dom"},
            "http://127.0.0.1:" + std::to_string(monitor.page_port) + "/?lang=en&tab=port");
        REQUIRE(dom);
        INFO(*dom);
        CHECK(outside::FigureOf(*dom, "iocp_devices") ==
              std::to_string(static_cast<int>(devices) + 1));
        CHECK(dom->find("limit 2") != std::string::npos);
      }
    }
    server.Stop();
    monitor.process.Stop();
    CHECK(monitor.process.Wait() == 0);
  }
}
