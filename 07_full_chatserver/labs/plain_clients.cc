#include "labs/plain_clients.h"

#include <array>
#include <memory>
#include <stdexcept>

#include "labs/cpu_time.h"

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace apps {

namespace {

#ifdef _WIN32
using Native = SOCKET;
using PollEntry = WSAPOLLFD;
int Poll(PollEntry* entries, std::size_t count, int ms) {
  return WSAPoll(entries, static_cast<ULONG>(count), ms);
}
int Receive(Native socket, std::span<std::uint8_t> to) {
  return ::recv(socket, reinterpret_cast<char*>(to.data()), static_cast<int>(to.size()), 0);
}
int SendNative(Native socket, std::span<const std::uint8_t> from) {
  return ::send(socket, reinterpret_cast<const char*>(from.data()), static_cast<int>(from.size()),
                0);
}
void CloseNative(Native socket) {
  ::closesocket(socket);
}
constexpr short kReadable = POLLRDNORM;
#else
using Native = int;
using PollEntry = pollfd;
int Poll(PollEntry* entries, std::size_t count, int ms) {
  return ::poll(entries, count, ms);
}
long Receive(Native socket, std::span<std::uint8_t> to) {
  return ::recv(socket, to.data(), to.size(), 0);
}
long SendNative(Native socket, std::span<const std::uint8_t> from) {
  return ::send(socket, from.data(), from.size(), MSG_NOSIGNAL);
}
void CloseNative(Native socket) {
  ::close(socket);
}
constexpr short kReadable = POLLIN;
#endif

Native ToNative(std::intptr_t socket) {
  return static_cast<Native>(socket);
}

// How soon the readers notice that they are to stop.
constexpr int kPollMs = 100;

}  // namespace

PlainClients::PlainClients(std::uint16_t port, std::size_t count, std::size_t threads,
                           OnBytes on_bytes)
    : on_bytes_(std::move(on_bytes)) {
#ifdef _WIN32
  WSADATA data{};
  if (WSAStartup(MAKEWORD(2, 2), &data) != 0) throw std::runtime_error("WSAStartup");
#endif
  Connect(port, count);
  for (std::size_t i = 0; i < threads; ++i) {
    readers_.push_back(std::make_unique<Reader>());
    for (std::size_t client = i; client < count; client += threads) {
      readers_.back()->clients.push_back(client);
    }
  }
  for (auto& reader : readers_) {
    reader->thread = std::thread([this, one = reader.get()] { ReadLoop(*one); });
  }
}

PlainClients::~PlainClients() {
  stop_ = true;
  for (auto& reader : readers_) reader->thread.join();
  CloseAll();
}

void PlainClients::CloseAll() {
  for (const std::intptr_t socket : sockets_) CloseNative(ToNative(socket));
#ifdef _WIN32
  WSACleanup();
#endif
}

void PlainClients::Connect(std::uint16_t port, std::size_t count) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  for (std::size_t i = 0; i < count; ++i) {
    const Native socket = ::socket(AF_INET, SOCK_STREAM, 0);
    if (static_cast<std::intptr_t>(socket) >= 0) {
      sockets_.push_back(static_cast<std::intptr_t>(socket));
      if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
        continue;
      }
    }
    CloseAll();
    throw std::runtime_error("client " + std::to_string(i) + " cannot connect");
  }
}

bool PlainClients::Send(std::size_t client, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const auto sent = SendNative(ToNative(sockets_[client]), bytes);
    if (sent <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

void PlainClients::ReadLoop(Reader& reader) {
  std::vector<std::uint8_t> buffer(256 * 1024);
  std::vector<PollEntry> entries;
  for (const std::size_t client : reader.clients) {
    PollEntry entry{};
    entry.fd = ToNative(sockets_[client]);
    entry.events = kReadable;
    entries.push_back(entry);
  }
  std::vector<std::size_t> clients = reader.clients;
  while (!stop_ && !entries.empty()) {
    Poll(entries.data(), entries.size(), kPollMs);
    for (std::size_t i = 0; i < entries.size();) {
      if (entries[i].revents != 0) {
        const auto count = Receive(entries[i].fd, buffer);
        if (count <= 0) {
          ended_.fetch_add(1, std::memory_order_relaxed);
          entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i));
          clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i));
          continue;
        }
        bytes_.fetch_add(static_cast<std::uint64_t>(count), std::memory_order_relaxed);
        if (on_bytes_) on_bytes_(clients[i], {buffer.data(), static_cast<std::size_t>(count)});
      }
      ++i;
    }
    reader.cpu_us.store(ThreadCpuMicroseconds(), std::memory_order_relaxed);
  }
}

std::uint64_t PlainClients::cpu_us() const {
  std::uint64_t sum = 0;
  for (const auto& reader : readers_) sum += reader->cpu_us.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace apps
