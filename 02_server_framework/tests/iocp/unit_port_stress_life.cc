// A few sockets whose whole lives go on at once: many threads accept into them, connect, transfer,
// shut down, cancel, disconnect for reuse and ask for names, in any order, while clients come and
// go. Each operation still ends exactly once, no call hangs, and nothing is left.
#ifndef _WIN32  // what Wine's sockets cannot do twice is in the conformance tests

#include <memory>
#include <string>

#include "tests/iocp/unit_port_stress.h"

namespace {

using namespace course_test;

constexpr DWORD kRoom = sizeof(sockaddr_in) + 16;

struct Piece : CountedOperation {
  std::array<char, 64 + 2 * kRoom> buffer{};
};

class Lives {
 public:
  explicit Lives(Random& random) : listener_(MakeListener(&address_)), port_(MakePort(4)) {
    Associate(port_, listener_, 1);
    for (Socket& socket : sockets_) {
      socket = random.OneIn(2) ? MakeTcp() : MakeBoundTcp();
      Associate(port_, socket, 1);
    }
    accept_ex_ = ExtensionFunction<LPFN_ACCEPTEX>(listener_, WSAID_ACCEPTEX);
    connect_ex_ = ExtensionFunction<LPFN_CONNECTEX>(listener_, WSAID_CONNECTEX);
    disconnect_ex_ = ExtensionFunction<LPFN_DISCONNECTEX>(listener_, WSAID_DISCONNECTEX);
  }

  // One thread's part of it.
  void Live(std::uint64_t seed, int steps) {
    Random random(seed);
    std::vector<std::unique_ptr<Piece>> mine;
    for (int i = 0; i < steps; ++i) {
      mine.push_back(std::make_unique<Piece>());
      Piece& piece = *mine.back();
      const SOCKET socket = sockets_[random.Below(sockets_.size())];
      piece.expected = Step(random, socket, piece);
    }
    const std::lock_guard guard(lock_);
    for (auto& piece : mine) pieces_.push_back(std::move(piece));
  }

  void Clients(std::uint64_t seed, const std::atomic<bool>& stop) {
    Random random(seed);
    while (!stop) {
      Socket client = MakeTcp();
      u_long on = 1;
      ioctlsocket(client, FIONBIO, &on);
      connect(client, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
      if (!random.OneIn(3)) send(client, "hello", 5, 0);
      if (random.OneIn(4)) send(client, "!", 1, MSG_OOB);
      char bytes[64];
      recv(client, bytes, sizeof bytes, 0);
      if (random.OneIn(2)) client.Reset();
    }
  }

  // Closes everything and looks at every piece.
  void End() {
    for (Socket& socket : sockets_) socket.Close();
    listener_.Close();
    EXPECT_TRUE(Eventually([&] {
      for (const auto& piece : pieces_) {
        if (piece->expected && piece->packets == 0) return false;
      }
      return true;
    })) << "an operation never ended";
    for (const auto& piece : pieces_) {
      ASSERT_EQ(piece->packets, piece->expected ? 1 : 0);
    }
  }

  HANDLE port() const { return port_; }

 private:
  // True: a packet follows.
  bool Step(Random& random, SOCKET socket, Piece& piece) {
    const auto follows = [](BOOL ok) { return ok != FALSE || WSAGetLastError() == WSA_IO_PENDING; };
    const auto* const name = reinterpret_cast<const sockaddr*>(&address_);
    DWORD bytes = 0;
    DWORD flags = random.OneIn(4) ? DWORD{MSG_PEEK} : 0;
    WSABUF buffer{64, piece.buffer.data()};
    switch (random.Below(16)) {
      case 0:
      case 1:
      case 2:
        return follows(accept_ex_(listener_, socket, piece.buffer.data(), random.OneIn(2) ? 64 : 0,
                                  kRoom, kRoom, &bytes, &piece));
      case 3:
      case 4:
        return follows(WSARecv(socket, &buffer, 1, nullptr, &flags, &piece, nullptr) == 0);
      case 5:
      case 6:
        return follows(WSASend(socket, &buffer, 1, nullptr, 0, &piece, nullptr) == 0);
      case 7:
      case 8:
        return follows(disconnect_ex_(socket, &piece, TF_REUSE_SOCKET, 0));
      case 9:
        return follows(
            connect_ex_(socket, name, sizeof address_, piece.buffer.data(), 5, &bytes, &piece));
      case 10:
        CancelIoEx(reinterpret_cast<HANDLE>(random.OneIn(2) ? socket : listener_.get()), nullptr);
        return false;
      case 11:
        shutdown(socket, static_cast<int>(random.Below(3)));
        return false;
      case 12: {
        sockaddr_in peer{};
        int length = sizeof peer;
        getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &length);
        return false;
      }
      case 13: {
        u_long on = 1;
        ioctlsocket(socket, FIONBIO, &on);
        char byte = 0;
        recv(socket, &byte, 1, 0);
        return false;
      }
      case 14: {
        u_long on = 1;
        ioctlsocket(socket, FIONBIO, &on);
        send(socket, "x", 1, 0);
        return false;
      }
      default: {
        const SOCKET listener = listener_;
        setsockopt(socket, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                   reinterpret_cast<const char*>(&listener), sizeof listener);
        const int one = 1;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&one),
                   sizeof one);
        return false;
      }
    }
  }

  sockaddr_in address_{};
  Socket listener_;
  Handle port_;
  std::array<Socket, 4> sockets_;
  LPFN_ACCEPTEX accept_ex_ = nullptr;
  LPFN_CONNECTEX connect_ex_ = nullptr;
  LPFN_DISCONNECTEX disconnect_ex_ = nullptr;
  std::mutex lock_;
  std::vector<std::unique_ptr<Piece>> pieces_;  // guarded by lock_ while threads live
};

TEST(PortStress, WholeLivesAtOnce) {
  const NothingLeftBehind check;
  Random random(TestSeed());
  for (int round = 0; round < Rounds(20); ++round) {
    Lives lives(random);
    Workers workers(lives.port(), 2);
    std::atomic<bool> stop{false};
    std::vector<std::thread> clients;
    for (int i = 0; i < 2; ++i) {
      clients.emplace_back([&, seed = random.Next()] { lives.Clients(seed, stop); });
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&, seed = random.Next()] { lives.Live(seed, 300); });
    }
    for (std::thread& thread : threads) thread.join();
    stop = true;
    for (std::thread& client : clients) client.join();
    lives.End();
    workers.End();
    if (HasFailure()) FAIL() << "in round " << round;
  }
}

}  // namespace

#endif  // _WIN32
