// Where Linux has limits, or waits, that Windows has not. (Linux only.)
#ifndef _WIN32

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "iocp/linux/connection.h"
#include "tests/iocp/unit_fault_injection.h"
#include "tests/support/test_support.h"

namespace course_test {
namespace {

// --- poll takes no more entries than a process may have descriptors --------------------------------------

class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    rlimit low = before_;
    low.rlim_cur = limit;
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

TEST(SocketLimits, P130_MoreEntriesThanDescriptors) {
  const Connection connection = Connect();
  std::vector<WSAPOLLFD> many(70'000, {connection.ours, POLLRDNORM, 0});
  const DescriptorLimit limit(200);
  std::thread sender([&] { SendAll(connection.peer, "x"); });
  EXPECT_EQ(WSAPoll(many.data(), static_cast<ULONG>(many.size()), -1), 70'000);
  sender.join();
  many.resize(300);
  EXPECT_EQ(WSAPoll(many.data(), 300, 0), 300);
}

TEST(SocketLimits, P130_WhatTheSystemRefusesIsAnError) {
  const Connection connection = Connect();
  iocp::SystemCalls table = Real();
  table.poll = [](pollfd*, nfds_t, int) {
    errno = EINVAL;
    return -1;
  };
  const Replaced replaced(table);
  WSAPOLLFD one{connection.ours, POLLRDNORM, 0};
  EXPECT_EQ(WSAPoll(&one, 1, -1), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAENOBUFS);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(connection.ours, &set);
  EXPECT_EQ(select(0, &set, nullptr, nullptr, nullptr), SOCKET_ERROR);
}

// The count of calls on a connection has 16 bits: before it would wrap, a call is refused.
TEST(SocketLimits, P130_TheCountOfCallsDoesNotWrap) {
  iocp::Connection connection(-1);
  EXPECT_FALSE(connection.IsCrowded());
  while (!connection.IsCrowded()) ++connection.holders;
  EXPECT_GE(connection.holders, 50'000);
  EXPECT_LE(connection.holders + 4'000, 0xFFFF) << "the threads that perform I/O still count";
}

// --- SO_LINGER -------------------------------------------------------------------------------------------

std::atomic<unsigned> g_patience{0};

// Linux' close would wait here, in whichever thread is the last to let go.
TEST(SocketLimits, P149_CloseWithLingerAndUnsentDataKeepsNoThread) {
  iocp::SystemCalls table = Real();
  table.setsockopt = [](int fd, int level, int name, const void* value, socklen_t length) {
    if (level == IPPROTO_TCP && name == TCP_USER_TIMEOUT) {
      g_patience = *static_cast<const unsigned*>(value);
    }
    return Real().setsockopt(fd, level, name, value, length);
  };
  g_patience = 0;
  const Replaced replaced(table);
  for (const bool reuse : {false, true}) {
    Connection connection = Connect();
    const LINGER linger{1, 30};
    ASSERT_EQ(setsockopt(connection.ours, SOL_SOCKET, SO_LINGER,
                         reinterpret_cast<const char*>(&linger), sizeof linger),
              0);
    // The system takes it all, and the peer does not read.
    u_long on = 1;
    ASSERT_EQ(ioctlsocket(connection.ours, FIONBIO, &on), 0);
    const std::string chunk(100'000, 'x');
    std::size_t total = 0;
    for (int sent = 0; sent >= 0;) {
      sent = send(connection.ours, chunk.data(), static_cast<int>(chunk.size()), 0);
      if (sent > 0) total += static_cast<std::size_t>(sent);
    }
    const ULONGLONG start = GetTickCount64();
    if (reuse) {
      const auto disconnect =
          ExtensionFunction<LPFN_DISCONNECTEX>(connection.ours, WSAID_DISCONNECTEX);
      ASSERT_TRUE(disconnect(connection.ours, nullptr, TF_REUSE_SOCKET, 0)) << WSAGetLastError();
    } else {
      connection.ours.Close();
    }
    EXPECT_LT(GetTickCount64() - start, 10'000u);
    EXPECT_EQ(g_patience.exchange(0), 30'000u) << "given up after the time that was given";
    (void)ReceiveExactly(connection.peer, total);
    char end = 0;
    EXPECT_EQ(recv(connection.peer, &end, 1, 0), 0) << "all of it, and then the end";
  }
}

// --- options of a socket that is used again ----------------------------------------------------------------

std::atomic<int> g_buffers_sized{0};

int GetInt(SOCKET socket, int level, int name) {
  int value = -1;
  int length = sizeof value;
  EXPECT_EQ(getsockopt(socket, level, name, reinterpret_cast<char*>(&value), &length), 0);
  return value;
}

void SetInt(SOCKET socket, int level, int name, int value) {
  ASSERT_EQ(setsockopt(socket, level, name, reinterpret_cast<const char*>(&value), sizeof value),
            0);
}

// What the program has set, all of it, and nothing else: a buffer size that is set, even to what it
// is, ends the system's own sizing.
TEST(SocketLimits, P63_ASocketThatIsUsedAgainHasItsOptions) {
  iocp::SystemCalls table = Real();
  table.setsockopt = [](int fd, int level, int name, const void* value, socklen_t length) {
    if (level == SOL_SOCKET && (name == SO_RCVBUF || name == SO_SNDBUF)) ++g_buffers_sized;
    return Real().setsockopt(fd, level, name, value, length);
  };
  g_buffers_sized = 0;
  const Replaced replaced(table);
  const Connection connection = Connect();
  const SOCKET ours = connection.ours;
  SetInt(ours, IPPROTO_TCP, TCP_NODELAY, 1);
  SetInt(ours, IPPROTO_TCP, TCP_KEEPIDLE, 77);
  SetInt(ours, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetInt(ours, SOL_SOCKET, SO_BROADCAST, 1);
  const auto disconnect = ExtensionFunction<LPFN_DISCONNECTEX>(ours, WSAID_DISCONNECTEX);
  ASSERT_TRUE(disconnect(ours, nullptr, TF_REUSE_SOCKET, 0)) << WSAGetLastError();
  EXPECT_EQ(GetInt(ours, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(GetInt(ours, IPPROTO_TCP, TCP_KEEPIDLE), 77);
  EXPECT_EQ(GetInt(ours, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(GetInt(ours, SOL_SOCKET, SO_BROADCAST), 1);
  EXPECT_EQ(g_buffers_sized, 0);
}

TEST(SocketLimits, P63_SoHasOneWhoseConnectWasCancelled) {
  const Socket socket(
      WSASocketW(AF_INET6, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED));
  SetInt(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  SetInt(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  SetInt(socket, SOL_SOCKET, SO_RCVBUF, 50'000);
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  ASSERT_EQ(bind(socket, reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  iocp::SystemCalls table = Real();
  table.connect = [](int, const sockaddr*, socklen_t) {
    errno = EINPROGRESS;
    return -1;
  };
  const auto connect_ex = ExtensionFunction<LPFN_CONNECTEX>(socket, WSAID_CONNECTEX);
  OVERLAPPED overlapped{};
  {
    const Replaced replaced(table);
    sockaddr_in6 nobody{};
    nobody.sin6_family = AF_INET6;
    nobody.sin6_addr = in6addr_loopback;
    nobody.sin6_port = htons(9);
    ASSERT_FALSE(connect_ex(socket, reinterpret_cast<const sockaddr*>(&nobody), sizeof nobody,
                            nullptr, 0, nullptr, &overlapped));
    ASSERT_CODE(WSAGetLastError(), WSA_IO_PENDING);
    ASSERT_TRUE(CancelIoEx(socket.handle(), &overlapped));
    ASSERT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&overlapped); }));
  }
  EXPECT_EQ(GetInt(socket, IPPROTO_IPV6, IPV6_V6ONLY), 0);
  EXPECT_EQ(GetInt(socket, SOL_SOCKET, SO_REUSEADDR), 1);
  EXPECT_EQ(GetInt(socket, SOL_SOCKET, SO_RCVBUF), 50'000);
}

// Also one that a connection was handed to: SO_REUSEADDR is its own.
TEST(SocketLimits, P63_AnAcceptingSocketKeepsItsAddressUse) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Socket acceptor = MakeTcp();
  SetInt(acceptor, SOL_SOCKET, SO_REUSEADDR, 1);
  constexpr DWORD kRoomEach = sizeof(sockaddr_in) + 16;
  char output[2 * kRoomEach];
  Operation accept;
  DWORD bytes = 0;
  ASSERT_FALSE(AcceptEx(listener, acceptor, output, 0, kRoomEach, kRoomEach, &bytes, &accept));
  const Socket client = MakeTcp();
  ASSERT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_TRUE(GetOverlappedResult(listener.handle(), &accept, &bytes, TRUE));
  EXPECT_EQ(GetInt(acceptor, SOL_SOCKET, SO_REUSEADDR), 1);
  const auto disconnect = ExtensionFunction<LPFN_DISCONNECTEX>(acceptor, WSAID_DISCONNECTEX);
  ASSERT_TRUE(disconnect(acceptor, nullptr, TF_REUSE_SOCKET, 0)) << WSAGetLastError();
  EXPECT_EQ(GetInt(acceptor, SOL_SOCKET, SO_REUSEADDR), 1);
}

// --- a port is bound once --------------------------------------------------------------------------------

// A port whose server has just ended: connections of it are still in TIME_WAIT.
sockaddr_in PortOfAnEndedServer() {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  Connection connection = ConnectThrough(listener);
  connection.ours.Close();
  char byte = 0;
  recv(connection.peer, &byte, 1, 0);
  return address;
}

std::atomic<SOCKET> g_rival{INVALID_SOCKET};
std::atomic<int> g_rival_error{-1};
sockaddr_in g_rival_address{};
std::thread g_rival_thread;

// Lets the rival bind in the moment in which `when` is done for the first time, and gives it time
// to come as far as it can (it may have to wait for this thread).
void RivalBinds() {
  const SOCKET rival = g_rival.exchange(INVALID_SOCKET);
  if (rival == INVALID_SOCKET) return;
  std::atomic<bool> begun{false};
  g_rival_thread = std::thread([rival, &begun] {
    begun = true;
    g_rival_error = BindTo(rival, g_rival_address);
  });
  (void)Eventually([&] { return begun && g_rival_error >= 0; }, std::chrono::milliseconds(100));
}

void ExpectOneOwner(const iocp::SystemCalls& table, bool at_listen) {
  g_rival_address = PortOfAnEndedServer();
  g_rival_error = -1;
  const Socket first = MakeTcp();
  const Socket second = MakeTcp();
  const Replaced replaced(table);
  if (!at_listen) g_rival = second.get();
  EXPECT_CODE(BindTo(first, g_rival_address), 0);
  if (at_listen) g_rival = second.get();
  EXPECT_EQ(listen(first, 1), 0);
  ASSERT_TRUE(g_rival_thread.joinable()) << "the moment has come";
  g_rival_thread.join();
  EXPECT_CODE(g_rival_error, WSAEADDRINUSE);
}

TEST(SocketLimits, P50_TwoThatBindAtOnceAfterARestart) {
  iocp::SystemCalls table = Real();
  table.bind = [](int fd, const sockaddr* name, socklen_t length) {
    const int result = Real().bind(fd, name, length);
    const int error = errno;
    if (result == 0 && name->sa_family == AF_INET) RivalBinds();
    errno = error;
    return result;
  };
  ExpectOneOwner(table, false);
}

TEST(SocketLimits, P50_OneBindsWhileTheOtherBeginsToListen) {
  iocp::SystemCalls table = Real();
  table.listen = [](int fd, int backlog) {
    RivalBinds();
    return Real().listen(fd, backlog);
  };
  ExpectOneOwner(table, true);
}

}  // namespace
}  // namespace course_test

#endif  // _WIN32
