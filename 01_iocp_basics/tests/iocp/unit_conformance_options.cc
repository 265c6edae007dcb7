// Conformance: what programs pass to sockets besides data: options, ioctls, and a SOCKET as a file.
#include "iocp/win32_threads.h"
#include "tests/support/test_support.h"

#ifdef _WIN32
#include <mstcpip.h>
#endif

namespace {

using namespace course_test;

int GetInt(SOCKET socket, int level, int name) {
  int value = 0;  // Windows writes one byte for some options
  int length = sizeof value;
  EXPECT_EQ(getsockopt(socket, level, name, reinterpret_cast<char*>(&value), &length), 0)
      << WSAGetLastError();
  return value;
}

TEST(Conformance, P115_ABoolOptionMayBeOneByte) {
  const Socket socket = MakeTcp();
  const bool on = true;
  const char* const value = reinterpret_cast<const char*>(&on);
  EXPECT_EQ(setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, value, sizeof on), 0);
  EXPECT_NE(GetInt(socket, SOL_SOCKET, SO_REUSEADDR), 0);
  EXPECT_EQ(setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, value, sizeof on), 0);
  EXPECT_NE(GetInt(socket, IPPROTO_TCP, TCP_NODELAY), 0);
  EXPECT_EQ(setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, value, sizeof on), 0);
  EXPECT_NE(GetInt(socket, SOL_SOCKET, SO_KEEPALIVE), 0);
  if (!WineDiffers("P115", "takes a value of no bytes", "seen with Wine 8.0")) {
    EXPECT_EQ(setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, value, 0), SOCKET_ERROR);
    EXPECT_CODE(WSAGetLastError(), WSAEFAULT);
  }
}

TEST(Conformance, P115_NoDelayAtTheSocketsLevelHasNoEffect) {
  const Socket socket = MakeTcp();
  const BOOL on = TRUE;
  EXPECT_EQ(
      setsockopt(socket, SOL_SOCKET, TCP_NODELAY, reinterpret_cast<const char*>(&on), sizeof on), 0)
      << WSAGetLastError();
  EXPECT_EQ(GetInt(socket, IPPROTO_TCP, TCP_NODELAY), 0);
}

TEST(Conformance, P116_LingerHasFourBytes) {
  const Socket socket = MakeTcp();
  LINGER linger{1, 7};
  ASSERT_EQ(setsockopt(socket, SOL_SOCKET, SO_LINGER, reinterpret_cast<const char*>(&linger),
                       sizeof linger),
            0);
  LINGER got{};
  int length = sizeof got;
  ASSERT_EQ(getsockopt(socket, SOL_SOCKET, SO_LINGER, reinterpret_cast<char*>(&got), &length), 0);
  EXPECT_EQ(length, 4);
  EXPECT_EQ(got.l_onoff, 1);
  EXPECT_EQ(got.l_linger, 7);
}

TEST(Conformance, P117_IoctlsocketTouchesFourBytes) {
  const Connection connection = Connect();
  struct {
    u_long number = 0xFFFFFFFF;
    u_long behind = 0xAAAAAAAA;
  } argument;
  SendAll(connection.peer, "abc");
  ASSERT_TRUE(AwaitReadable(connection.ours, 3));
  ASSERT_EQ(ioctlsocket(connection.ours, FIONREAD, &argument.number), 0);
  EXPECT_EQ(argument.number, 3u);
  EXPECT_EQ(argument.behind, 0xAAAAAAAAu);
  // All of the argument decides, and nothing behind it.
  argument.number = 0;
  ASSERT_EQ(ioctlsocket(connection.ours, FIONBIO, &argument.number), 0);
  EXPECT_EQ(ReceiveExactly(connection.ours, 3), "abc");
  DWORD timeout = 20;
  setsockopt(connection.ours, SOL_SOCKET, SO_RCVTIMEO, reinterpret_cast<char*>(&timeout),
             sizeof timeout);
  char byte = 0;
  EXPECT_EQ(recv(connection.ours, &byte, 1, 0), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAETIMEDOUT) << "still blocking";
  DWORD bytes = 0;
  u_long on = 1;
  ASSERT_EQ(WSAIoctl(connection.ours, static_cast<DWORD>(FIONBIO), &on, sizeof on, nullptr, 0,
                     &bytes, nullptr, nullptr),
            0);
  EXPECT_EQ(recv(connection.ours, &byte, 1, 0), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAEWOULDBLOCK);
}

TEST(Conformance, P118_KeepAliveValues) {
  const Connection connection = Connect();
  tcp_keepalive values{};
  values.onoff = 1;
  values.keepalivetime = 30'000;
  values.keepaliveinterval = 1'500;
  DWORD bytes = 0;
  ASSERT_EQ(WSAIoctl(connection.ours, SIO_KEEPALIVE_VALS, &values, sizeof values, nullptr, 0,
                     &bytes, nullptr, nullptr),
            0)
      << WSAGetLastError();
#ifndef _WIN32
  EXPECT_NE(GetInt(connection.ours, SOL_SOCKET, SO_KEEPALIVE), 0);
  EXPECT_EQ(GetInt(connection.ours, IPPROTO_TCP, TCP_KEEPIDLE), 30);
  EXPECT_EQ(GetInt(connection.ours, IPPROTO_TCP, TCP_KEEPINTVL), 2) << "whole seconds, rounded up";
#endif
  EXPECT_EQ(WSAIoctl(connection.ours, SIO_KEEPALIVE_VALS, &values, 4, nullptr, 0, &bytes, nullptr,
                     nullptr),
            SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAEFAULT);
}

TEST(Conformance, P143_WSAIoctlTellsTheBytesItWrote) {
  const Connection connection = Connect();
  tcp_keepalive values{};
  const auto keep_alive = [&](void* in, DWORD length, DWORD* bytes) {
    const int result = WSAIoctl(connection.ours, SIO_KEEPALIVE_VALS, in, length, nullptr, 0, bytes,
                                nullptr, nullptr);
    return result == 0 ? 0 : WSAGetLastError();
  };
  DWORD bytes = kUntouched;
  EXPECT_CODE(keep_alive(&values, sizeof values, &bytes), 0);
  EXPECT_EQ(bytes, 0u);
  bytes = kUntouched;
  EXPECT_CODE(keep_alive(&values, 0, &bytes), WSAEFAULT);
  EXPECT_EQ(bytes, 0u) << "also when it fails";
  EXPECT_CODE(keep_alive(nullptr, sizeof values, &bytes), WSAEFAULT);
  EXPECT_CODE(keep_alive(&values, sizeof values, nullptr), WSAEFAULT) << "it has to be told";
}

TEST(Conformance, P148_WSAIoctlTellsItsEndLikeAnyOperation) {
  const Associated associated;
  GUID wanted = WSAID_ACCEPTEX;
  void* function = nullptr;
  Operation operation;
  const Handle event = MakeEvent();
  const auto ask = [&](SOCKET socket) {
    operation.Clear();
    operation.Internal = 0xABAB;
    operation.hEvent = event;
    DWORD bytes = 0;
    const int result = WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &wanted, sizeof wanted,
                                &function, sizeof function, &bytes, &operation, nullptr);
    return result == 0 ? 0 : WSAGetLastError();
  };
  ASSERT_EQ(ask(associated.ours()), 0);
  EXPECT_NE(function, nullptr);
  EXPECT_CODE(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
  EXPECT_EQ(operation.Internal, 0u);
  const Dequeued got = Dequeue(associated.port);
  EXPECT_TRUE(got.ok);
  EXPECT_EQ(got.overlapped, &operation);
  EXPECT_EQ(got.key, 1u);
  EXPECT_EQ(got.bytes, 0u) << "the call has told them";
  tcp_keepalive values{};
  DWORD bytes = 0;
  operation.Clear();
  EXPECT_EQ(WSAIoctl(associated.ours(), SIO_KEEPALIVE_VALS, &values, 4, nullptr, 0, &bytes,
                     &operation, nullptr),
            SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAEFAULT);
  EXPECT_TRUE(NothingQueued(associated.port)) << "a failure is told by the call alone";
  const Socket without = MakeTcp();
  EXPECT_EQ(ask(without), 0);
  EXPECT_CODE(WaitForSingleObject(event, 0), WAIT_OBJECT_0) << "by the event, without a port";
}

// --- AcceptEx and options ------------------------------------------------------------------------------

LINGER LingerOf(SOCKET socket) {
  LINGER linger{};
  int length = sizeof linger;
  EXPECT_EQ(getsockopt(socket, SOL_SOCKET, SO_LINGER, reinterpret_cast<char*>(&linger), &length),
            0);
  return linger;
}

void SetLinger(SOCKET socket, u_short seconds) {
  const LINGER linger{1, seconds};
  ASSERT_EQ(setsockopt(socket, SOL_SOCKET, SO_LINGER, reinterpret_cast<const char*>(&linger),
                       sizeof linger),
            0);
}

void SetInt(SOCKET socket, int level, int name, int value) {
  ASSERT_EQ(setsockopt(socket, level, name, reinterpret_cast<const char*>(&value), sizeof value), 0)
      << WSAGetLastError();
}

TEST(Conformance, P63_AnAcceptingSocketHasItsOwnOptionsUntilItTakesTheListeners) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  SetLinger(listener, 5);
  const Socket acceptor = MakeTcp();
  SetLinger(acceptor, 3);
  SetInt(acceptor, IPPROTO_TCP, TCP_NODELAY, 1);
  constexpr DWORD kRoom = sizeof(sockaddr_in) + 16;
  char output[2 * kRoom];
  Operation accept;
  DWORD bytes = 0;
  ASSERT_FALSE(AcceptEx(listener, acceptor, output, 0, kRoom, kRoom, &bytes, &accept));
  const Socket client = MakeTcp();
  ASSERT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_TRUE(GetOverlappedResult(listener.handle(), &accept, &bytes, TRUE));
  if (WineDiffers("P63", "Wine's accepting socket loses its own options", "seen with Wine 8.0")) {
    return;
  }
  EXPECT_EQ(LingerOf(acceptor).l_linger, 3);
  EXPECT_NE(GetInt(acceptor, IPPROTO_TCP, TCP_NODELAY), 0);
  const SOCKET from = listener;
  ASSERT_EQ(setsockopt(acceptor, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                       reinterpret_cast<const char*>(&from), sizeof from),
            0);
  EXPECT_EQ(LingerOf(acceptor).l_linger, 5);
}

// --- a SOCKET is a file ------------------------------------------------------------------------------

TEST(Conformance, P119_ReadFileAndWriteFileOnASocket) {
  const Associated associated;
  const HANDLE file = associated.connection.ours.handle();
  Operation read;
  EXPECT_FALSE(ReadFile(file, read.buffer, sizeof read.buffer, nullptr, &read));
  EXPECT_CODE(GetLastError(), ERROR_IO_PENDING);
  SendAll(associated.peer(), "question");
  Dequeued got = Dequeue(associated.port);
  EXPECT_TRUE(got.ok);
  EXPECT_EQ(got.overlapped, &read);
  EXPECT_EQ(read.bytes(got.bytes), "question");
  Operation write;
  const BOOL done = WriteFile(file, "answer", 6, nullptr, &write);
  EXPECT_TRUE(done || GetLastError() == ERROR_IO_PENDING) << GetLastError();
  got = Dequeue(associated.port);
  EXPECT_EQ(got.overlapped, &write);
  EXPECT_EQ(got.bytes, 6u);
  EXPECT_EQ(ReceiveExactly(associated.peer(), 6), "answer");
  if (!WineDiffers("P119", "waits without an OVERLAPPED on an overlapped socket",
                   "seen with Wine 8.0")) {
    EXPECT_FALSE(ReadFile(file, read.buffer, 1, nullptr, nullptr)) << "an overlapped handle";
    EXPECT_CODE(GetLastError(), ERROR_INVALID_PARAMETER);
  }
}

TEST(Conformance, P119_CloseHandleClosesASocket) {
  Associated associated;
  Operation receive;
  ASSERT_TRUE(Receive(associated.ours(), &receive).pended());
  const SOCKET socket = associated.connection.ours.release();
  ASSERT_TRUE(CloseHandle(reinterpret_cast<HANDLE>(socket)));
  const Dequeued got = Dequeue(associated.port);
  EXPECT_FALSE(got.ok);
  EXPECT_EQ(got.overlapped, &receive);
  char byte = 0;
  EXPECT_EQ(recv(associated.peer(), &byte, 1, 0), 0) << "the peer sees the end";
}

// --- names -------------------------------------------------------------------------------------------

TEST(Conformance, P120_SocketIsOverlapped) {
  const Socket socket(::socket(AF_INET, SOCK_STREAM, 0));
  ASSERT_NE(socket.get(), INVALID_SOCKET);
  const Handle port = MakePort();
  EXPECT_EQ(CreateIoCompletionPort(socket.handle(), port, 1, 0), port.get());
  EXPECT_EQ(::socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), INVALID_SOCKET);
}

TEST(Conformance, P120_WsaAcceptAcceptsWithoutACondition) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Socket client = MakeTcp();
  ASSERT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  sockaddr_in from{};
  int length = sizeof from;
  const Socket accepted(
      WSAAccept(listener, reinterpret_cast<sockaddr*>(&from), &length, nullptr, 0));
  ASSERT_NE(accepted.get(), INVALID_SOCKET) << WSAGetLastError();
  EXPECT_EQ(from.sin_port, LocalAddressOf(client).sin_port);
}

TEST(Conformance, P121_AcceptExWritesTheAddressesAndNotTheRoomBehindThem) {
  const Handle port = MakePort();
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  Associate(port, listener, 1);
  const Socket acceptor = MakeTcp();
  constexpr DWORD kRoom = 128;
  std::string output(2 * kRoom, '\x5A');
  Operation accept;
  DWORD bytes = 0;
  ASSERT_FALSE(AcceptEx(listener, acceptor, output.data(), 0, kRoom, kRoom, &bytes, &accept));
  const Socket client = MakeTcp();
  ASSERT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_TRUE(Dequeue(port).ok);
  sockaddr* local = nullptr;
  sockaddr* remote = nullptr;
  int local_size = 0;
  int remote_size = 0;
  GetAcceptExSockaddrs(output.data(), 0, kRoom, kRoom, &local, &local_size, &remote, &remote_size);
  EXPECT_EQ(reinterpret_cast<sockaddr_in*>(local)->sin_port, address.sin_port);
  EXPECT_EQ(reinterpret_cast<sockaddr_in*>(remote)->sin_port, LocalAddressOf(client).sin_port);
  // Windows lays an address down with a header of its own; the ends of the rooms are nobody's.
  if (WineDiffers("P121", "Wine clears the rooms first", "seen with Wine 8.0")) return;
  for (const DWORD end : {kRoom, 2 * kRoom}) {
    EXPECT_EQ(output.substr(end - 64, 64), std::string(64, '\x5A'));
  }
}

TEST(Conformance, P120_UpdateConnectContextTakesNull) {
  const Connection connection = Connect();
  EXPECT_EQ(setsockopt(connection.peer, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0), 0);
}

#ifndef _WIN32

// What is left out does not compile: each of these calls is chosen, and deleted.
template <typename T>
concept HasDescriptorCalls = requires(T s, char* bytes, int* number, void* any) {
  close(s);
}
|| requires(T s, char* bytes) {
  read(s, bytes, 1u);
}
|| requires(T s, const char* bytes) {
  write(s, bytes, 1u);
}
|| requires(T s) {
  fcntl(s, 1);
}
|| requires(T s) {
  ioctl(s, 1);
}
|| requires(T s) {
  dup(s);
};
static_assert(!HasDescriptorCalls<SOCKET>);
template <typename T>
concept TakesInt = requires(T s, int* number) {
  setsockopt(s, 0, 0, number, 4);
}
|| requires(T s, int* number) {
  getsockopt(s, 0, 0, number, number);
}
|| requires(T s, int* number) {
  send(s, number, 4, 0);
}
|| requires(T s, int* number) {
  recv(s, number, 4, 0);
};
static_assert(!TakesInt<SOCKET>);
template <typename T>
concept TakesSocklen = requires(T s, unsigned* length) {
  accept(s, nullptr, length);
}
|| requires(T s, sockaddr* a, unsigned* length) {
  getsockname(s, a, length);
};
static_assert(!TakesSocklen<SOCKET>);
template <typename T>
concept TakesName = requires(const T* name) {
  CreateEventW(nullptr, TRUE, FALSE, name);
};
static_assert(!TakesName<wchar_t> && !TakesName<char>);

#endif

}  // namespace
