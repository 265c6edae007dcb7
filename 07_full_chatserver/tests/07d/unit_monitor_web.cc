// The monitor page: its HTTP answers. The page in a real browser: unit_monitor_browser.cc.
#include <gtest/gtest.h>

#include "services/monitor/monitor_api.h"
#include "services/monitor/web_assets.h"
#include "tests/outside/http_get.h"
#include "tests/support/monitor_support.h"

namespace services {
namespace {

using outside::HttpGet;
using outside::HttpRequest;

TEST(MonitorWeb, AnswersOverHttp) {
  MonitorCore core(monitor_test::Options());
  core.OnReport(3, 123, {{"chat_sessions", 950}, {"chat_redis_up", 1}});
  HttpServer http;
  ASSERT_EQ(monitor_test::Serve(http, core), "");
  const auto page = HttpGet(http.port(), "/");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("<!doctype html>"), std::string::npos);
  EXPECT_NE(page.headers.find("Content-Type: text/html"), std::string::npos);
  EXPECT_NE(page.headers.find("Content-Security-Policy: default-src 'none'"), std::string::npos);
  EXPECT_NE(page.headers.find("X-Content-Type-Options: nosniff"), std::string::npos);
  EXPECT_NE(HttpGet(http.port(), "/app.js").headers.find("text/javascript"), std::string::npos);

  const auto servers = HttpGet(http.port(), "/api/servers");
  EXPECT_EQ(servers.status, 200);
  EXPECT_NE(servers.body.find("\"chat_sessions\":950.0"), std::string::npos) << servers.body;
  EXPECT_NE(servers.body.find("\"firing\":true"), std::string::npos) << servers.body;
  const auto history = HttpGet(http.port(), "/api/history?server=3&since=0");
  EXPECT_NE(history.body.find("\"chat_sessions\":[950.0]"), std::string::npos) << history.body;
  const auto none = HttpGet(http.port(), "/api/history?server=3&since=99999999999999");
  EXPECT_NE(none.body.find("\"times\":[]"), std::string::npos) << none.body;

  EXPECT_EQ(HttpGet(http.port(), "/api/history").status, 400);
  EXPECT_EQ(HttpGet(http.port(), "/api/history?server=x").status, 400);
  EXPECT_EQ(HttpGet(http.port(), "/api/history?server=3&since=now").status, 400);
  EXPECT_EQ(HttpGet(http.port(), "/api/history?server=4").status, 404);
  EXPECT_EQ(HttpGet(http.port(), "/../../etc/passwd").status, 404);
  EXPECT_EQ(HttpGet(http.port(), "/nothing").status, 404);
  EXPECT_EQ(HttpRequest(http.port(), "POST", "/api/servers").status, 405);
  const auto head = HttpRequest(http.port(), "HEAD", "/");
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.body.empty());

  HttpServer second;
  const std::string error = monitor_test::Serve(second, core, http.port());
  EXPECT_TRUE(error.starts_with("cannot listen on 127.0.0.1:")) << error;
  EXPECT_EQ(error.find('\n'), std::string::npos);
}

TEST(MonitorWeb, MissingValuesAreNull) {
  MonitorCore core(monitor_test::Options());
  core.OnReport(1, 1, {{"a", 1}});
  core.OnReport(1, 2, {{"b", 2}});
  const HttpAnswer answer = AnswerMonitorRequest(core, "/api/history", "server=1");
  EXPECT_NE(answer.body.find("\"a\":[1.0,null]"), std::string::npos) << answer.body;
}

TEST(MonitorWeb, ThePageAsksNobodyElse) {
  for (const char* name : {"index.html", "style.css", "app.js", "charts.js", "texts.js", "port.js",
                           "figures.js", "icon.svg"}) {
    std::string text(FindWebAsset(name));
    ASSERT_FALSE(text.empty()) << name;
    if (const std::size_t name_space = text.find("xmlns=\""); name_space != std::string::npos) {
      text.erase(name_space,
                 text.find('"', name_space + 7) - name_space);  // a name, not an address
    }
    EXPECT_EQ(text.find("//www"), std::string::npos) << name;
    EXPECT_EQ(text.find("http:"), std::string::npos) << name;
    EXPECT_EQ(text.find("https:"), std::string::npos) << name;
    EXPECT_EQ(text.find("innerHTML"), std::string::npos) << name << ": servers' words as HTML";
  }
  EXPECT_TRUE(FindWebAsset("").empty());
  EXPECT_TRUE(FindWebAsset("../index.html").empty());
}

}  // namespace
}  // namespace services
