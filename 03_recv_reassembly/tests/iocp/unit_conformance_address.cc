// Conformance: whose an address is, SO_REUSEADDR against SO_EXCLUSIVEADDRUSE, and accepting without
// asking who it is. P140-P142.
#include <array>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

int Set(SOCKET socket, int name, BOOL on = TRUE) {
  const int result =
      setsockopt(socket, SOL_SOCKET, name, reinterpret_cast<const char*>(&on), sizeof on);
  return result == 0 ? 0 : WSAGetLastError();
}

bool IsShared(SOCKET socket) {
  int on = 0;  // Windows writes one byte
  int length = sizeof on;
  EXPECT_EQ(getsockopt(socket, SOL_SOCKET, SO_REUSEADDR, reinterpret_cast<char*>(&on), &length), 0);
  return on != 0;
}

Socket MakeShared() {
  Socket socket = MakeTcp();
  EXPECT_CODE(Set(socket, SO_REUSEADDR), 0);
  return socket;
}

Socket ConnectTo(const sockaddr_in& address) {
  Socket client = MakeTcp();
  EXPECT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0)
      << WSAGetLastError();
  return client;
}

TEST(Conformance, P140_AcceptWithoutALengthLeavesTheName) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Socket client = ConnectTo(address);
  sockaddr_in name{};
  name.sin_port = 0x1234;
  const Socket accepted(accept(listener, reinterpret_cast<sockaddr*>(&name), nullptr));
  ASSERT_NE(accepted.get(), INVALID_SOCKET) << WSAGetLastError();
  EXPECT_EQ(name.sin_port, 0x1234);
  SendAll(client, "x");
  EXPECT_EQ(ReceiveExactly(accepted, 1), "x");
}

TEST(Conformance, P141_ADatagramSocketAcceptsNothing) {
  const Socket listener = MakeListener();
  const Handle port = MakePort();
  Associate(port, listener, 1);
  const Socket udp(WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, nullptr, 0, WSA_FLAG_OVERLAPPED));
  Operation operation;
  DWORD bytes = 0;
  constexpr DWORD kRoom = sizeof(sockaddr_in) + 16;
  EXPECT_FALSE(AcceptEx(listener, udp, operation.buffer, 0, kRoom, kRoom, &bytes, &operation));
  const int error = WSAGetLastError();
  if (WineDiffers("P141", "Wine pends it",
                  "Wine 10.0 dlls/ws2_32/tests/sock.c, test_AcceptEx, 'A UDP socket cannot be "
                  "accepted into': WSAEINVAL is todo_wine")) {
    EXPECT_CODE(error, WSA_IO_PENDING);
    CancelIoEx(listener.handle(), &operation);
    EXPECT_EQ(Dequeue(port).overlapped, &operation);
    return;
  }
  EXPECT_CODE(error, WSAEINVAL);
  EXPECT_TRUE(NothingQueued(port));
}

TEST(Conformance, P142_SharingTakesBoth) {
  const Socket owner = MakeBoundTcp();
  const Socket shared = MakeShared();
  EXPECT_CODE(BindTo(shared, LocalAddressOf(owner)), WSAEACCES) << "the owner does not share";
  const Socket first = MakeShared();
  ASSERT_CODE(BindTo(first, LoopbackAddress()), 0);
  const Socket plain = MakeTcp();
  EXPECT_CODE(BindTo(plain, LocalAddressOf(first)), WSAEADDRINUSE) << "the second does not";
  EXPECT_CODE(BindTo(shared, LocalAddressOf(first)), 0);
}

TEST(Conformance, P142_SeveralListenAndTheFirstGetsTheConnections) {
  std::array<Socket, 3> listeners = {MakeShared(), MakeShared(), MakeShared()};
  sockaddr_in address = LoopbackAddress();
  for (Socket& listener : listeners) {
    ASSERT_CODE(BindTo(listener, address), 0);
    if (address.sin_port == 0) address = LocalAddressOf(listener);
  }
  for (Socket& listener : listeners) {
    const int result = listen(listener, 16);
    if (&listener != &listeners[0] &&
        WineDiffers("P142", "Wine lets one of them listen",
                    "Wine 10.0 dlls/ws2_32/tests/sock.c, test_reuseaddr: todo_wine")) {
      EXPECT_EQ(result, SOCKET_ERROR);
      return;
    }
    ASSERT_EQ(result, 0) << WSAGetLastError();
  }
  for (Socket& listener : listeners) {
    u_long non_blocking = 1;
    ASSERT_EQ(ioctlsocket(listener, FIONBIO, &non_blocking), 0);
  }
  // Who accepts when somebody connects?
  const auto winner = [&] {
    const Socket client = ConnectTo(address);
    std::size_t who = listeners.size();
    EXPECT_TRUE(Eventually([&] {
      for (std::size_t i = 0; i < listeners.size(); ++i) {
        const Socket accepted(accept(listeners[i], nullptr, nullptr));
        if (accepted.get() == INVALID_SOCKET) continue;
        EXPECT_TRUE(IsShared(accepted)) << "inherited (P63)";
        who = i;
        return true;
      }
      return false;
    }));
    return who;
  };
  for (int client = 0; client < 8; ++client) EXPECT_EQ(winner(), 0u);
  listeners[0].Close();
  const std::size_t next = winner();
  EXPECT_NE(next, 0u);
  for (int client = 0; client < 8; ++client) EXPECT_EQ(winner(), next);
  listeners[next].Close();
  const std::size_t last = 3 - next;
  for (int client = 0; client < 8; ++client) EXPECT_EQ(winner(), last);
}

TEST(Conformance, P142_PortOfAClosedSharingServerCanBeBoundAtOnce) {
  for (const bool then_shared : {true, false}) {
    sockaddr_in address = LoopbackAddress();
    {
      const Socket listener = MakeShared();
      ASSERT_CODE(BindTo(listener, address), 0);
      ASSERT_EQ(listen(listener, 1), 0);
      address = LocalAddressOf(listener);
      Connection connection = ConnectThrough(listener);
      connection.ours.Close();  // TIME_WAIT is on this side
      char byte = 0;
      recv(connection.peer, &byte, 1, 0);
    }
    const Socket again = then_shared ? MakeShared() : MakeTcp();
    EXPECT_CODE(BindTo(again, address), 0) << then_shared;
    EXPECT_EQ(listen(again, 1), 0);
    const Socket second = MakeTcp();
    EXPECT_CODE(BindTo(second, address), WSAEADDRINUSE);
  }
}

TEST(Conformance, P142_SharedAndExclusiveExcludeEachOther) {
  const Socket socket = MakeShared();
  EXPECT_CODE(Set(socket, SO_EXCLUSIVEADDRUSE), WSAEINVAL);
  EXPECT_TRUE(IsShared(socket));
  EXPECT_CODE(Set(socket, SO_REUSEADDR, FALSE), 0);
  EXPECT_CODE(Set(socket, SO_EXCLUSIVEADDRUSE), 0);
  EXPECT_CODE(Set(socket, SO_REUSEADDR), WSAEINVAL);
  EXPECT_FALSE(IsShared(socket));
}

}  // namespace
