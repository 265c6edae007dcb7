// The same job through the completion port.
#include <array>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bench/echo_server.h"
#include "iocp/inspect.h"
#include "iocp/iocp.h"

namespace bench {
namespace {

constexpr std::size_t kBufferSize = 4096;

struct Connection {
  OVERLAPPED receive{};
  OVERLAPPED send{};
  SOCKET socket = INVALID_SOCKET;
  std::array<char, kBufferSize> buffer;
};

class PortEcho final : public EchoServer {
 public:
  PortEcho(int threads, bool plain) : plain_(plain) {
    WSADATA data;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0) throw std::runtime_error("WSAStartup failed");
    start_ = iocp::ReadCounters().value();
    port_ = CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, static_cast<DWORD>(threads));
    listener_ = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int length = sizeof address;
    const bool listening =
        bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
        listen(listener_, SOMAXCONN) == 0 &&
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0;
    if (port_ == nullptr || !listening) throw std::runtime_error("cannot listen");
    tcp_port_ = ntohs(address.sin_port);
    cpu_ = std::vector<std::atomic<double>>(static_cast<std::size_t>(threads));
    for (auto& cpu : cpu_) workers_.emplace_back([this, &cpu] { Work(cpu); });
    accept_ = std::thread([this] { Accept(); });
  }

  ~PortEcho() override {
    closesocket(listener_);
    accept_.join();
    for (std::size_t i = 0; i < workers_.size(); ++i)
      PostQueuedCompletionStatus(port_, 0, 0, nullptr);
    for (std::thread& worker : workers_) worker.join();
    for (auto& connection : connections_) closesocket(connection->socket);
    // Their aborted receives: the buffers must live until the packets have come.
    std::size_t left = connections_.size();
    while (left > 0) {
      DWORD bytes = 0;
      ULONG_PTR key = 0;
      OVERLAPPED* overlapped = nullptr;
      GetQueuedCompletionStatus(port_, &bytes, &key, &overlapped, 100);
      if (overlapped == nullptr) break;
      --left;
    }
    CloseHandle(port_);
    WSACleanup();
  }

  std::uint16_t tcp_port() const override { return tcp_port_; }

  ServerFigures Figures() override {
    const iocp::Counters now = iocp::ReadCounters().value();
    ServerFigures figures;
    figures.system_calls = now.system_calls - start_.system_calls;
    figures.allocations = now.allocations - start_.allocations;
    for (const auto& cpu : cpu_) figures.cpu_seconds += cpu.load();
    return figures;
  }

 private:
  void Accept() {
    for (;;) {
      const SOCKET s = accept(listener_, nullptr, nullptr);
      if (s == INVALID_SOCKET) return;
      connections_.push_back(std::make_unique<Connection>());
      Connection* const connection = connections_.back().get();
      connection->socket = s;
      CreateIoCompletionPort(reinterpret_cast<HANDLE>(s), port_,
                             reinterpret_cast<ULONG_PTR>(connection), 0);
      if (!plain_) {
        SetFileCompletionNotificationModes(reinterpret_cast<HANDLE>(s),
                                           FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
      }
      Receive(*connection);
    }
  }

  // Posts the next receive; what completes at once without a packet is served here.
  void Receive(Connection& connection) {
    for (;;) {
      WSABUF buffer{kBufferSize, connection.buffer.data()};
      DWORD bytes = 0;
      DWORD flags = 0;
      const int result =
          WSARecv(connection.socket, &buffer, 1, &bytes, &flags, &connection.receive, nullptr);
      if (result != 0 || plain_ || bytes == 0)
        return;  // a packet follows, or the connection is over
      if (!Send(connection, bytes)) return;
    }
  }

  // True: sent, and no packet follows.
  bool Send(Connection& connection, DWORD bytes) {
    WSABUF buffer{bytes, connection.buffer.data()};
    return WSASend(connection.socket, &buffer, 1, nullptr, 0, &connection.send, nullptr) == 0 &&
           !plain_;
  }

  void OnPacket(Connection& connection, const OVERLAPPED* overlapped, DWORD bytes, bool success) {
    if (!success) return;
    if (overlapped == &connection.send) {
      Receive(connection);
    } else if (bytes > 0 && Send(connection, bytes)) {
      Receive(connection);
    }
  }

  void Work(std::atomic<double>& cpu) {
    const bool plain = plain_;
    std::array<OVERLAPPED_ENTRY, 64> entries;
    for (std::uint64_t turn = 0;; ++turn) {
      if (!plain || turn % 64 == 0) cpu.store(ThreadCpuSeconds(), std::memory_order_relaxed);
      if (plain) {
        DWORD bytes = 0;
        ULONG_PTR key = 0;
        OVERLAPPED* overlapped = nullptr;
        const BOOL ok = GetQueuedCompletionStatus(port_, &bytes, &key, &overlapped, INFINITE);
        if (overlapped == nullptr) return;
        OnPacket(*reinterpret_cast<Connection*>(key), overlapped, bytes, ok != FALSE);
        continue;
      }
      ULONG count = 0;
      if (!GetQueuedCompletionStatusEx(port_, entries.data(), static_cast<ULONG>(entries.size()),
                                       &count, INFINITE, FALSE)) {
        return;
      }
      for (ULONG i = 0; i < count; ++i) {
        if (entries[i].lpOverlapped == nullptr) return;
        OnPacket(*reinterpret_cast<Connection*>(entries[i].lpCompletionKey),
                 entries[i].lpOverlapped, entries[i].dwNumberOfBytesTransferred,
                 entries[i].Internal == 0);
      }
    }
  }

  const bool plain_;
  iocp::Counters start_;
  HANDLE port_ = nullptr;
  SOCKET listener_ = INVALID_SOCKET;
  std::uint16_t tcp_port_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;  // accept thread, then the destructor
  std::vector<std::atomic<double>> cpu_;                  // one per worker
  std::vector<std::thread> workers_;
  std::thread accept_;
};

}  // namespace

std::unique_ptr<EchoServer> StartPortEcho(int threads, bool plain) {
  return std::make_unique<PortEcho>(threads, plain);
}

}  // namespace bench
