// The same job through the completion port.
#include <array>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "iocp/inspect.h"
#include "iocp/iocp.h"
#include "labs/echo_server.h"

namespace bench {
namespace {

constexpr std::size_t kBufferSize = 4096;

// Exactly one operation of a connection is under way, so one OVERLAPPED does for both kinds, and
// whoever took the packet owns the connection. Everything a short message needs lies side by side.
struct alignas(64) Connection {
  OVERLAPPED overlapped{};
  SOCKET socket = INVALID_SOCKET;
  bool sending = false;
  std::array<char, kBufferSize> buffer;
};

class PortEcho final : public EchoServer {
 public:
  PortEcho(int threads, int concurrency, bool plain) : plain_(plain) {
    WSADATA data;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0) throw std::runtime_error("WSAStartup failed");
    start_ = iocp::ReadCounters().value();
    port_ = CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0,
                                   static_cast<DWORD>(concurrency > 0 ? concurrency : threads));
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
    for (int i = 0; i < threads; ++i) workers_.emplace_back([this] { Work(); });
    accept_ = std::thread([this] { Accept(); });
  }

  ~PortEcho() override {
    closesocket(listener_);
    accept_.join();
    PassOnEnd();
    for (std::thread& worker : workers_) worker.join();
    for (auto& connection : connections_) closesocket(connection->socket);
    // Their aborted receives: the buffers must live until the packets have come.
    std::size_t left = connections_.size();
    while (left > 0) {
      DWORD bytes = 0;
      ULONG_PTR key = 0;
      OVERLAPPED* overlapped = nullptr;
      const BOOL ok = GetQueuedCompletionStatus(port_, &bytes, &key, &overlapped, 100);
      if (overlapped != nullptr) --left;
      if (overlapped == nullptr && !ok) break;  // nothing comes any more
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
    for (std::size_t i = 0; i < now.calls.size(); ++i) {
      figures.calls[iocp::ToString(static_cast<iocp::SystemCall>(i))] =
          now.calls[i] - start_.calls[i];
    }
    for (std::thread& worker : workers_) figures.cpu_seconds += CpuSeconds(worker);
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
      connection.sending = false;
      WSABUF buffer{kBufferSize, connection.buffer.data()};
      DWORD bytes = 0;
      DWORD flags = 0;
      const int result =
          WSARecv(connection.socket, &buffer, 1, &bytes, &flags, &connection.overlapped, nullptr);
      if (result != 0 || plain_ || bytes == 0)
        return;  // a packet follows, or the connection is over
      if (!Send(connection, bytes)) return;
    }
  }

  // True: sent, and no packet follows.
  bool Send(Connection& connection, DWORD bytes) {
    connection.sending = true;
    WSABUF buffer{bytes, connection.buffer.data()};
    return WSASend(connection.socket, &buffer, 1, nullptr, 0, &connection.overlapped, nullptr) ==
               0 &&
           !plain_;
  }

  void OnPacket(Connection& connection, DWORD bytes, bool success) {
    if (!success) return;
    if (connection.sending || (bytes > 0 && Send(connection, bytes))) Receive(connection);
  }

  void Work() {
    if (plain_) {
      WorkOneByOne();
    } else {
      WorkInBatches();
    }
  }

  // One end packet for all workers: who takes it passes it on. (With one for each, a worker that
  // takes packets in batches could end with two in hand.)
  void PassOnEnd() { PostQueuedCompletionStatus(port_, 0, 0, nullptr); }

  void WorkOneByOne() {
    for (;;) {
      DWORD bytes = 0;
      ULONG_PTR key = 0;
      OVERLAPPED* overlapped = nullptr;
      const BOOL ok = GetQueuedCompletionStatus(port_, &bytes, &key, &overlapped, INFINITE);
      if (overlapped == nullptr) return PassOnEnd();
      OnPacket(*reinterpret_cast<Connection*>(key), bytes, ok != FALSE);
    }
  }

  void WorkInBatches() {
    std::array<OVERLAPPED_ENTRY, 64> entries;
    for (;;) {
      ULONG count = 0;
      if (!GetQueuedCompletionStatusEx(port_, entries.data(), static_cast<ULONG>(entries.size()),
                                       &count, INFINITE, FALSE)) {
        return;
      }
      for (ULONG i = 0; i < count; ++i) {
        if (entries[i].lpOverlapped == nullptr) return PassOnEnd();
        OnPacket(*reinterpret_cast<Connection*>(entries[i].lpCompletionKey),
                 entries[i].dwNumberOfBytesTransferred, entries[i].Internal == 0);
      }
    }
  }

  const bool plain_;
  iocp::Counters start_;
  HANDLE port_ = nullptr;
  SOCKET listener_ = INVALID_SOCKET;
  std::uint16_t tcp_port_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;  // accept thread, then the destructor
  std::vector<std::thread> workers_;
  std::thread accept_;
};

}  // namespace

std::unique_ptr<EchoServer> StartPortEcho(int threads, int concurrency, bool plain) {
  return std::make_unique<PortEcho>(threads, concurrency, plain);
}

}  // namespace bench
