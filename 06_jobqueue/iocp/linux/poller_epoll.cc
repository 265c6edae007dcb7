#include <errno.h>

#include "iocp/linux/counters.h"
#include "iocp/linux/poller.h"
#include "iocp/linux/syscalls.h"

namespace iocp {
namespace {

constexpr std::uint32_t kSocketEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;

epoll_event MakeEvent(std::uint32_t events, std::uint64_t token) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  return event;
}

}  // namespace

Poller::~Poller() {
  for (const int fd : {epoll_, signal_}) {
    if (fd < 0) continue;
    SysClose(fd);
    CountDescriptors(-1);
  }
}

bool Poller::Open() {
  epoll_ = SysEpollCreate();
  if (epoll_ < 0) return false;
  CountDescriptors(1);
  signal_ = SysEventFd();
  if (signal_ < 0) return false;
  CountDescriptors(1);
  epoll_event event = MakeEvent(EPOLLIN | EPOLLET, kSignalToken);
  return SysEpollCtl(epoll_, EPOLL_CTL_ADD, signal_, &event) == 0;
}

bool Poller::Add(int fd, std::uint64_t token) {
  epoll_event event = MakeEvent(kSocketEvents, token);
  return SysEpollCtl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void Poller::Rearm(int fd, std::uint64_t token) {
  epoll_event event = MakeEvent(kSocketEvents, token);
  SysEpollCtl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void Poller::Remove(int fd) {
  epoll_event unused{};
  SysEpollCtl(epoll_, EPOLL_CTL_DEL, fd, &unused);
}

bool Poller::AddNested(const Poller& other, std::uint64_t token) {
  epoll_event event = MakeEvent(EPOLLIN, token);
  if (SysEpollCtl(epoll_, EPOLL_CTL_ADD, other.epoll_, &event) == 0) return true;
  // It can be there still: a port that is closed is forgotten for a moment, between the end of its
  // handle and the word that it has to be watched on.
  return errno == EEXIST && SysEpollCtl(epoll_, EPOLL_CTL_MOD, other.epoll_, &event) == 0;
}

void Poller::RemoveNested(const Poller& other) {
  Remove(other.epoll_);
}

std::span<const Ready> Poller::Wait(std::array<Ready, kMostEvents>& storage, int milliseconds) {
  epoll_event events[kMostEvents];
  const int count = SysEpollWait(epoll_, events, static_cast<int>(kMostEvents), milliseconds);
  for (int i = 0; i < count; ++i) {
    const std::uint32_t bits = events[i].events;
    Ready& ready = storage[static_cast<std::size_t>(i)];
    ready.token = events[i].data.u64;
    ready.more = (bits & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) != 0;
    ready.readable = ready.more || (bits & EPOLLIN) != 0;
    ready.writable = (bits & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
  }
  return {storage.data(), static_cast<std::size_t>(count)};
}

void Poller::Signal() {
  SysSignal(signal_);
}

}  // namespace iocp
