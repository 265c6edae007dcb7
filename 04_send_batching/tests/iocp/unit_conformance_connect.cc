// Conformance, group "Operations": ConnectEx and DisconnectEx. P36 P37 P146.
#include <cstring>
#include <string>
#include <thread>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

LPFN_CONNECTEX ConnectEx(SOCKET socket) {
  return ExtensionFunction<LPFN_CONNECTEX>(socket, WSAID_CONNECTEX);
}
LPFN_DISCONNECTEX DisconnectEx(SOCKET socket) {
  return ExtensionFunction<LPFN_DISCONNECTEX>(socket, WSAID_DISCONNECTEX);
}

Issued IssueConnect(SOCKET socket, const sockaddr_in& to, OVERLAPPED* overlapped,
                    std::string_view first_data = {}) {
  Issued issued{0, 0, kUntouched};
  if (!ConnectEx(socket)(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to,
                         const_cast<char*>(first_data.data()),
                         static_cast<DWORD>(first_data.size()), &issued.bytes, overlapped)) {
    issued.result = SOCKET_ERROR;
    issued.error = WSAGetLastError();
  }
  return issued;
}

Issued IssueDisconnect(SOCKET socket, OVERLAPPED* overlapped, DWORD flags = 0) {
  Issued issued{0, 0, kUntouched};
  if (!DisconnectEx(socket)(socket, overlapped, flags, 0)) {
    issued.result = SOCKET_ERROR;
    issued.error = WSAGetLastError();
  }
  return issued;
}

int UpdateConnectContext(SOCKET socket) {
  const char* const no_value = nullptr;
  return setsockopt(socket, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, no_value, 0);
}

struct Connecting {
  Connecting() : listener(MakeListener(&address)), port(MakePort()), socket(MakeBoundTcp()) {
    Associate(port, socket, 9);
  }

  sockaddr_in address{};
  Socket listener;
  Handle port;
  Socket socket;
};

TEST(Conformance, P36_ConnectCompletesAsAPacket) {
  Connecting io;
  Operation operation;
  const Issued issued = IssueConnect(io.socket, io.address, &operation);
  ASSERT_TRUE(issued.pended() || issued.done()) << issued.error;
  const Dequeued got = Dequeue(io.port);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(got.overlapped, &operation);
  EXPECT_EQ(got.key, 9u);
  EXPECT_EQ(got.bytes, 0u);
  EXPECT_EQ(UpdateConnectContext(io.socket), 0) << WSAGetLastError();

  const Socket accepted(accept(io.listener, nullptr, nullptr));
  ASSERT_NE(accepted.get(), INVALID_SOCKET);
  sockaddr_in peer{};
  int length = sizeof peer;
  EXPECT_EQ(getpeername(io.socket, reinterpret_cast<sockaddr*>(&peer), &length), 0);
  EXPECT_EQ(peer.sin_port, io.address.sin_port);
  SendAll(accepted, "hi");
  EXPECT_EQ(ReceiveExactly(io.socket, 2), "hi");
}

TEST(Conformance, P36_TheAddressMayBeGivenWithTheSizeOfItsStorage) {
  Connecting io;
  sockaddr_storage to{};
  std::memcpy(&to, &io.address, sizeof io.address);
  Operation operation;
  DWORD bytes = 0;
  if (!ConnectEx(io.socket)(io.socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to,
                            nullptr, 0, &bytes, &operation)) {
    ASSERT_CODE(WSAGetLastError(), WSA_IO_PENDING);
  }
  EXPECT_TRUE(Dequeue(io.port).ok);
}

TEST(Conformance, P36_FirstDataIsSentAndCounted) {
  Connecting io;
  Operation operation;
  const Issued issued = IssueConnect(io.socket, io.address, &operation, "first data");
  ASSERT_TRUE(issued.pended() || issued.done()) << issued.error;
  const Dequeued got = Dequeue(io.port);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(got.bytes, 10u);
  const Socket accepted(accept(io.listener, nullptr, nullptr));
  EXPECT_EQ(ReceiveExactly(accepted, 10), "first data");
}

TEST(Conformance, P146_FirstDataIsTakenAtTheCall) {
  Connecting io;
  Operation operation;
  std::string data(200'000, 'a');
  const Issued issued = IssueConnect(io.socket, io.address, &operation, data);
  data.assign(data.size(), 'b');
  ASSERT_TRUE(issued.pended() || issued.done()) << issued.error;
  const Socket accepted(accept(io.listener, nullptr, nullptr));
  std::string got;
  std::thread reader([&] { got = ReceiveExactly(accepted, data.size()); });
  EXPECT_EQ(Dequeue(io.port).bytes, data.size());
  reader.join();
  EXPECT_EQ(got, std::string(data.size(), 'a'));
}

TEST(Conformance, P36_UnboundSocketIsInvalid) {
  Connecting io;
  const Socket unbound = MakeTcp();
  Operation operation;
  const Issued issued = IssueConnect(unbound, io.address, &operation);
  EXPECT_EQ(issued.result, SOCKET_ERROR);
  EXPECT_CODE(issued.error, WSAEINVAL);
}

TEST(Conformance, P36_RefusedIsAFailedPacket) {
  Connecting io;
  io.listener.Close();  // nobody listens at the address now
  Operation operation;
  const Issued issued = IssueConnect(io.socket, io.address, &operation);
  ASSERT_TRUE(issued.pended()) << issued.error;
  const Dequeued got = Dequeue(io.port);
  EXPECT_FALSE(got.ok);
  EXPECT_EQ(got.overlapped, &operation);
  EXPECT_EQ(got.key, 9u);
  EXPECT_CODE(got.error, ERROR_CONNECTION_REFUSED);
}

TEST(Conformance, P36_AlreadyConnectedFailsAtOnce) {
  const Handle port = MakePort();
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  Connection connection = Connect();
  Associate(port, connection.peer, 1);
  Operation operation;
  const Issued issued = IssueConnect(connection.peer, address, &operation);
  EXPECT_EQ(issued.result, SOCKET_ERROR);
  EXPECT_CODE(issued.error, WSAEISCONN);
  EXPECT_TRUE(NothingQueued(port));
}

TEST(Conformance, P36_NullOverlappedIsInvalid) {
  Connecting io;
  const Issued issued = IssueConnect(io.socket, io.address, nullptr);
  EXPECT_EQ(issued.result, SOCKET_ERROR);
  EXPECT_CODE(issued.error, ERROR_INVALID_PARAMETER);
}

TEST(Conformance, P37_UnconnectedSocketIsNotConnected) {
  Connecting io;
  Operation operation;
  const Issued issued = IssueDisconnect(io.socket, &operation);
  EXPECT_EQ(issued.result, SOCKET_ERROR);
  EXPECT_CODE(issued.error, WSAENOTCONN);
  EXPECT_TRUE(NothingQueued(io.port));
}

TEST(Conformance, P37_DisconnectCompletesAsAPacketAndThePeerSeesTheEnd) {
  const Handle port = MakePort();
  Connection connection = Connect();
  Associate(port, connection.ours, 6);
  Operation operation;
  const Issued issued = IssueDisconnect(connection.ours, &operation);
  ASSERT_TRUE(issued.pended() || issued.done()) << issued.error;
  char byte = 0;
  EXPECT_EQ(recv(connection.peer, &byte, 1, 0), 0);
  connection.peer.Close();
  const Dequeued got = Dequeue(port);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(got.overlapped, &operation);
  EXPECT_EQ(got.key, 6u);
}

TEST(Conformance, P36_WhatCameBeforeTheConnectWasKnownIsNotLost) {
  for (int round = 0; round < 20; ++round) {
    Connecting io;
    Operation operation;
    IssueConnect(io.socket, io.address, &operation);
    Socket accepted(accept(io.listener, nullptr, nullptr));
    SendAll(accepted, "hello");
    accepted.Close();
    ASSERT_TRUE(Dequeue(io.port).ok);
    ASSERT_EQ(UpdateConnectContext(io.socket), 0);
    ASSERT_TRUE(AwaitReadable(io.socket, 5));
    Operation data;
    Receive(io.socket, &data);
    EXPECT_EQ(data.bytes(Dequeue(io.port).bytes), "hello");
    Operation end;
    Receive(io.socket, &end);
    const Dequeued got = Dequeue(io.port);
    ASSERT_TRUE(got.ok) << "round " << round << ": " << got.error;
    EXPECT_EQ(got.bytes, 0u) << "the end";
  }
}

TEST(Conformance, P37_ReusedSocketConnectsAgain) {
  Connecting io;
  Operation operation;
  IssueConnect(io.socket, io.address, &operation);
  ASSERT_TRUE(Dequeue(io.port).ok);
  ASSERT_EQ(UpdateConnectContext(io.socket), 0);
  Socket accepted(accept(io.listener, nullptr, nullptr));
  operation.Clear();
  const Issued issued = IssueDisconnect(io.socket, &operation, TF_REUSE_SOCKET);
  ASSERT_TRUE(issued.pended() || issued.done()) << issued.error;
  accepted.Close();
  ASSERT_TRUE(Dequeue(io.port).ok);

  operation.Clear();
  const Issued again = IssueConnect(io.socket, io.address, &operation, "again");
  if (WineDiffers("P37", "Wine's TF_REUSE_SOCKET leaves a socket that cannot connect again",
                  "Wine 8.0 dlls/ws2_32/socket.c, WS2_DisconnectEx: 'Reusing socket not supported "
                  "yet'; Microsoft, DisconnectEx, TF_REUSE_SOCKET")) {
    EXPECT_CODE(again.error, WSAEISCONN);
    return;
  }
  ASSERT_TRUE(again.pended() || again.done()) << again.error;
  const Dequeued got = Dequeue(io.port);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(got.key, 9u) << "still associated";
  accepted = Socket(accept(io.listener, nullptr, nullptr));
  EXPECT_EQ(ReceiveExactly(accepted, 5), "again");
}

TEST(Conformance, P37_ReusedSocketAcceptsAgain) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Handle port = MakePort();
  Associate(port, listener, 1);
  const auto accept_ex = ExtensionFunction<LPFN_ACCEPTEX>(listener, WSAID_ACCEPTEX);
  constexpr DWORD kAddressLength = sizeof(sockaddr_in) + 16;
  const Socket acceptor = MakeTcp();
  for (int round = 0; round < 3; ++round) {
    Operation operation;
    DWORD bytes = 0;
    const BOOL ok = accept_ex(listener, acceptor, operation.buffer, 0, kAddressLength,
                              kAddressLength, &bytes, &operation);
    ASSERT_FALSE(ok);
    ASSERT_CODE(WSAGetLastError(), WSA_IO_PENDING) << "round " << round;
    Socket client = MakeTcp();
    ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_TRUE(Dequeue(port).ok);
    ASSERT_EQ(setsockopt(acceptor, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                         reinterpret_cast<const char*>(&listener), sizeof(SOCKET)),
              0);
    SendAll(client, "hi");
    EXPECT_EQ(ReceiveExactly(acceptor, 2), "hi");
    client.Close();
    // Without an overlapped the call waits for its end itself.
    EXPECT_TRUE(DisconnectEx(acceptor)(acceptor, nullptr, TF_REUSE_SOCKET, 0)) << WSAGetLastError();
  }
}

}  // namespace
