#include "services/monitor/http_loop.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <string_view>
#include <thread>
#include <utility>

namespace services {
namespace {

constexpr std::size_t kRequestMax = 8192;
constexpr std::size_t kDropMax = 1024 * 1024;
constexpr std::string_view kEndOfHead = "\r\n\r\n";
constexpr std::chrono::milliseconds kPause{100};

bool NoDescriptors(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

bool TryLater(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

void CloseFd(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

}  // namespace

HttpServer::Loop::Loop(const HttpOptions& options, Handler handler)
    : options_(options), handler_(std::move(handler)) {}

HttpServer::Loop::~Loop() {
  for (Connection& connection : connections_) CloseFd(connection.fd);
  CloseFd(listener_);
  CloseFd(wake_);
  CloseFd(spare_);
}

std::string HttpServer::Loop::Listen(std::uint16_t& port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options_.port);
  if (inet_pton(AF_INET, options_.bind.c_str(), &address.sin_addr) != 1) {
    return "not an IPv4 address";
  }
  const int on = 1;
  socklen_t length = sizeof(address);
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  spare_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || wake_ < 0 || spare_ < 0 ||
      setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      bind(listener_, name, length) != 0 || listen(listener_, 128) != 0 ||
      getsockname(listener_, name, &length) != 0) {
    return std::strerror(errno);
  }
  port = ntohs(address.sin_port);
  return "";
}

void HttpServer::Loop::Wake() {
  eventfd_write(wake_, 1);
}

void HttpServer::Loop::Run() {
  std::vector<pollfd> entries;
  for (;;) {
    Clock::time_point now = Clock::now();
    const int listener = now >= accept_again_ ? listener_ : -1;
    entries.assign({{wake_, POLLIN, 0}, {listener, POLLIN, 0}});
    for (const Connection& connection : connections_) {
      const bool writes = connection.state == State::kAnswering;
      entries.push_back({connection.fd, static_cast<short>(writes ? POLLOUT : POLLIN), 0});
    }
    if (poll(entries.data(), entries.size(), Patience(now)) < 0 && errno != EINTR) {
      // More of them than the process may have by now, or no memory: fewer.
      if (!MakeRoom()) std::this_thread::sleep_for(kPause);
      eventfd_t woken = 0;
      if (eventfd_read(wake_, &woken) == 0) return;
      continue;
    }
    if (entries[0].revents != 0) return;
    now = Clock::now();
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      if (entries[i + 2].revents != 0) Serve(connections_[i], now);
    }
    Sweep(now);
    if (entries[1].revents != 0) AcceptAll(now);
  }
}

// Until the next deadline; rounded up, or the last millisecond would be polled through.
int HttpServer::Loop::Patience(Clock::time_point now) const {
  Clock::time_point next = Clock::time_point::max();
  for (const Connection& connection : connections_) next = std::min(next, connection.deadline);
  if (accept_again_ > now) next = std::min(next, accept_again_);
  if (next == Clock::time_point::max()) return -1;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
  return static_cast<int>(std::max<decltype(wait)>(wait, 0));
}

// A few per round: those who have asked get their turn between those who come. When accepting fails
// the listener stays readable: who asked it at once again would do nothing else. One that has gone
// before it was accepted is no such failure, many in a row are.
void HttpServer::Loop::AcceptAll(Clock::time_point now) {
  int gone = 0;
  for (int i = 0; i < 32; ++i) {
    const int fd = AcceptOne();
    if (fd < 0) {
      if (TryLater(errno)) return;
      if (errno == ECONNABORTED && ++gone < 32) continue;
      accept_again_ = now + kPause;
      return;
    }
    if (connections_.size() >= options_.connections_max) MakeRoom();
    connections_.push_back({});
    Connection& newest = connections_.back();
    newest.fd = fd;
    newest.deadline = now + std::chrono::milliseconds(options_.request_ms);
    Read(newest, now);  // mostly it is there already
    Sweep(now);
  }
}

int HttpServer::Loop::AcceptOne() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0 || !NoDescriptors(errno)) return fd;
    if (spare_ >= 0) {
      CloseFd(spare_);
    } else if (!MakeRoom()) {
      errno = EMFILE;
      return -1;
    }
  }
}

// The oldest that we owe nothing; when we owe all of them something, the oldest.
bool HttpServer::Loop::MakeRoom() {
  if (connections_.empty()) return false;
  const auto waits = [](const Connection& c) { return c.state != State::kAnswering; };
  auto oldest = std::find_if(connections_.begin(), connections_.end(), waits);
  if (oldest == connections_.end()) oldest = connections_.begin();
  CloseFd(oldest->fd);
  connections_.erase(oldest);
  return true;
}

void HttpServer::Loop::Serve(Connection& connection, Clock::time_point now) {
  if (connection.state == State::kAnswering) return Write(connection, now);
  Read(connection, now);
}

void HttpServer::Loop::Read(Connection& connection, Clock::time_point now) {
  std::array<char, 4096> part;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv fills it
  const ssize_t got = recv(connection.fd, part.data(), part.size(), 0);
  if (got <= 0) {
    if (got == 0 || !TryLater(errno)) connection.state = State::kOver;
    return;
  }
  if (connection.state != State::kAsking) {
    connection.dropped += static_cast<std::size_t>(got);
    if (connection.dropped > kDropMax) connection.state = State::kOver;
    return;
  }
  // Looked at once, however small the pieces are.
  const std::size_t before = connection.in.size();
  connection.in.append(part.data(), static_cast<std::size_t>(got));
  const std::size_t end =
      connection.in.find(kEndOfHead, before < kEndOfHead.size() ? 0 : before - kEndOfHead.size());
  if (end != std::string::npos) connection.in.resize(end + kEndOfHead.size());
  if (end != std::string::npos || connection.in.size() > kRequestMax) Answer(connection, now);
}

void HttpServer::Loop::Answer(Connection& connection, Clock::time_point now) {
  HttpRequest request;
  HttpAnswer answer{400, "text/plain", "not a request\n"};
  if (connection.in.size() > kRequestMax) {
    answer = {431, "text/plain", "too long\n"};
  } else if (ParseHttpRequest(connection.in, request)) {
    try {
      answer = request.method == "GET" || request.method == "HEAD"
                   ? handler_(request)
                   : HttpAnswer{405, "text/plain", "GET only\n"};
    } catch (const std::exception& error) {
      answer = {500, "text/plain", std::string(error.what()) + "\n"};
    }
  }
  connection.in.clear();
  connection.out = HttpText(answer, options_.headers, request.method != "HEAD");
  connection.state = State::kAnswering;
  connection.deadline = now + std::chrono::milliseconds(options_.answer_ms);
  Write(connection, now);
}

void HttpServer::Loop::Write(Connection& connection, Clock::time_point now) {
  while (connection.sent < connection.out.size()) {
    const ssize_t sent = send(connection.fd, connection.out.data() + connection.sent,
                              connection.out.size() - connection.sent, MSG_NOSIGNAL);
    if (sent < 0) {
      if (!TryLater(errno)) connection.state = State::kOver;
      return;
    }
    connection.sent += static_cast<std::size_t>(sent);
  }
  connection.out.clear();
  connection.state = State::kFinished;
  connection.deadline =
      std::min(connection.deadline, now + std::chrono::milliseconds(options_.request_ms));
  shutdown(connection.fd, SHUT_WR);
}

void HttpServer::Loop::Sweep(Clock::time_point now) {
  for (Connection& connection : connections_) {
    if (connection.state == State::kOver || now >= connection.deadline) CloseFd(connection.fd);
  }
  std::erase_if(connections_, [](const Connection& connection) { return connection.fd < 0; });
  if (spare_ < 0) spare_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace services
