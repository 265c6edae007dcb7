#include "tests/support/tcp_client.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace support {
namespace {

#ifdef _WIN32
using Native = SOCKET;
constexpr int kNoSignal = 0;
constexpr int kShutdownSend = SD_SEND;
struct Winsock {
  Winsock() {
    WSADATA data;
    WSAStartup(MAKEWORD(2, 2), &data);
  }
};
void StartNetwork() {
  static const Winsock winsock;
}
void CloseNative(Native socket) {
  closesocket(socket);
}
int PollNative(pollfd* entry, int timeout) {
  return WSAPoll(entry, 1, timeout);
}
bool Interrupted() {
  return false;
}
using Length = int;
#else
using Native = int;
constexpr int kNoSignal = MSG_NOSIGNAL;
constexpr int kShutdownSend = SHUT_WR;
void StartNetwork() {}
void CloseNative(Native socket) {
  close(socket);
}
int PollNative(pollfd* entry, int timeout) {
  return poll(entry, 1, timeout);
}
bool Interrupted() {
  return errno == EINTR;
}
using Length = std::size_t;
#endif

Native ToNative(std::intptr_t socket) {
  return static_cast<Native>(socket);
}

sockaddr_in Loopback(unsigned short port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

std::intptr_t NewSocket() {
  StartNetwork();
  const auto socket_handle = static_cast<std::intptr_t>(socket(AF_INET, SOCK_STREAM, IPPROTO_TCP));
  if (socket_handle == -1) {
    throw std::runtime_error("test client: no socket");
  }
  return socket_handle;
}

// False at the deadline.
bool WaitFor(std::intptr_t socket, short events, std::chrono::steady_clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd entry{};
    entry.fd = ToNative(socket);
    entry.events = events;
    const int ready = PollNative(&entry, static_cast<int>(std::max<long long>(left.count(), 0)));
    if (ready > 0) {
      return true;
    }
    if (ready == 0 || !Interrupted()) {
      return false;
    }
  }
}

}  // namespace

TcpClient::TcpClient(unsigned short port) : socket_(NewSocket()) {
  const sockaddr_in address = Loopback(port);
  if (connect(ToNative(socket_), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
      0) {
    Close();
    throw std::runtime_error("test client: cannot connect to port " + std::to_string(port));
  }
}

TcpClient::~TcpClient() {
  Close();
}

TcpClient::TcpClient(TcpClient&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

TcpClient& TcpClient::operator=(TcpClient&& other) noexcept {
  if (this != &other) {
    Close();
    socket_ = std::exchange(other.socket_, -1);
  }
  return *this;
}

bool TcpClient::Send(std::string_view data, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!data.empty()) {
    // Small pieces: a blocking send of more than the peer's window could outlast the deadline.
    if (!WaitFor(socket_, POLLOUT, deadline)) {
      return false;
    }
    const auto piece = static_cast<Length>(std::min<std::size_t>(data.size(), 2048));
    const auto count = send(ToNative(socket_), data.data(), piece, kNoSignal);
    if (count < 0 && !Interrupted()) {
      return false;
    }
    data.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  return true;
}

TcpClient::Outcome TcpClient::ReceiveSome(char* data, std::size_t size, std::size_t& received,
                                          Deadline deadline) {
  while (true) {
    if (!WaitFor(socket_, POLLIN, deadline)) {
      return Outcome::kDeadline;
    }
    const auto count = recv(ToNative(socket_), data, static_cast<Length>(size), 0);
    if (count > 0) {
      received = static_cast<std::size_t>(count);
      return Outcome::kData;
    }
    if (count == 0) {
      return Outcome::kEnd;
    }
    if (!Interrupted()) {
      return Outcome::kReset;
    }
  }
}

std::string TcpClient::Receive(std::size_t size, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::string data(size, '\0');
  std::size_t total = 0;
  while (total < size) {
    std::size_t received = 0;
    if (ReceiveSome(data.data() + total, size - total, received, deadline) != Outcome::kData) {
      break;
    }
    total += received;
  }
  data.resize(total);
  return data;
}

TcpClient::Rest TcpClient::ReceiveToEnd(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  Rest rest;
  while (true) {
    char data[4096];
    std::size_t received = 0;
    const Outcome outcome = ReceiveSome(data, sizeof data, received, deadline);
    if (outcome != Outcome::kData) {
      rest.closed = outcome != Outcome::kDeadline;
      rest.reset = outcome == Outcome::kReset;
      return rest;
    }
    rest.data.append(data, received);
  }
}

void TcpClient::FinishSending() {
  shutdown(ToNative(socket_), kShutdownSend);
}

void TcpClient::Close() {
  if (socket_ != -1) {
    CloseNative(ToNative(socket_));
    socket_ = -1;
  }
}

void TcpClient::Reset() {
  const linger hard{1, 0};
  setsockopt(ToNative(socket_), SOL_SOCKET, SO_LINGER, reinterpret_cast<const char*>(&hard),
             sizeof hard);
  Close();
}

OccupiedPort::OccupiedPort() : socket_(NewSocket()) {
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  if (bind(ToNative(socket_), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      listen(ToNative(socket_), 1) != 0 ||
      getsockname(ToNative(socket_), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    CloseNative(ToNative(socket_));
    throw std::runtime_error("test: cannot occupy a port");
  }
  port_ = ntohs(address.sin_port);
}

OccupiedPort::~OccupiedPort() {
  CloseNative(ToNative(socket_));
}

}  // namespace support
