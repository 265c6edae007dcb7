// Misuse: the wrong handle in the wrong place answers with an error, never with somebody else's
// object. (Closed handles: P13, P31, P39 and the events. An OVERLAPPED used twice:
// unit_fault_misuse.cc.)
#include <array>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

HANDLE NoHandle() {
  return reinterpret_cast<HANDLE>(static_cast<ULONG_PTR>(0x7FFFFF4));
}

TEST(Misuse, DequeuingFromWhatIsNoPort) {
  const Handle event = MakeEvent();
  const Socket socket = MakeTcp();
  for (const HANDLE wrong : {NoHandle(), event.get(), socket.handle(), HANDLE{nullptr}}) {
    const Dequeued got = Dequeue(wrong, 0);
    EXPECT_FALSE(got.ok);
    EXPECT_EQ(got.overlapped, nullptr);
    EXPECT_TRUE(got.error == static_cast<DWORD>(ERROR_INVALID_HANDLE) || got.error == 170 ||
                got.error == static_cast<DWORD>(ERROR_INVALID_PARAMETER))
        << got.error;
  }
}

TEST(Misuse, PostingToWhatIsNoPort) {
  const Handle event = MakeEvent();
  for (const HANDLE wrong : {NoHandle(), event.get()}) {
    SetLastError(0);
    EXPECT_FALSE(PostQueuedCompletionStatus(wrong, 0, 0, nullptr));
    EXPECT_CODE(GetLastError(), ERROR_INVALID_HANDLE);
  }
}

TEST(Misuse, SettingWhatIsNoEvent) {
  const Handle port = MakePort();
  for (const HANDLE wrong : {NoHandle(), port.get()}) {
    SetLastError(0);
    EXPECT_FALSE(SetEvent(wrong));
    EXPECT_CODE(GetLastError(), ERROR_INVALID_HANDLE);
  }
}

TEST(Misuse, SocketCallsOnWhatIsNoSocket) {
  const Handle port = MakePort();
  const Handle event = MakeEvent();
  for (const HANDLE wrong : {NoHandle(), port.get(), event.get()}) {
    const auto socket = reinterpret_cast<SOCKET>(wrong);
    Operation operation;
    EXPECT_CODE(Receive(socket, &operation).error, WSAENOTSOCK);
    EXPECT_CODE(Send(socket, &operation, "x").error, WSAENOTSOCK);
    EXPECT_EQ(listen(socket, 1), SOCKET_ERROR);
    EXPECT_CODE(WSAGetLastError(), WSAENOTSOCK);
    EXPECT_EQ(closesocket(socket), SOCKET_ERROR);
    EXPECT_CODE(WSAGetLastError(), WSAENOTSOCK);
  }
  EXPECT_TRUE(PostQueuedCompletionStatus(port, 0, 1, nullptr)) << "the port is unharmed";
}

TEST(Misuse, ClosingTwiceFails) {
  Handle owner = MakeEvent();
  const HANDLE event = owner;
  owner.Close();
  SetLastError(0);
  EXPECT_FALSE(CloseHandle(event));
  EXPECT_CODE(GetLastError(), ERROR_INVALID_HANDLE);
  EXPECT_FALSE(CloseHandle(NoHandle()));
}

TEST(Misuse, ListeningOnAnAddressInUse) {
  sockaddr_in address{};
  const Socket first = MakeListener(&address);
  const Socket second = MakeTcp();
  EXPECT_EQ(bind(second, reinterpret_cast<const sockaddr*>(&address), sizeof address),
            SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAEADDRINUSE);
}

TEST(Misuse, WinsockNeedsAStartup) {
  ASSERT_EQ(WSACleanup(), 0);  // the test environment's
  SetLastError(0);
  const SOCKET socket =
      WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED);
  const int error = WSAGetLastError();
  if (socket != INVALID_SOCKET) closesocket(socket);
  WSADATA data{};
  ASSERT_EQ(WSAStartup(MAKEWORD(2, 2), &data), 0);
  EXPECT_EQ(socket, INVALID_SOCKET);
  EXPECT_CODE(error, WSANOTINITIALISED);
}

}  // namespace
