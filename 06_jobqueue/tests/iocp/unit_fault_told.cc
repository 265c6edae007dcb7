// What a call must tell, and what it must not take: resets that another call was told of, sends
// that were cut, arguments at the edge of their range. (Linux only: Windows' own answer differs, or
// is not known.)
#ifndef _WIN32

#include <errno.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/iocp/unit_fault_injection.h"
#include "tests/support/test_support.h"

namespace course_test {
namespace {

// --- resets ---------------------------------------------------------------------------------------------

TEST(SocketTold, P26_ResetThatSoErrorWasToldOf) {
  Connection connection = Connect();
  connection.peer.Reset();
  int error = 0;
  EXPECT_TRUE(Eventually([&] {
    int length = sizeof error;
    getsockopt(connection.ours, SOL_SOCKET, SO_ERROR, reinterpret_cast<char*>(&error), &length);
    return error != 0;
  }));
  EXPECT_CODE(error, WSAECONNRESET);
  char byte = 0;
  EXPECT_EQ(recv(connection.ours, &byte, 1, 0), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAECONNRESET);
  EXPECT_EQ(send(connection.ours, "x", 1, 0), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAECONNRESET);
}

// 0: calls go through. 1: a receive waits until a send was told. 2: it was told, and waits until
// the receive has had what is left.
std::atomic<int> g_step{0};

TEST(SocketTold, P26_ResetThatASendWasToldOf) {
  iocp::SystemCalls table = Real();
  table.recv = [](int fd, void* data, size_t length, int flags) {
    if (g_step != 0) {
      EXPECT_TRUE(Eventually([] { return g_step >= 2; }));
    }
    const ssize_t result = Real().recv(fd, data, length, flags);
    const int error = errno;
    if (g_step == 2) g_step = 3;
    errno = error;
    return result;
  };
  table.send = [](int fd, const void* data, size_t length, int flags) {
    const ssize_t result = Real().send(fd, data, length, flags);
    const int error = errno;
    if (g_step == 1) {
      g_step = 2;
      EXPECT_TRUE(Eventually([] { return g_step == 3; }));
    }
    errno = error;
    return result;
  };
  g_step = 0;
  Associated io;
  Operation operation;
  ASSERT_TRUE(Receive(io.ours(), &operation).pended());
  const Replaced replaced(table);
  g_step = 1;
  std::thread dequeuing([&] {
    const Dequeued got = Dequeue(io.port);
    EXPECT_FALSE(got.ok) << "no orderly end";
    EXPECT_EQ(got.overlapped, &operation);
    EXPECT_CODE(got.error, ERROR_NETNAME_DELETED);
  });
  io.connection.peer.Reset();
  EXPECT_EQ(send(io.ours(), "x", 1, 0), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAECONNRESET);
  dequeuing.join();
  g_step = 0;
}

TEST(SocketTold, P64_DisconnectForReuseWithASendPendingResetsTheConnection) {
  Associated io;
  const std::string large(std::size_t{32} << 20, 'd');
  Operation send;
  ASSERT_TRUE(Send(io.ours(), &send, large).pended());
  const auto disconnect = ExtensionFunction<LPFN_DISCONNECTEX>(io.ours(), WSAID_DISCONNECTEX);
  Operation disconnected;
  disconnect(io.ours(), &disconnected, TF_REUSE_SOCKET, 0);
  EXPECT_FALSE(Dequeue(io.port).ok);
  EXPECT_EQ(Dequeue(io.port).overlapped, &disconnected);
  std::vector<char> part(1 << 16);
  int got = 0;
  do {
    got = recv(io.peer(), part.data(), static_cast<int>(part.size()), 0);
  } while (got > 0);
  EXPECT_EQ(got, SOCKET_ERROR) << "not an end that looks orderly";
}

// --- arguments --------------------------------------------------------------------------------------------

TEST(SocketTold, P59_NoNegativeLength) {
  const Connection connection = Connect();
  const Socket datagrams(socket(AF_INET, SOCK_DGRAM, 0));
  const sockaddr_in at = LoopbackAddress();
  const auto* const to = reinterpret_cast<const sockaddr*>(&at);
  ASSERT_EQ(bind(datagrams, to, sizeof at), 0);
  char byte = 0;
  for (const SOCKET socket : {connection.ours.get(), datagrams.get()}) {
    EXPECT_EQ(recvfrom(socket, &byte, -1, 0, nullptr, nullptr), SOCKET_ERROR);
    EXPECT_CODE(WSAGetLastError(), WSAEFAULT);
    EXPECT_EQ(sendto(socket, &byte, -1, 0, to, sizeof at), SOCKET_ERROR);
    EXPECT_CODE(WSAGetLastError(), WSAEFAULT);
    EXPECT_EQ(recvfrom(socket, nullptr, 1, 0, nullptr, nullptr), SOCKET_ERROR);
    EXPECT_CODE(WSAGetLastError(), WSAEFAULT);
  }
  EXPECT_EQ(recvfrom(INVALID_SOCKET, &byte, -1, 0, nullptr, nullptr), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAENOTSOCK);
}

TEST(SocketTold, P60_PeekAndWaitAllDoNotGoTogether) {
  const Connection connection = Connect();
  SendAll(connection.peer, "hello");
  ASSERT_TRUE(AwaitReadable(connection.ours, 5));
  char all[16] = {};
  EXPECT_EQ(recv(connection.ours, all, 12, MSG_PEEK | MSG_WAITALL), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAEOPNOTSUPP);
  WSABUF buffer{12, all};
  DWORD flags = MSG_PEEK | MSG_WAITALL;
  DWORD bytes = 0;
  EXPECT_EQ(WSARecv(connection.ours, &buffer, 1, &bytes, &flags, nullptr, nullptr), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAEOPNOTSUPP);
  // More buffers than one system call takes: the second would find the same bytes again.
  std::vector<char> peeked(2000);
  std::vector<WSABUF> many;
  for (char& byte : peeked) many.push_back({1, &byte});
  const std::string large(2000, 'x');
  SendAll(connection.peer, large);
  ASSERT_TRUE(AwaitReadable(connection.ours, 2005));
  flags = MSG_PEEK;
  ASSERT_EQ(WSARecv(connection.ours, many.data(), static_cast<DWORD>(many.size()), &bytes, &flags,
                    nullptr, nullptr),
            0);
  EXPECT_EQ(std::string(peeked.data(), bytes), std::string("hello" + large).substr(0, bytes));
  EXPECT_EQ(ReceiveExactly(connection.ours, 5), "hello");
}

// A thousand empty parts, and then one: a system call takes no more than that many.
TEST(SocketTold, P51_EmptyBuffersAreNoEnd) {
  const Connection connection = Connect();
  char sent = 'x';
  std::vector<WSABUF> parts(1500, WSABUF{0, nullptr});
  parts.back() = {1, &sent};
  DWORD bytes = 0;
  ASSERT_EQ(WSASend(connection.ours, parts.data(), static_cast<DWORD>(parts.size()), &bytes, 0,
                    nullptr, nullptr),
            0);
  EXPECT_EQ(bytes, 1u);
  char got = 0;
  parts.back() = {1, &got};
  DWORD flags = 0;
  ASSERT_EQ(WSARecv(connection.peer, parts.data(), static_cast<DWORD>(parts.size()), &bytes, &flags,
                    nullptr, nullptr),
            0);
  EXPECT_EQ(bytes, 1u) << "not the end";
  EXPECT_EQ(got, 'x');
}

TEST(SocketTold, P136_ATimerMayBeAsFarAwayAsThereIsTime) {
  const Handle timer(CreateWaitableTimer(nullptr, TRUE, nullptr));
  for (const std::int64_t time : {INT64_MIN, -INT64_MAX, INT64_MIN / 100, INT64_MAX}) {
    SCOPED_TRACE(time);
    LARGE_INTEGER due{};
    due.QuadPart = time;
    ASSERT_TRUE(SetWaitableTimer(timer, &due, 0, nullptr, nullptr, FALSE));
    EXPECT_CODE(WaitForSingleObject(timer, 30), WAIT_TIMEOUT);
  }
  ASSERT_TRUE(CancelWaitableTimer(timer));
}

}  // namespace
}  // namespace course_test

#endif  // _WIN32
