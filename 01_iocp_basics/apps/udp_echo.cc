// udp_echo: datagrams through the port. One socket, several receives under way on it: with TCP each
// client has its own socket and its own order, here each datagram is alone and carries its sender.
//
//   udp_echo --port 0            the server; sends every datagram back to where it came from
//   udp_echo --to PORT --count N sends N numbered datagrams and counts the answers

#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "support/network.h"
#include "support/options.h"
#include "support/stop_signal.h"

namespace {

constexpr int kReceives = 16;  // so many datagrams can be in work at once; more wait in the kernel

// One datagram on its way in, then out. Whoever has its packet owns it.
struct Datagram : OVERLAPPED {
  sockaddr_in from{};             // written by the system with the data: must live as long (P131)
  INT from_length = sizeof from;  // likewise
  bool sending = false;
  char data[2048];
};

apps::UniqueSocket Bound(unsigned short port) {
  apps::UniqueSocket socket(
      WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, nullptr, 0, WSA_FLAG_OVERLAPPED));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (bind(socket.Get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw apps::StartError("cannot use port " + std::to_string(port));
  }
  return socket;
}

// [udp-receive]
// False: the socket is closed. A datagram that nobody took (an earlier answer of ours) is reported
// here as WSAECONNRESET, and is no reason to stop: the next receive is issued.
bool Receive(SOCKET socket, Datagram* datagram) {
  for (;;) {
    *static_cast<OVERLAPPED*>(datagram) = {};
    datagram->sending = false;
    datagram->from_length = sizeof datagram->from;
    WSABUF buffer{sizeof datagram->data, datagram->data};
    DWORD flags = 0;
    const int result = WSARecvFrom(socket, &buffer, 1, nullptr, &flags,
                                   reinterpret_cast<sockaddr*>(&datagram->from),
                                   &datagram->from_length, datagram, nullptr);
    if (result == 0 || WSAGetLastError() == WSA_IO_PENDING) return true;
    if (WSAGetLastError() != WSAECONNRESET) return false;
  }
}
// [/udp-receive]

bool SendBack(SOCKET socket, Datagram* datagram, DWORD bytes) {
  *static_cast<OVERLAPPED*>(datagram) = {};
  datagram->sending = true;
  WSABUF buffer{bytes, datagram->data};
  const int result =
      WSASendTo(socket, &buffer, 1, nullptr, 0, reinterpret_cast<sockaddr*>(&datagram->from),
                datagram->from_length, datagram, nullptr);
  return result == 0 || WSAGetLastError() == WSA_IO_PENDING;
}

// Until the port is closed or an end packet (no OVERLAPPED) comes.
void Work(HANDLE port, SOCKET socket) {
  for (;;) {
    DWORD bytes = 0;
    ULONG_PTR key = 0;
    OVERLAPPED* overlapped = nullptr;
    const BOOL ok = GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, INFINITE);
    if (overlapped == nullptr) return;
    auto* const datagram = static_cast<Datagram*>(overlapped);
    const bool answer = ok != FALSE && !datagram->sending;
    if (answer && SendBack(socket, datagram, bytes)) continue;
    Receive(socket, datagram);  // sent, or damaged on the way: the buffer is free for the next
  }
}

void Serve(unsigned short port_number, apps::StopSignal& stop) {
  const apps::UniqueHandle port(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 0));
  apps::UniqueSocket socket = Bound(port_number);
  CreateIoCompletionPort(reinterpret_cast<HANDLE>(socket.Get()), port.Get(), 0, 0);
  std::vector<Datagram> datagrams(kReceives);
  for (Datagram& datagram : datagrams) Receive(socket.Get(), &datagram);
  std::vector<std::thread> workers;
  for (int i = 0; i < 2; ++i) {
    workers.emplace_back([&port, raw = socket.Get()] { Work(port.Get(), raw); });
  }
  std::cout << "listening on 127.0.0.1:" << apps::PortOf(socket.Get()) << std::endl;
  stop.Wait();
  // The socket first: its receives end with a packet each, and each then finds it closed. The end
  // packets come behind all of them (P11).
  socket.Reset();
  for (std::size_t i = 0; i < workers.size(); ++i) {
    PostQueuedCompletionStatus(port.Get(), 0, 0, nullptr);
  }
  for (std::thread& worker : workers) worker.join();
}

// Plain calls: one datagram out, one back. A lost one is counted, not waited for.
int Ask(unsigned short server, int count) {
  const apps::UniqueSocket socket = Bound(0);
  const DWORD patience = 1000;
  setsockopt(socket.Get(), SOL_SOCKET, SO_RCVTIMEO, reinterpret_cast<const char*>(&patience),
             sizeof patience);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(server);
  int answered = 0;
  for (int i = 0; i < count; ++i) {
    const std::string text = "datagram " + std::to_string(i);
    sendto(socket.Get(), text.data(), static_cast<int>(text.size()), 0,
           reinterpret_cast<sockaddr*>(&to), static_cast<int>(sizeof to));
    char answer[64];
    const int got =
        recvfrom(socket.Get(), answer, static_cast<int>(sizeof answer), 0, nullptr, nullptr);
    if (got > 0 && std::string(answer, static_cast<std::size_t>(got)) == text) ++answered;
  }
  std::cout << answered << " of " << count << " answered" << std::endl;
  return answered == count ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  apps::CommandLine app("Datagrams (UDP) through a completion port: an echo server and its client",
                        "udp_echo");
  unsigned short port = 0;
  unsigned short to = 0;
  int count = 10;
  bool stop_on_eof = false;
  app.Add("--port", port, "serve: UDP port on 127.0.0.1; 0 takes a free one");
  app.Add("--to", to, "ask: the server's port").Range(1, 65535);
  app.Add("--count", count, "ask: how many datagrams").Range(1, 1000000);
  app.Flag("--stop-on-eof", stop_on_eof, "serve: stop also at the end of standard input");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) {
    return *exit_code;
  }
  try {
    apps::StopSignal stop(stop_on_eof);
    const apps::Winsock winsock;
    if (to != 0) return Ask(to, count);
    Serve(port, stop);
  } catch (const std::exception& error) {
    return apps::Refuse(app, error.what());
  }
}
