// The yardstick: what a careful programmer writes against epoll for this one job.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/echo_server.h"

namespace bench {
namespace {

constexpr std::size_t kBufferSize = 4096;

int Check(int result, const char* what) {
  if (result < 0) throw std::runtime_error(std::string(what) + " failed");
  return result;
}

class EpollEcho final : public EchoServer {
 public:
  explicit EpollEcho(int threads) {
    listener_ = Check(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    Check(::bind(listener_, reinterpret_cast<sockaddr*>(&address), length), "bind");
    Check(::listen(listener_, SOMAXCONN), "listen");
    Check(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length), "getsockname");
    tcp_port_ = ntohs(address.sin_port);
    stop_ = Check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
    for (int i = 0; i < threads; ++i) {
      workers_.push_back(std::make_unique<Worker>());
      workers_.back()->epoll = Check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
      Add(*workers_.back(), stop_, EPOLLIN);
    }
    Add(*workers_[0], listener_, EPOLLIN);
    for (auto& worker : workers_)
      worker->thread = std::thread([this, w = worker.get()] { Run(*w); });
  }

  ~EpollEcho() override {
    const std::uint64_t one = 1;
    if (::write(stop_, &one, sizeof one) < 0) std::terminate();
    for (auto& worker : workers_) {
      worker->thread.join();
      for (const int fd : worker->connections) ::close(fd);
      ::close(worker->epoll);
    }
    ::close(listener_);
    ::close(stop_);
  }

  std::uint16_t tcp_port() const override { return tcp_port_; }

  ServerFigures Figures() override {
    ServerFigures figures;
    for (const auto& worker : workers_) {
      figures.system_calls += worker->calls.load();
      figures.cpu_seconds += worker->cpu_seconds.load();
    }
    return figures;
  }

 private:
  struct Worker {
    int epoll = -1;
    std::thread thread;
    std::vector<int> connections;         // filled by worker 0 only, closed by the destructor
    std::atomic<std::uint64_t> calls{0};  // written by the worker, read by Figures
    std::atomic<double> cpu_seconds{0};   // likewise
  };

  static void Add(Worker& worker, int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    Check(::epoll_ctl(worker.epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }

  void Run(Worker& worker) {
    epoll_event events[128];
    std::uint64_t calls = 0;
    for (;;) {
      const int count = ::epoll_wait(worker.epoll, events, 128, -1);
      ++calls;
      for (int i = 0; i < count; ++i) {
        const int fd = events[i].data.fd;
        if (fd == stop_) return;
        calls += fd == listener_ ? Accept() : Echo(fd);
      }
      worker.calls.store(calls, std::memory_order_relaxed);
      worker.cpu_seconds.store(ThreadCpuSeconds(), std::memory_order_relaxed);
    }
  }

  std::uint64_t Accept() {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return 1;
    Worker& worker = *workers_[next_++ % workers_.size()];
    workers_[0]->connections.push_back(fd);
    Add(worker, fd, EPOLLIN | EPOLLRDHUP | EPOLLET);
    return 2;
  }

  // A short read has emptied the socket; more data is a new edge.
  static std::uint64_t Echo(int fd) {
    char buffer[kBufferSize];
    std::uint64_t calls = 0;
    for (;;) {
      const ssize_t got = ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
      ++calls;
      if (got <= 0) return calls;
      for (ssize_t done = 0; done < got;) {
        const ssize_t sent =
            ::send(fd, buffer + done, static_cast<std::size_t>(got - done), MSG_NOSIGNAL);
        ++calls;
        if (sent < 0 && errno != EAGAIN) return calls;
        done += sent > 0 ? sent : 0;
      }
      if (got < static_cast<ssize_t>(sizeof buffer)) return calls;
    }
  }

  int listener_ = -1;
  int stop_ = -1;
  std::uint16_t tcp_port_ = 0;
  std::size_t next_ = 0;  // worker 0 only
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace

std::unique_ptr<EchoServer> StartEpollEcho(int threads) {
  return std::make_unique<EpollEcho>(threads);
}

double ThreadCpuSeconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

}  // namespace bench
