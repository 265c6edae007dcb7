// Conformance, group "Operations": AcceptEx. P32 P33 P34 P35.
#include <algorithm>
#include <array>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

struct Accepting {
  Accepting() : listener(MakeListener(&address)), port(MakePort()) {
    Associate(port, listener, 100);
    accept_ex = ExtensionFunction<LPFN_ACCEPTEX>(listener, WSAID_ACCEPTEX);
    sockaddrs = ExtensionFunction<LPFN_GETACCEPTEXSOCKADDRS>(listener, WSAID_GETACCEPTEXSOCKADDRS);
  }

  // True when the call pended, as it does when nobody is waiting in the backlog.
  Issued Issue(Operation* operation, SOCKET acceptor, DWORD receive_length = 0) {
    Issued issued{0, 0, kUntouched};
    if (!accept_ex(listener, acceptor, operation->buffer, receive_length, kAddressRoom,
                   kAddressRoom, &issued.bytes, operation)) {
      issued.result = SOCKET_ERROR;
      issued.error = WSAGetLastError();
    }
    return issued;
  }

  Socket ConnectClient() {
    Socket client = MakeTcp();
    EXPECT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0)
        << WSAGetLastError();
    return client;
  }

  sockaddr_in address{};
  Socket listener;
  Handle port;
  LPFN_ACCEPTEX accept_ex = nullptr;
  LPFN_GETACCEPTEXSOCKADDRS sockaddrs = nullptr;
};

int UpdateAcceptContext(SOCKET acceptor, SOCKET listener) {
  return setsockopt(acceptor, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                    reinterpret_cast<const char*>(&listener), sizeof listener);
}

TEST(Conformance, P32_LengthZeroCompletesOnConnectWithTheListenersKey) {
  Accepting accepting;
  const Socket acceptor = MakeTcp();
  Operation operation;
  ASSERT_TRUE(accepting.Issue(&operation, acceptor).pended());
  EXPECT_TRUE(NothingQueued(accepting.port));
  const Socket client = accepting.ConnectClient();

  const Dequeued got = Dequeue(accepting.port);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(got.overlapped, &operation);
  EXPECT_EQ(got.key, 100u);
  EXPECT_EQ(got.bytes, 0u);

  EXPECT_EQ(UpdateAcceptContext(acceptor, accepting.listener), 0) << WSAGetLastError();
  SendAll(client, "hi");
  EXPECT_EQ(ReceiveExactly(acceptor, 2), "hi");
  SendAll(acceptor, "ho");
  EXPECT_EQ(ReceiveExactly(client, 2), "ho");
}

TEST(Conformance, P32_ConnectionWaitingInTheBacklogIsTaken) {
  Accepting accepting;
  const Socket client = accepting.ConnectClient();
  ASSERT_TRUE(Eventually([&] {
    // The handshake ended for the client; give the listener's side the time to see it.
    Operation operation;
    const Socket acceptor = MakeTcp();
    const Issued issued = accepting.Issue(&operation, acceptor);
    EXPECT_TRUE(issued.done() || issued.pended()) << issued.error;
    const Dequeued got = Dequeue(accepting.port);
    return got.ok && got.overlapped == &operation;
  }));
}

TEST(Conformance, P32_AcceptedSocketCanBeAssociatedAndUsed) {
  Accepting accepting;
  const Socket acceptor = MakeTcp();
  Operation accept_operation;
  ASSERT_TRUE(accepting.Issue(&accept_operation, acceptor).pended());
  const Socket client = accepting.ConnectClient();
  ASSERT_TRUE(Dequeue(accepting.port).ok);
  ASSERT_EQ(UpdateAcceptContext(acceptor, accepting.listener), 0);
  Associate(accepting.port, acceptor, 200);
  Operation receive;
  ASSERT_TRUE(Receive(acceptor, &receive).pended());
  SendAll(client, "data");
  const Dequeued got = Dequeue(accepting.port);
  EXPECT_EQ(got.key, 200u);
  EXPECT_EQ(receive.bytes(got.bytes), "data");
}

TEST(Conformance, P32_WithALengthItCompletesOnTheFirstData) {
  Accepting accepting;
  const Socket acceptor = MakeTcp();
  Operation operation;
  ASSERT_TRUE(accepting.Issue(&operation, acceptor, 64).pended());
  const Socket client = accepting.ConnectClient();
  EXPECT_TRUE(Dequeue(accepting.port, 60).timed_out()) << "connected, but no data yet";
  SendAll(client, "first");
  const Dequeued got = Dequeue(accepting.port);
  EXPECT_TRUE(got.ok);
  EXPECT_EQ(got.overlapped, &operation);
  EXPECT_EQ(operation.bytes(got.bytes), "first");

  sockaddr* local = nullptr;
  sockaddr* remote = nullptr;
  int local_length = 0;
  int remote_length = 0;
  accepting.sockaddrs(operation.buffer, 64, kAddressRoom, kAddressRoom, &local, &local_length,
                      &remote, &remote_length);
  ASSERT_NE(local, nullptr);
  ASSERT_NE(remote, nullptr);
  EXPECT_EQ(reinterpret_cast<sockaddr_in*>(local)->sin_port, accepting.address.sin_port);
  EXPECT_EQ(reinterpret_cast<sockaddr_in*>(remote)->sin_port, LocalAddressOf(client).sin_port);
}

TEST(Conformance, P32_WithALengthAFinCompletesItWithZero) {
  Accepting accepting;
  const Socket acceptor = MakeTcp();
  Operation operation;
  ASSERT_TRUE(accepting.Issue(&operation, acceptor, 64).pended());
  const Socket client = accepting.ConnectClient();
  ASSERT_EQ(shutdown(client, SD_SEND), 0);
  const Dequeued got = Dequeue(accepting.port);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(got.overlapped, &operation);
  EXPECT_EQ(got.bytes, 0u);
}

TEST(Conformance, P32_SeveralPendingAcceptsTakeSeveralConnections) {
  Accepting accepting;
  std::array<Operation, 8> operations;
  std::vector<Socket> acceptors;
  for (Operation& operation : operations) {
    acceptors.push_back(MakeTcp());
    ASSERT_TRUE(accepting.Issue(&operation, acceptors.back()).pended());
  }
  std::vector<Socket> clients;
  for (std::size_t i = 0; i < operations.size(); ++i) clients.push_back(accepting.ConnectClient());
  std::vector<OVERLAPPED*> seen;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Dequeued got = Dequeue(accepting.port);
    EXPECT_TRUE(got.ok) << got.error;
    seen.push_back(got.overlapped);
  }
  for (Operation& operation : operations) {
    EXPECT_EQ(std::count(seen.begin(), seen.end(), &operation), 1);
  }
  EXPECT_TRUE(NothingQueued(accepting.port));
}

TEST(Conformance, P33_NullOverlappedIsInvalid) {
  Accepting accepting;
  const Socket acceptor = MakeTcp();
  std::array<char, 256> buffer{};
  DWORD bytes = 0;
  EXPECT_FALSE(accepting.accept_ex(accepting.listener, acceptor, buffer.data(), 0, kAddressRoom,
                                   kAddressRoom, &bytes, nullptr));
  EXPECT_CODE(WSAGetLastError(), ERROR_INVALID_PARAMETER);
}

TEST(Conformance, P33_NoRoomForTheRemoteAddressIsAFault) {
  Accepting accepting;
  const Socket acceptor = MakeTcp();
  Operation operation;
  DWORD bytes = 0;
  EXPECT_FALSE(accepting.accept_ex(accepting.listener, acceptor, operation.buffer, 0, kAddressRoom,
                                   0, &bytes, &operation));
  EXPECT_CODE(WSAGetLastError(), WSAEFAULT);
  EXPECT_TRUE(NothingQueued(accepting.port));
}

TEST(Conformance, P33_AcceptorAlreadyInUseIsInvalid) {
  Accepting accepting;
  const Socket acceptor = MakeTcp();
  Operation first;
  ASSERT_TRUE(accepting.Issue(&first, acceptor).pended());
  Operation second;
  const Issued issued = accepting.Issue(&second, acceptor);
  EXPECT_EQ(issued.result, SOCKET_ERROR);
  EXPECT_CODE(issued.error, WSAEINVAL);
  const Socket client = accepting.ConnectClient();
  EXPECT_EQ(Dequeue(accepting.port).overlapped, &first) << "the first is not disturbed";

  const Issued connected = accepting.Issue(&second, acceptor);
  if (WineDiffers("P33", "Wine pends an accept into a socket that is connected already",
                  "Wine 8.0 dlls/ws2_32/tests/sock.c, test_AcceptEx, 'A connected socket cannot be "
                  "accepted "
                  "into': WSAEINVAL is todo_wine")) {
    EXPECT_TRUE(connected.pended());
    EXPECT_TRUE(CancelIoEx(accepting.listener.handle(), &second));
    EXPECT_EQ(Dequeue(accepting.port).overlapped, &second);
    return;
  }
  EXPECT_EQ(connected.result, SOCKET_ERROR);
  EXPECT_CODE(connected.error, WSAEINVAL) << "a connected socket accepts nothing";
}

TEST(Conformance, P33_BadSocketsAreNotSockets) {
  Accepting accepting;
  Operation operation;
  EXPECT_CODE(accepting.Issue(&operation, INVALID_SOCKET).error, WSAENOTSOCK);
  const Socket acceptor = MakeTcp();
  DWORD bytes = 0;
  EXPECT_FALSE(accepting.accept_ex(INVALID_SOCKET, acceptor, operation.buffer, 0, kAddressRoom,
                                   kAddressRoom, &bytes, &operation));
  EXPECT_CODE(WSAGetLastError(), WSAENOTSOCK);
  EXPECT_TRUE(NothingQueued(accepting.port));
}

TEST(Conformance, P33_SocketThatDoesNotListenIsInvalid) {
  Accepting accepting;
  const Socket not_listening = MakeBoundTcp();
  const Socket acceptor = MakeTcp();
  Operation operation;
  DWORD bytes = 0;
  EXPECT_FALSE(accepting.accept_ex(not_listening, acceptor, operation.buffer, 0, kAddressRoom,
                                   kAddressRoom, &bytes, &operation));
  const int error = WSAGetLastError();
  if (WineDiffers("P33", "Wine pends an accept on a socket that does not listen",
                  "Wine 8.0 dlls/ws2_32/tests/sock.c, test_AcceptEx, 'AcceptEx on a non-listening "
                  "socket': WSAEINVAL is todo_wine")) {
    EXPECT_CODE(error, WSA_IO_PENDING);
    EXPECT_TRUE(CancelIoEx(not_listening.handle(), &operation));
    EXPECT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&operation); }));
    return;
  }
  EXPECT_CODE(error, WSAEINVAL);
  // Nor one that is to accept into itself: it is refused before its own lock is taken again.
  const Socket other = MakeTcp();
  for (const auto& [listener, into] : {std::pair(&acceptor, &acceptor), {&acceptor, &other}}) {
    EXPECT_FALSE(accepting.accept_ex(*listener, *into, operation.buffer, 0, kAddressRoom,
                                     kAddressRoom, &bytes, &operation));
    EXPECT_CODE(WSAGetLastError(), WSAEINVAL);
  }
}

TEST(Conformance, P34_NamesAreKnownOnlyAfterTheContextWasUpdated) {
  Accepting accepting;
  const Socket acceptor = MakeTcp();
  Operation operation;
  ASSERT_TRUE(accepting.Issue(&operation, acceptor).pended());
  const Socket client = accepting.ConnectClient();
  ASSERT_TRUE(Dequeue(accepting.port).ok);

  sockaddr_in peer{};
  int length = sizeof peer;
  const int before = getpeername(acceptor, reinterpret_cast<sockaddr*>(&peer), &length);
  const int error = WSAGetLastError();
  if (WineDiffers("P34", "Wine's accepted socket knows its peer at once",
                  "Wine 8.0 dlls/ws2_32/socket.c, setsockopt: 'Ignoring SO_UPDATE_ACCEPT_CONTEXT, "
                  "since our "
                  "sockets are normal'; tests/sock.c, test_AcceptEx: Windows requires it")) {
    EXPECT_EQ(before, 0);
  } else {
    EXPECT_EQ(before, SOCKET_ERROR);
    EXPECT_CODE(error, WSAENOTCONN);
    length = sizeof peer;
    EXPECT_EQ(getsockname(acceptor, reinterpret_cast<sockaddr*>(&peer), &length), SOCKET_ERROR);
  }

  ASSERT_EQ(UpdateAcceptContext(acceptor, accepting.listener), 0) << WSAGetLastError();
  length = sizeof peer;
  ASSERT_EQ(getpeername(acceptor, reinterpret_cast<sockaddr*>(&peer), &length), 0);
  EXPECT_EQ(peer.sin_port, LocalAddressOf(client).sin_port);
  EXPECT_EQ(LocalAddressOf(acceptor).sin_port, accepting.address.sin_port);
}

TEST(Conformance, P35_ClosingTheListenerAbortsThePendingAccepts) {
  Accepting accepting;
  std::array<Operation, 3> operations;
  std::vector<Socket> acceptors;
  for (Operation& operation : operations) {
    acceptors.push_back(MakeTcp());
    ASSERT_TRUE(accepting.Issue(&operation, acceptors.back()).pended());
  }
  accepting.listener.Close();
  std::vector<OVERLAPPED*> seen;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Dequeued got = Dequeue(accepting.port);
    EXPECT_FALSE(got.ok);
    EXPECT_EQ(got.key, 100u);
    ExpectClosedError("P35", got.error);
    seen.push_back(got.overlapped);
  }
  for (Operation& operation : operations) {
    EXPECT_EQ(std::count(seen.begin(), seen.end(), &operation), 1);
  }
  EXPECT_TRUE(NothingQueued(accepting.port));
}

TEST(Conformance, P35_ClosingTheAcceptorAbortsItsAccept) {
  Accepting accepting;
  Socket acceptor = MakeTcp();
  Operation operation;
  ASSERT_TRUE(accepting.Issue(&operation, acceptor).pended());
  acceptor.Close();
  const Dequeued got = Dequeue(accepting.port);
  EXPECT_FALSE(got.ok);
  EXPECT_EQ(got.overlapped, &operation);
  ExpectClosedError("P35", got.error);

  // The listener lives on.
  const Socket next = MakeTcp();
  Operation again;
  ASSERT_TRUE(accepting.Issue(&again, next).pended());
  const Socket client = accepting.ConnectClient();
  EXPECT_EQ(Dequeue(accepting.port).overlapped, &again);
}

TEST(Conformance, P35_CancelAbortsAPendingAccept) {
  Accepting accepting;
  const Socket acceptor = MakeTcp();
  Operation operation;
  ASSERT_TRUE(accepting.Issue(&operation, acceptor).pended());
  ASSERT_TRUE(CancelIoEx(accepting.listener.handle(), &operation)) << GetLastError();
  const Dequeued got = Dequeue(accepting.port);
  EXPECT_FALSE(got.ok);
  EXPECT_EQ(got.overlapped, &operation);
  EXPECT_CODE(got.error, ERROR_OPERATION_ABORTED);

  // The acceptor is free again.
  ASSERT_TRUE(accepting.Issue(&operation, acceptor).pended());
  const Socket client = accepting.ConnectClient();
  EXPECT_TRUE(Dequeue(accepting.port).ok);
}

}  // namespace
