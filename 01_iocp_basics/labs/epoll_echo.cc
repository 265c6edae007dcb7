// The yardstick: what a careful programmer writes against epoll for this one job.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "labs/echo_server.h"

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
      Add(*workers_.back(), stop_, EPOLLIN, &stop_);
    }
    Add(*workers_[0], listener_, EPOLLIN, &listener_);
    for (auto& worker : workers_)
      worker->thread = std::thread([this, w = worker.get()] { Run(*w); });
  }

  ~EpollEcho() override {
    const std::uint64_t one = 1;
    if (::write(stop_, &one, sizeof one) < 0) std::terminate();
    for (auto& worker : workers_) {
      worker->thread.join();
      ::close(worker->epoll);
    }
    for (const auto& connection : connections_) ::close(connection->fd);
    ::close(listener_);
    ::close(stop_);
  }

  std::uint16_t tcp_port() const override { return tcp_port_; }

  ServerFigures Figures() override {
    ServerFigures figures;
    const auto add = [&figures](const char* call, const std::atomic<std::uint64_t>& count) {
      figures.calls[call] += count.load();
      figures.system_calls += count.load();
    };
    for (const auto& worker : workers_) {
      add("epoll_wait", worker->waits);
      add("recv", worker->receives);
      add("send", worker->sends);
      figures.cpu_seconds += CpuSeconds(worker->thread);
    }
    return figures;
  }

 private:
  // Touched by one worker only.
  struct Connection {
    int fd = -1;
    std::vector<char> unsent;  // the kernel's buffer was full: goes out before anything is read
  };

  struct Worker {
    int epoll = -1;
    std::thread thread;
    // Written by the worker, read by Figures.
    std::atomic<std::uint64_t> waits{0};
    std::atomic<std::uint64_t> receives{0};
    std::atomic<std::uint64_t> sends{0};
  };

  static void Bump(std::atomic<std::uint64_t>& count) {
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  // `what` comes back with the events: a Connection, or one of our two own descriptors.
  static void Add(Worker& worker, int fd, std::uint32_t events, void* what) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = what;
    Check(::epoll_ctl(worker.epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }

  void Run(Worker& worker) {
    epoll_event events[128];
    for (;;) {
      const int count = ::epoll_wait(worker.epoll, events, 128, -1);
      Bump(worker.waits);
      for (int i = 0; i < count; ++i) {
        void* const what = events[i].data.ptr;
        if (what == &stop_) return;
        if (what == &listener_) {
          Accept();
        } else {
          Echo(worker, *static_cast<Connection*>(what));
        }
      }
    }
  }

  void Accept() {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    connections_.push_back(std::make_unique<Connection>());
    connections_.back()->fd = fd;
    Add(*workers_[next_++ % workers_.size()], fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
        connections_.back().get());
  }

  // Reads and echoes until the socket is empty: a short read has emptied it, more data is a new
  // edge. A full send buffer stops it until the edge that says there is room again.
  static void Echo(Worker& worker, Connection& connection) {
    if (!connection.unsent.empty()) {
      const std::size_t sent =
          Send(worker, connection.fd, connection.unsent.data(), connection.unsent.size());
      connection.unsent.erase(connection.unsent.begin(),
                              connection.unsent.begin() + static_cast<std::ptrdiff_t>(sent));
      if (!connection.unsent.empty()) return;
    }
    char buffer[kBufferSize];
    for (;;) {
      const ssize_t got = ::recv(connection.fd, buffer, sizeof buffer, MSG_DONTWAIT);
      Bump(worker.receives);
      if (got <= 0) return;
      const auto size = static_cast<std::size_t>(got);
      const std::size_t sent = Send(worker, connection.fd, buffer, size);
      if (sent < size) {
        connection.unsent.assign(buffer + sent, buffer + size);
        return;
      }
      if (size < sizeof buffer) return;
    }
  }

  // How much of it the kernel took.
  static std::size_t Send(Worker& worker, int fd, const char* data, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
      const ssize_t sent = ::send(fd, data + done, size - done, MSG_NOSIGNAL | MSG_DONTWAIT);
      Bump(worker.sends);
      if (sent < 0) break;
      done += static_cast<std::size_t>(sent);
    }
    return done;
  }

  int listener_ = -1;
  int stop_ = -1;
  std::uint16_t tcp_port_ = 0;
  std::size_t next_ = 0;                                  // worker 0 only
  std::vector<std::unique_ptr<Connection>> connections_;  // worker 0, then the destructor
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace

std::unique_ptr<EchoServer> StartEpollEcho(int threads) {
  return std::make_unique<EpollEcho>(threads);
}

double CpuSeconds(std::thread& thread) {
  clockid_t clock{};
  timespec used{};
  if (::pthread_getcpuclockid(thread.native_handle(), &clock) != 0) return 0;
  ::clock_gettime(clock, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

}  // namespace bench
