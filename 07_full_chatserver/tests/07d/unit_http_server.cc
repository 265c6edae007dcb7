// The HTTP server of those who look: nobody who says nothing, or half of something, holds up one
// who asks.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "services/monitor/http_server.h"
#include "tests/outside/http_get.h"

namespace {
std::atomic<int> accept_error{0};  // what the system says to whoever accepts; 0: the truth
}

// In place of the C library's.
extern "C" int accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  if (const int error = accept_error) {
    errno = error;
    return -1;
  }
  return static_cast<int>(syscall(SYS_accept4, fd, address, length, flags));
}

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

  bool Send(const std::string& text) {
    return send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
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

// The limit is lowered while they are there: poll itself refuses so many.
TEST_F(HttpServerTest, WithMoreConnectionsThanTheLimitItServesOn) {
  Start({.request_ms = 60'000});
  std::vector<Peer> silent;
  for (int i = 0; i < 10; ++i) silent.emplace_back(server.port(), "GET ");
  EXPECT_EQ(HttpGet(server.port(), "/").status, 200);  // they are in
  Peer late;
  {
    const DescriptorLimit limit(4);
    silent.back().Send("x");                    // it looks at all of them again
    EXPECT_EQ(silent.front().ReadToEnd(), "");  // it made room
    late.Connect(server.port(), "GET /?late HTTP/1.1\r\n\r\n");
  }
  EXPECT_TRUE(late.ReadToEnd().ends_with("\r\n\r\nlate"));
}

TEST_F(HttpServerTest, WhenAcceptingFailsItNeitherSpinsNorHangs) {
  for (const int error : {EPERM, ECONNABORTED, EMFILE}) {
    accept_error = error;
    Start();
    Peer peer(server.port(), "GET /?on HTTP/1.1\r\n\r\n");
    const double cpu = CpuSeconds();
    const auto began = Clock::now();
    while (Clock::now() - began < milliseconds(400)) usleep(20'000);
    EXPECT_LT(CpuSeconds() - cpu, 0.2) << error << ": it spins";
    accept_error = 0;
    EXPECT_TRUE(peer.ReadToEnd().ends_with("\r\n\r\non")) << error;
    accept_error = error;
    Peer another(server.port(), "");
    server.Stop();  // returns
    accept_error = 0;
  }
}

TEST_F(HttpServerTest, WhoAsksAndDoesNotReadHoldsNobodyUp) {
  Start({.answer_ms = 60'000, .connections_max = 4});
  std::vector<Peer> deaf;
  for (int i = 0; i < 6; ++i) deaf.emplace_back(server.port(), "GET /large HTTP/1.1\r\n\r\n");
  EXPECT_EQ(HttpGet(server.port(), "/").status, 200);
}

TEST_F(HttpServerTest, WhoNeverStopsSendingIsLeft) {
  Start({.request_ms = 60'000, .answer_ms = 60'000});
  Peer peer(server.port(), "GET / HTTP/1.1\r\n\r\n");
  const std::string piece(64 * 1024, 'x');
  int pieces = 0;
  while (pieces < 2000 && peer.Send(piece)) ++pieces;
  EXPECT_LT(pieces, 2000) << "all of it was taken";
}

// One request per connection, whatever comes behind it and whatever the client would like.
TEST_F(HttpServerTest, WhatComesBehindARequestIsNoRequest) {
  Start();
  const std::string next = "GET /?second HTTP/1.1\r\n\r\n";
  for (const std::string& first :
       {std::string("GET /?first HTTP/1.1\r\n\r\n"),
        std::string("GET /?first HTTP/1.1\r\nConnection: keep-alive\r\n\r\n"),
        std::string("GET /?first HTTP/1.0\r\n\r\n"),
        std::string("GET /?first HTTP/1.1\r\nContent-Length: 0\r\nTransfer-Encoding: chunked"
                    "\r\n\r\n0\r\n\r\n")}) {
    const std::string text = Peer(server.port(), first + next).ReadToEnd();
    EXPECT_TRUE(text.starts_with("HTTP/1.1 200 OK\r\n")) << text;
    EXPECT_NE(text.find("Connection: close\r\n"), std::string::npos) << text;
    EXPECT_TRUE(text.ends_with("\r\n\r\nfirst")) << text;
  }
}

// The limit is the head's, not that of what comes with it.
TEST_F(HttpServerTest, AHeadOfTheLimitIsTaken) {
  Start();
  std::string text = "GET /?it HTTP/1.1\r\nX: ";
  text += std::string(8192 - text.size() - 4, 'x') + "\r\n\r\n";
  Peer peer(server.port(), text.substr(0, 100));  // so that the last piece has some of either
  peer.Send(text.substr(100) + std::string(3000, 'b'));
  EXPECT_TRUE(peer.ReadToEnd().ends_with("it"));
  text.insert(text.size() - 4, "x");
  EXPECT_EQ(Peer(server.port(), text).ReadToEnd().substr(9, 3), "431");
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
  EXPECT_EQ(answer("GET /a\x01 HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(answer("GET / HTTP/1.17\r\n\r\n"), "400");
  EXPECT_EQ(answer("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "400");
  EXPECT_EQ(answer("GET http://elsewhere/ HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(answer("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"), "405");
  EXPECT_EQ(answer("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n"), "405");
  EXPECT_EQ(answer("CONNECT / HTTP/1.1\r\n\r\n"), "405");
  EXPECT_EQ(answer("get / HTTP/1.1\r\n\r\n"), "405");
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
