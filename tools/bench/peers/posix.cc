#include "peers/posix.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace peers {

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

int Must(int result, const std::string& what) {
  if (result >= 0) return result;
  throw std::runtime_error(what + ": " + std::generic_category().message(errno));
}

int Listen(std::uint16_t port, int backlog) {
  const int fd = Must(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  Must(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address),
       "port " + std::to_string(port));
  Must(::listen(fd, backlog), "listen");
  return fd;
}

std::uint16_t PortOf(int listener) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  Must(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), "getsockname");
  return ntohs(address.sin_port);
}

int StopSignals() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  return Must(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
}

}  // namespace peers
