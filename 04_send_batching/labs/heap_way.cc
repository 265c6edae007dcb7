// Stage 03's way of sending, alone: one heap-allocated OVERLAPPED per packet and receiver, many
// sends outstanding, workers that free what has completed.
#include <atomic>
#include <stdexcept>
#include <thread>

#include "labs/send_ways.h"
#include "net/handles.h"
#include "net/io_context.h"
#include "net/peer_address.h"
#include "net/pending_count.h"
#include "net/socket_options.h"

namespace lab {

namespace {

struct HeapSend : net::IoContext {
  explicit HeapSend(const net::PacketRef& sealed) : IoContext(net::IoKind::kSend), packet(sealed) {}
  const net::PacketRef packet;  // keeps the bytes where they are until the completion
};

constexpr int kWorkers = 2;

class HeapWay : public SendWay {
 public:
  HeapWay() {
    port_.Reset(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 0));
    listener_.Reset(WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED));
    sockaddr_in address = net::ToSockaddr({0x7F000001, 0});
    int length = sizeof(address);
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    if (!port_ || !listener_ || bind(listener_.get(), raw, length) != 0 ||
        listen(listener_.get(), 1024) != 0 || getsockname(listener_.get(), raw, &length) != 0) {
      throw std::runtime_error("cannot listen");
    }
    tcp_port_ = ntohs(address.sin_port);
    for (std::thread& worker : workers_) worker = std::thread([this] { WorkerLoop(); });
  }

  ~HeapWay() override {
    for (net::UniqueSocket& client : clients_) {
      CancelIoEx(reinterpret_cast<HANDLE>(client.get()), nullptr);
    }
    outstanding_.WaitForZero();
    for (int i = 0; i < kWorkers; ++i) PostQueuedCompletionStatus(port_.get(), 0, 0, nullptr);
    for (std::thread& worker : workers_) worker.join();
  }

  std::uint16_t port() const override { return tcp_port_; }

  void AwaitClients(std::size_t clients) override {
    while (clients_.size() < clients) {
      clients_.emplace_back(accept(listener_.get(), nullptr, nullptr));
      const SOCKET socket = clients_.back().get();
      if (!clients_.back() || net::SetSocketOptions(socket, {}) != 0 ||
          CreateIoCompletionPort(reinterpret_cast<HANDLE>(socket), port_.get(), 0, 0) == nullptr) {
        throw std::runtime_error("cannot accept");
      }
    }
  }

  void Turn(std::span<const net::PacketRef> packets) override {
    for (const net::PacketRef& packet : packets) {
      for (const net::UniqueSocket& client : clients_) Send(client.get(), packet);
    }
  }

  SendCounts counts() const override {
    return {sends_.load(), completions_.load(), sends_.load()};  // one allocation per send
  }

 private:
  void Send(SOCKET socket, const net::PacketRef& packet) {
    auto context = std::make_unique<HeapSend>(packet);
    const auto frame = packet->frame();
    WSABUF buffer{};
    buffer.len = static_cast<ULONG>(frame.size());
    buffer.buf = reinterpret_cast<CHAR*>(const_cast<std::uint8_t*>(frame.data()));
    outstanding_.Add();
    sends_.fetch_add(1, std::memory_order_relaxed);
    HeapSend* const in_flight = context.release();  // a worker frees it
    if (WSASend(socket, &buffer, 1, nullptr, 0, in_flight, nullptr) != 0 &&
        WSAGetLastError() != WSA_IO_PENDING) {
      context.reset(in_flight);
      outstanding_.Finish();
    }
  }

  void WorkerLoop() {
    for (;;) {
      DWORD bytes = 0;
      ULONG_PTR key = 0;
      OVERLAPPED* overlapped = nullptr;
      GetQueuedCompletionStatus(port_.get(), &bytes, &key, &overlapped, INFINITE);
      if (overlapped == nullptr) return;
      const std::unique_ptr<HeapSend> done(
          static_cast<HeapSend*>(static_cast<net::IoContext*>(overlapped)));
      completions_.fetch_add(1, std::memory_order_relaxed);
      outstanding_.Finish();
    }
  }

  const net::WinsockScope winsock_;
  net::PortHandle port_;
  net::UniqueSocket listener_;
  std::uint16_t tcp_port_ = 0;
  std::vector<net::UniqueSocket> clients_;  // AwaitClients and Turn only
  std::thread workers_[kWorkers];

  net::PendingCount outstanding_;  // raised by Turn, lowered by the workers
  // atomic: counted by Turn and the workers
  std::atomic<std::uint64_t> sends_{0};
  std::atomic<std::uint64_t> completions_{0};
};

}  // namespace

std::unique_ptr<SendWay> MakeHeapWay() {
  return std::make_unique<HeapWay>();
}

}  // namespace lab
