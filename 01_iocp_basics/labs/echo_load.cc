#include "labs/echo_load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

struct Load::Impl {
  int epoll = -1;
  std::vector<int> connections;
  std::vector<std::size_t> received;  // bytes of the current echo, per connection
  std::vector<char> message;
  bool started = false;
  bool correct = true;
};

Load::Load(std::uint16_t tcp_port, int connections, int message_size) : impl_(new Impl) {
  impl_->message.resize(static_cast<std::size_t>(message_size));
  for (std::size_t i = 0; i < impl_->message.size(); ++i) impl_->message[i] = static_cast<char>(i);
  impl_->received.resize(static_cast<std::size_t>(connections));
  impl_->epoll = ::epoll_create1(EPOLL_CLOEXEC);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(tcp_port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 0; i < connections; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(i);
    if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        ::epoll_ctl(impl_->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
      throw std::runtime_error("cannot connect (is the limit of open files high enough?)");
    }
    impl_->connections.push_back(fd);
  }
}

Load::~Load() {
  for (const int fd : impl_->connections) ::close(fd);
  ::close(impl_->epoll);
  delete impl_;
}

LoadResult Load::Run(double seconds) {
  Impl& load = *impl_;
  const std::size_t size = load.message.size();
  const auto send_one = [&](int fd) {
    if (::send(fd, load.message.data(), size, MSG_NOSIGNAL) != static_cast<ssize_t>(size)) {
      load.correct = false;
    }
  };
  if (!load.started) {
    for (const int fd : load.connections) send_one(fd);
    load.started = true;
  }
  LoadResult result;
  std::vector<char> buffer(size);
  const Clock::time_point begin = Clock::now();
  Clock::time_point now = begin;
  while (now - begin < std::chrono::duration<double>(seconds)) {
    epoll_event events[256];
    const int count = ::epoll_wait(load.epoll, events, 256, 1000);
    if (count <= 0) {
      load.correct = false;  // a message was lost
      break;
    }
    for (int i = 0; i < count; ++i) {
      const std::size_t index = events[i].data.u32;
      const int fd = load.connections[index];
      std::size_t& received = load.received[index];
      const ssize_t got = ::recv(fd, buffer.data(), size - received, MSG_DONTWAIT);
      if (got <= 0 || std::memcmp(buffer.data(), load.message.data() + received,
                                  static_cast<std::size_t>(got)) != 0) {
        load.correct = false;
        continue;
      }
      received += static_cast<std::size_t>(got);
      if (received < size) continue;
      received = 0;
      ++result.messages;
      send_one(fd);
    }
    now = Clock::now();
  }
  result.seconds = std::chrono::duration<double>(now - begin).count();
  result.correct = load.correct;
  return result;
}

}  // namespace bench
