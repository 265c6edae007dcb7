// What the scenarios of the preemption tests share: a port with a worker, and operations whose
// packets are counted (Linux only).
#pragma once

#ifndef _WIN32

#include <array>
#include <atomic>
#include <memory>
#include <thread>

#include "tests/iocp/unit_preempt.h"
#include "tests/support/test_support.h"

namespace course_test {

inline constexpr DWORD kRoom = sizeof(sockaddr_in) + 16;

// An operation and its packet. The worker writes the result, then counts.
struct Deal : OVERLAPPED {
  Deal() : OVERLAPPED{} {}

  bool due = false;  // by the issuing side: not refused, so exactly one packet comes
  int refusal = 0;   // by the issuing side: why it was refused
  bool ok = false;
  DWORD bytes = 0;
  DWORD error = 0;
  std::atomic<int> packets{0};
  std::array<char, 256> data{};

  void Said(bool succeeded) {
    const int error_now = succeeded ? 0 : WSAGetLastError();
    due = succeeded || error_now == WSA_IO_PENDING;
    refusal = due ? 0 : error_now;
  }
  std::string_view text() const { return {data.data(), bytes}; }
  // The one packet, if one is due; then the result may be read.
  void AwaitPacket();
};

// A port and a thread that takes its packets, which counts as one of the port's.
class World : public Scenario {
 public:
  World();
  ~World() override;

 protected:
  void PostReceive(SOCKET socket, Deal* deal);
  void PostSend(SOCKET socket, Deal* deal, std::string_view text);
  void PostAccept(SOCKET acceptor, Deal* deal, DWORD length);
  Socket Client();
  void TakeContext(SOCKET acceptor);
  // Everything that the peer gets until the end of the stream (a reset is an end).
  static std::string ReadToTheEnd(SOCKET peer);

  sockaddr_in address_{};
  Socket listener_;
  Handle port_;
  LPFN_CONNECTEX connect_ex_ = nullptr;
  LPFN_DISCONNECTEX disconnect_ex_ = nullptr;

 private:
  void Work();

  std::thread worker_;
};

// One connection whose end `ours_` belongs to the port.
class ConnectedWorld : public World {
 protected:
  ConnectedWorld();

  Socket ours_;
  Socket peer_;
};

template <typename Type>
NamedScenario Named(const char* name) {
  return {name, [] { return std::make_unique<Type>(); }};
}

}  // namespace course_test

#endif  // _WIN32
