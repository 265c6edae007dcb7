#include "load/link.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace load {

Link::~Link() {
  Close();
}

void Link::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Link::State Link::Ended(int error) {
  error_ = error;
  Close();
  return State::kEnded;
}

Link::State Link::Connect(const sockaddr_in& to, int epoll, void* what) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return Ended(errno);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = what;
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 &&
      errno != EINPROGRESS) {
    return Ended(errno);
  }
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd_, &event) != 0) return Ended(errno);
  return State::kOpen;
}

Link::State Link::FinishConnect() {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  return error == 0 ? State::kOpen : Ended(error);
}

Link::State Link::Send(std::span<const std::uint8_t> bytes) {
  if (unsent() == 0) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return Ended(errno);
    bytes = bytes.subspan(sent < 0 ? 0 : static_cast<std::size_t>(sent));
  }
  unsent_.insert(unsent_.end(), bytes.begin(), bytes.end());
  return State::kOpen;
}

Link::State Link::Flush() {
  if (unsent() == 0) return State::kOpen;
  const ssize_t sent = ::send(fd_, unsent_.data() + unsent_from_, unsent(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return Ended(errno);
  unsent_from_ += sent < 0 ? 0 : static_cast<std::size_t>(sent);
  if (unsent_from_ > unsent()) {  // each byte moves once at most
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(unsent_from_));
    unsent_from_ = 0;
  }
  return State::kOpen;
}

long Link::Receive(std::span<std::uint8_t> buffer) {
  std::copy(rest_.begin(), rest_.end(), buffer.begin());
  const ssize_t got = ::recv(fd_, buffer.data() + rest_.size(), ReceiveBuffer::kReceiveBytes, 0);
  if (got > 0) return got;
  if (got < 0 && errno == EAGAIN) return 0;
  Ended(got == 0 ? 0 : errno);
  return -1;
}

}  // namespace load
