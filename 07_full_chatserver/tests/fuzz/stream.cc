#include "tests/fuzz/stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "tests/fuzz/input.h"

namespace fuzz {

namespace {

sockaddr_in At(std::uint32_t ip, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(ip);
  address.sin_port = htons(port);
  return address;
}

}  // namespace

Stream::Stream(int socket) : socket_(socket) {
  Require(socket >= 0);
}

Stream Stream::To(std::uint16_t port) {
  static std::uint32_t number = 0;
  Stream stream(socket(AF_INET, SOCK_STREAM, 0));
  const sockaddr_in from = At(0x7F000002U + ++number % 0xFF0000U, 0);
  const sockaddr_in to = At(INADDR_LOOPBACK, port);
  Require(bind(stream.socket_, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0);
  Require(connect(stream.socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  return stream;
}

Stream::~Stream() {
  if (socket_ >= 0) close(socket_);
}

Stream::Stream(Stream&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      heard_(std::move(other.heard_)),
      over_(other.over_) {}

void Stream::Send(const wire::Bytes& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t sent = send(socket_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return;
    at += static_cast<std::size_t>(sent);
  }
}

void Stream::SayNoMore() {
  shutdown(socket_, SHUT_WR);
}

std::vector<wire::Frame> Stream::Read(std::size_t packets) {
  while (true) {
    wire::Meaning meaning = wire::NaiveRead(heard_, 0xA9, 65535, false);
    Require(meaning.refusal.empty());
    if (over_ || meaning.frames.size() >= packets) return std::move(meaning.frames);
    pollfd one{socket_, POLLIN, 0};
    Require(poll(&one, 1, kPatienceMs) == 1);
    std::uint8_t bytes[4096];
    const ssize_t got = recv(socket_, bytes, sizeof bytes, 0);
    over_ = got <= 0;
    if (!over_) heard_.insert(heard_.end(), bytes, bytes + got);
  }
}

Listener::Listener() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address = At(INADDR_LOOPBACK, 0);
  socklen_t size = sizeof address;
  Require(bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  Require(listen(socket_, 8) == 0);
  Require(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
}

Listener::~Listener() {
  close(socket_);
}

std::optional<Stream> Listener::Accept() {
  pollfd one{socket_, POLLIN, 0};
  if (poll(&one, 1, 1) != 1) return std::nullopt;
  return Stream(accept(socket_, nullptr, nullptr));
}

}  // namespace fuzz
