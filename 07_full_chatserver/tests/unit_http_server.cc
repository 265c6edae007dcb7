// The HTTP server of those who look: nobody who says nothing, or half of something, holds up one
// who asks.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "services/monitor/http_server.h"
#include "tests/outside/http_get.h"

namespace services {
namespace {

using outside::HttpGet;
using outside::HttpReply;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A connection that sends what it is told and waits.
class Peer {
 public:
  Peer() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  Peer(int port, const std::string& text) : Peer() { Connect(port, text); }
  void Connect(int port, const std::string& text) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    Send(text);
  }
  Peer(Peer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Peer& operator=(Peer&&) = delete;
  ~Peer() {
    if (fd_ >= 0) close(fd_);
  }

  void Send(const std::string& text) { send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
  // All up to the end of the connection.
  std::string ReadToEnd(std::size_t piece = 8192) {
    std::string all;
    std::string part(piece, '\0');
    for (ssize_t got = 0; (got = recv(fd_, part.data(), part.size(), 0)) > 0;) {
      all.append(part.data(), static_cast<std::size_t>(got));
    }
    return all;
  }

 private:
  int fd_;
};

// As many descriptors as there are numbers below `limit`, while this lives.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit now{limit, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &now), 0);
  }
  ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

struct HttpServerTest : testing::Test {
  void Start(HttpOptions options = {}) {
    ASSERT_EQ(server.Start(options,
                           [this](const HttpRequest& request) {
                             if (request.path == "/throws") throw std::runtime_error("no luck");
                             return HttpAnswer{200, "text/plain",
                                               request.path == "/large" ? large : request.query};
                           }),
              "");
  }
  double Milliseconds(HttpReply& reply, const std::string& path = "/?it") {
    const auto began = Clock::now();
    reply = HttpGet(server.port(), path);
    return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
  }

  const std::string large = std::string(8 << 20, 'x');
  HttpServer server;
};

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

TEST_F(HttpServerTest, HalfRequestsHoldNobodyUp) {
  Start({.request_ms = 60'000});  // so that nothing but making room helps
  std::vector<Peer> half;
  for (int i = 0; i < 300; ++i) half.emplace_back(server.port(), i % 2 ? "GET /met" : "");
  for (int i = 0; i < 5; ++i) {
    HttpReply reply;
    EXPECT_LT(Milliseconds(reply), 1000);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "it");
    half.emplace_back(server.port(), "G");
  }
}

TEST_F(HttpServerTest, WhoDoesNotAskInTimeIsLeft) {
  Start({.request_ms = 50});
  Peer silent(server.port(), "GET / HTTP/1.1\r\n");
  EXPECT_EQ(silent.ReadToEnd(), "");  // ends: the test's own deadline is the limit
}

TEST_F(HttpServerTest, WhenDescriptorsRunOutTheNewestIsServed) {
  Start({.request_ms = 60'000});
  std::vector<Peer> silent(20);
  Peer asks;
  const int next = dup(STDIN_FILENO);
  close(next);
  const DescriptorLimit limit(static_cast<rlim_t>(next) + 4);
  for (Peer& peer : silent) peer.Connect(server.port(), "GET ");
  asks.Connect(server.port(), "GET /?here HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(asks.ReadToEnd().ends_with("\r\n\r\nhere"));
}

TEST_F(HttpServerTest, WithoutAnyDescriptorItWaitsAndDoesNotSpin) {
  Start();
  Peer late;
  double spent = 0;
  {
    const DescriptorLimit limit(3);
    late.Connect(server.port(), "GET /?late HTTP/1.1\r\n\r\n");
    const double cpu = CpuSeconds();
    const auto began = Clock::now();
    while (Clock::now() - began < milliseconds(600)) usleep(20'000);
    spent = CpuSeconds() - cpu;
  }
  EXPECT_LT(spent, 0.2) << "it spins";
  EXPECT_TRUE(late.ReadToEnd().ends_with("\r\n\r\nlate"));
}

TEST_F(HttpServerTest, ARequestMayComeInPieces) {
  Start();
  Peer peer(server.port(), "");
  for (const char c : std::string("GET /a/b?x=1&y HTTP/1.1\r\nHost: here\r\n\r\n")) {
    peer.Send(std::string(1, c));
  }
  const std::string text = peer.ReadToEnd();
  EXPECT_TRUE(text.starts_with("HTTP/1.1 200 OK\r\n")) << text;
  EXPECT_TRUE(text.ends_with("\r\n\r\nx=1&y")) << text;
}

TEST_F(HttpServerTest, WhatIsNoRequestIsSaid) {
  Start();
  const auto answer = [&](const std::string& text) {
    return Peer(server.port(), text).ReadToEnd().substr(9, 3);
  };
  EXPECT_EQ(answer("hello\r\n\r\n"), "400");
  EXPECT_EQ(answer("GET /\r\n\r\n"), "400");
  EXPECT_EQ(answer("GET /a b HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(answer("GET http://elsewhere/ HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(answer("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"), "405");
  EXPECT_EQ(answer("GET /throws HTTP/1.1\r\n\r\n"), "500");
  EXPECT_EQ(answer("GET / HTTP/1.1\r\nX: " + std::string(9000, 'x')), "431");
  EXPECT_EQ(HttpGet(server.port(), "/").status, 200);
}

TEST_F(HttpServerTest, ALargeAnswerComesWholeAlsoToASlowReader) {
  Start();
  Peer peer(server.port(), "GET /large HTTP/1.1\r\n\r\n");
  Peer head(server.port(), "HEAD /large HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(head.ReadToEnd().ends_with("Content-Length: 8388608\r\nConnection: close\r\n\r\n"));
  const std::string text = peer.ReadToEnd(1000);
  ASSERT_GT(text.size(), large.size());
  EXPECT_EQ(text.substr(text.size() - large.size()), large);
}

TEST_F(HttpServerTest, StopDoesNotWaitForAnybody) {
  Start({.request_ms = 60'000, .answer_ms = 60'000});
  Peer silent(server.port(), "");
  Peer deaf(server.port(), "GET /large HTTP/1.1\r\n\r\n");
  EXPECT_EQ(HttpGet(server.port(), "/").status, 200);
  const auto began = Clock::now();
  server.Stop();
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(2));
  EXPECT_EQ(server.port(), 0);
  Start();
  EXPECT_EQ(HttpGet(server.port(), "/").status, 200);
}

}  // namespace
}  // namespace services
