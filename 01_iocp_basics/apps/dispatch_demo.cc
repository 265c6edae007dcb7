// dispatch_demo: one dispatch loop meets every kind of packet, and says what it got.

#include <cstring>
#include <iostream>
#include <string>
#include <thread>

#include "apps/dispatch_loop.h"
#include "apps/port_calls.h"
#include "support/network.h"
#include "support/options.h"

namespace {

constexpr ULONG_PTR kSocketKey = 7;
constexpr ULONG_PTR kPostedKey = 42;

// Prints each packet. One thread: the loop's.
class Narrator : public apps::PacketHandler {
 public:
  explicit Narrator(HANDLE port) : port_(port) {}

  void OnCompleted(ULONG_PTR key, OVERLAPPED* overlapped, DWORD bytes) override {
    std::cout << "TRUE,  overlapped " << (overlapped == nullptr ? "NULL    " : "not NULL") << ": "
              << (key == kSocketKey ? "a receive has completed" : "somebody posted a packet")
              << ", key " << key << ", " << bytes << " bytes\n";
  }
  void OnFailed(ULONG_PTR key, OVERLAPPED*, DWORD error) override {
    std::cout << "FALSE, overlapped not NULL: a receive has failed, key " << key << ", error "
              << apps::ErrorText(error) << '\n';
  }
  void OnIdle() override {
    std::cout << "FALSE, overlapped NULL    : nothing came in time, "
              << apps::ErrorText(WAIT_TIMEOUT) << '\n';
    apps::PostPacket(port_, 0, 0, nullptr);  // enough seen: the end packet
  }

 private:
  HANDLE port_;
};

void PostReceive(SOCKET socket, OVERLAPPED& overlapped, char* data, ULONG size) {
  std::memset(&overlapped, 0, sizeof overlapped);
  WSABUF buffer{size, data};
  DWORD flags = 0;
  if (WSARecv(socket, &buffer, 1, nullptr, &flags, &overlapped, nullptr) != 0 &&
      WSAGetLastError() != WSA_IO_PENDING) {
    throw apps::StartError("receive failed: " +
                           apps::ErrorText(static_cast<DWORD>(WSAGetLastError())));
  }
}

void RunDemo() {
  const apps::Winsock winsock;
  const apps::UniqueHandle port(apps::CreatePort(1));
  const apps::UniqueSocket listener = apps::ListenOnLoopback(0);
  apps::UniqueSocket peer = apps::ConnectToLoopback(apps::PortOf(listener.Get()));
  const apps::UniqueSocket socket(accept(listener.Get(), nullptr, nullptr));
  if (!apps::Associate(port.Get(), socket.Get(), kSocketKey)) {
    throw apps::StartError("cannot associate: " + apps::ErrorText(GetLastError()));
  }
  // One receive that will get data, and behind it one that will be cancelled.
  OVERLAPPED first;
  OVERLAPPED second;
  char first_data[16];
  char second_data[16];
  PostReceive(socket.Get(), first, first_data, sizeof first_data);
  PostReceive(socket.Get(), second, second_data, sizeof second_data);
  send(peer.Get(), "hello", 5, 0);
  apps::PostPacket(port.Get(), 5, kPostedKey, nullptr);
  CancelIoEx(reinterpret_cast<HANDLE>(socket.Get()), &second);
  Narrator narrator(port.Get());
  const apps::LoopEnd end = apps::RunDispatchLoop(port.Get(), narrator, 200);
  std::cout << (end == apps::LoopEnd::kEndPacket ? "the end packet: the loop returns\n"
                                                 : "the port was closed\n");
}

}  // namespace

int main(int argc, char** argv) {
  apps::CommandLine app("One dispatch loop meets every kind of packet", "dispatch_demo");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) {
    return *exit_code;
  }
  try {
    RunDemo();
    return 0;
  } catch (const std::exception& error) {
    return apps::Refuse(app, error.what());
  }
}
