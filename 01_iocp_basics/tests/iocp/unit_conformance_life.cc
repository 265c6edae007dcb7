// Conformance, group "A socket's life": what belongs to a connection ends with it. P41 P42 P46 P52
// P53 P56 P57 P66 P67.
#include <array>
#include <string>
#include <thread>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

// A listener on a port, under the key 100.
struct Server {
  Server() : listener(MakeListener(&address)), port(MakePort()) {
    Associate(port, listener, 100);
    accept_ex = ExtensionFunction<LPFN_ACCEPTEX>(listener, WSAID_ACCEPTEX);
  }
  Issued Accept(Operation* operation, SOCKET acceptor, DWORD length, DWORD local = kAddressRoom,
                DWORD remote = kAddressRoom) {
    Issued issued{0, 0, kUntouched};
    if (!accept_ex(listener, acceptor, operation->buffer, length, local, remote, &issued.bytes,
                   operation)) {
      issued.result = SOCKET_ERROR;
      issued.error = WSAGetLastError();
    }
    return issued;
  }
  Socket Client() {
    Socket client = MakeTcp();
    EXPECT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0)
        << WSAGetLastError();
    return client;
  }

  sockaddr_in address{};
  Socket listener;
  Handle port;
  LPFN_ACCEPTEX accept_ex = nullptr;
};

// --- AcceptEx and its accepting socket -----------------------------------------------------------------

// The accepting socket is as new after each way in which an AcceptEx with a length can fail.
void AcceptAgainAfter(bool reset) {
  Server server;
  const Socket acceptor = MakeTcp();
  for (int round = 0; round < 3; ++round) {
    Operation failed;
    ASSERT_TRUE(server.Accept(&failed, acceptor, 64).pended()) << "round " << round;
    Socket client = server.Client();
    // The connection is taken, and now waits for its first data.
    Socket witness = MakeTcp();
    Operation probe;
    ASSERT_TRUE(server.Accept(&probe, witness, 0).pended());
    const Socket second = server.Client();
    ASSERT_EQ(Dequeue(server.port).overlapped, &probe);
    if (reset) {
      client.Reset();
    } else {
      ASSERT_TRUE(CancelIoEx(server.listener.handle(), &failed)) << GetLastError();
    }
    const Dequeued got = Dequeue(server.port);
    EXPECT_FALSE(got.ok);
    EXPECT_EQ(got.overlapped, &failed);
    EXPECT_EQ(got.key, 100u);
  }
  Operation good;
  ASSERT_TRUE(server.Accept(&good, acceptor, 64).pended());
  const Socket client = server.Client();
  SendAll(client, "hello");
  const Dequeued got = Dequeue(server.port);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(got.overlapped, &good);
  EXPECT_EQ(got.bytes, 5u);
  EXPECT_EQ(good.bytes(5), "hello");
  ASSERT_EQ(setsockopt(acceptor, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                       reinterpret_cast<const char*>(&server.listener), sizeof(SOCKET)),
            0);
  SendAll(acceptor, "hi");
  EXPECT_EQ(ReceiveExactly(client, 2), "hi");
}

TEST(Conformance, P41_AcceptingSocketIsAsNewAfterTheClientsReset) {
  if (WineDiffers("P41", "Wine's accepting socket stays in use, and no packet tells of the reset",
                  "seen under Wine 8.0")) {
    return;
  }
  AcceptAgainAfter(true);
}

TEST(Conformance, P41_AcceptingSocketIsAsNewAfterACancel) {
  if (WineDiffers("P41", "Wine's accepting socket keeps the cancelled accept's connection",
                  "seen under Wine 8.0")) {
    return;
  }
  AcceptAgainAfter(false);
}

TEST(Conformance, P42_TheListenersNotificationModeDecides) {
  for (const bool on_listener : {true, false}) {
    for (const DWORD length : {DWORD{0}, DWORD{16}}) {
      Server server;
      const Socket acceptor = MakeTcp();
      Associate(server.port, acceptor, 200);
      ASSERT_TRUE(SetFileCompletionNotificationModes(
          on_listener ? server.listener.handle() : acceptor.handle(),
          FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
      const Socket client = server.Client();
      SendAll(client, "12345");
      // Both are there when AcceptEx is called; it may finish at once, or pend all the same.
      Operation operation;
      const Issued issued = server.Accept(&operation, acceptor, length);
      ASSERT_TRUE(issued.done() || issued.pended()) << issued.error;
      if (issued.done() && on_listener) {
        EXPECT_TRUE(NothingQueued(server.port)) << "length " << length;
      } else {
        const Dequeued got = Dequeue(server.port);
        EXPECT_TRUE(got.ok) << got.error;
        EXPECT_EQ(got.overlapped, &operation) << "listener " << on_listener << " length " << length;
        EXPECT_TRUE(NothingQueued(server.port));
      }
    }
  }
}

// CancelIoEx meets an AcceptEx at every moment of its way from the listener to the accepting
// socket.
TEST(Conformance, P46_CancelFindsAnAcceptWhereverItIs) {
  Random random(TestSeed());
  const int rounds = 300 * StressFactor();
  for (int round = 0; round < rounds; ++round) {
    Server server;
    const Socket acceptor = MakeTcp();
    Operation operation;
    ASSERT_TRUE(server.Accept(&operation, acceptor, 16).pended());
    Socket client;
    std::thread connecting([&] { client = server.Client(); });
    for (std::size_t spin = random.Below(20'000); spin > 0; --spin) {
      std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    SetLastError(0);
    const BOOL found = CancelIoEx(server.listener.handle(), &operation);
    const DWORD error = GetLastError();
    connecting.join();
    EXPECT_TRUE(found) << "no data was sent, so it pends: " << error << " in round " << round;
    const Dequeued got = Dequeue(server.port);
    ASSERT_EQ(got.overlapped, &operation) << "round " << round;
    EXPECT_FALSE(got.ok);
    EXPECT_CODE(got.error, ERROR_OPERATION_ABORTED);
    ASSERT_TRUE(NothingQueued(server.port));
  }
}

TEST(Conformance, P52_AddressRoomTooSmallFailsAndTheConnectionStays) {
  struct Rooms {
    DWORD local;
    DWORD remote;
  };
  for (const Rooms room : {Rooms{kAddressRoom - 1, kAddressRoom},
                           Rooms{kAddressRoom, kAddressRoom - 1}, Rooms{3, kAddressRoom}}) {
    Server server;
    const Socket acceptor = MakeTcp();
    Operation operation;
    const Issued issued = server.Accept(&operation, acceptor, 0, room.local, room.remote);
    ASSERT_TRUE(issued.pended()) << issued.error;
    const Socket client = server.Client();
    const Dequeued got = Dequeue(server.port);
    EXPECT_EQ(got.overlapped, &operation);
    if (WineDiffers("P52", "Wine completes it with success", "seen under Wine 8.0")) {
      EXPECT_TRUE(got.ok);
      return;
    }
    EXPECT_FALSE(got.ok) << room.local << ' ' << room.remote;
    EXPECT_CODE(got.error, ERROR_INSUFFICIENT_BUFFER);
    Operation again;
    const Issued second = server.Accept(&again, acceptor, 0);
    ASSERT_TRUE(second.done() || second.pended()) << second.error;
    EXPECT_TRUE(Dequeue(server.port).ok) << "the same connection, for who has room";
  }
}

TEST(Conformance, P52_TheLocalAddressMayBeLeftOut) {
  Server server;
  const Socket acceptor = MakeTcp();
  Operation operation;
  ASSERT_TRUE(server.Accept(&operation, acceptor, 0, 0, kAddressRoom).pended());
  const Socket client = server.Client();
  const Dequeued got = Dequeue(server.port);
  EXPECT_TRUE(got.ok) << got.error;
  const auto sockaddrs =
      ExtensionFunction<LPFN_GETACCEPTEXSOCKADDRS>(server.listener, WSAID_GETACCEPTEXSOCKADDRS);
  sockaddr* local = nullptr;
  sockaddr* remote = nullptr;
  int local_size = 0;
  int remote_size = 0;
  sockaddrs(operation.buffer, 0, 0, kAddressRoom, &local, &local_size, &remote, &remote_size);
  ASSERT_NE(remote, nullptr);
  EXPECT_EQ(reinterpret_cast<const sockaddr_in*>(remote)->sin_port,
            LocalAddressOf(client).sin_port);
}

TEST(Conformance, P57_AcceptingSocketCannotConnectMeanwhile) {
  Operation operation;  // lives longer than the sockets: it pends until they are closed
  Server server;
  const Socket acceptor = MakeTcp();
  ASSERT_TRUE(server.Accept(&operation, acceptor, 0).pended());
  EXPECT_EQ(
      connect(acceptor, reinterpret_cast<const sockaddr*>(&server.address), sizeof server.address),
      SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAEINVAL);
  EXPECT_TRUE(NothingQueued(server.port));
}

TEST(Conformance, P57_DisconnectedSocketCannotConnectAgain) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Connection connection = ConnectThrough(listener);
  const auto disconnect = ExtensionFunction<LPFN_DISCONNECTEX>(connection.ours, WSAID_DISCONNECTEX);
  ASSERT_TRUE(disconnect(connection.ours, nullptr, 0, 0)) << WSAGetLastError();
  EXPECT_EQ(connect(connection.ours, reinterpret_cast<const sockaddr*>(&address), sizeof address),
            SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAEISCONN);
}

TEST(Conformance, P37_WithoutReuseItEndsTheSendsOnly) {
  const Handle port = MakePort();
  const Connection connection = Connect();
  Associate(port, connection.ours, 6);
  ASSERT_TRUE(SetFileCompletionNotificationModes(connection.ours.handle(),
                                                 FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
  const auto disconnect = ExtensionFunction<LPFN_DISCONNECTEX>(connection.ours, WSAID_DISCONNECTEX);
  Operation operation;
  EXPECT_FALSE(disconnect(connection.ours, &operation, 0, 0));
  EXPECT_CODE(WSAGetLastError(), WSA_IO_PENDING) << "a packet always follows";
  if (!WineDiffers("P37", "Wine queues no packet for it", "seen under Wine 8.0")) {
    EXPECT_EQ(Dequeue(port).overlapped, &operation);
  }
  char byte = 0;
  EXPECT_EQ(send(connection.ours, &byte, 1, 0), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAESHUTDOWN);
  EXPECT_EQ(recv(connection.peer, &byte, 1, 0), 0);
  SendAll(connection.peer, "late");
  EXPECT_EQ(ReceiveExactly(connection.ours, 4), "late");
  EXPECT_TRUE(disconnect(connection.ours, nullptr, 0, 0)) << WSAGetLastError();
}

// --- connecting ----------------------------------------------------------------------------------------

// A socket whose connect is under way for as long as the test needs: the listener's backlog is
// full.
struct Unanswered {
  Unanswered() : listener(MakeListener(&address, 1)) {
    for (int i = 0; i < 64; ++i) {
      fillers.push_back(MakeTcp());
      u_long on = 1;
      EXPECT_EQ(ioctlsocket(fillers.back(), FIONBIO, &on), 0);
      connect(fillers.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
  }
  sockaddr_in address{};
  Socket listener;
  std::vector<Socket> fillers;
};

TEST(Conformance, P53_WhatAConnectingSocketAnswers) {
  Unanswered server;
  const Socket socket = MakeBoundTcp();
  u_long on = 1;
  ASSERT_EQ(ioctlsocket(socket, FIONBIO, &on), 0);
  const auto* const name = reinterpret_cast<const sockaddr*>(&server.address);
  if (OnlyOurPort(
          "P53",
          "Windows refuses when the backlog is full, so nothing is under way for long; Wine "
          "says WSAEWOULDBLOCK, WSAENOTCONN for the name, and WSAEALREADY",
          "seen under Wine 8.0")) {
    return;
  }
  ASSERT_EQ(connect(socket, name, sizeof server.address), SOCKET_ERROR);
  ASSERT_CODE(WSAGetLastError(), WSAEWOULDBLOCK);
  char byte = 'x';
  EXPECT_EQ(send(socket, &byte, 1, 0), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAENOTCONN);
  EXPECT_EQ(recv(socket, &byte, 1, 0), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAENOTCONN);
  sockaddr_in peer{};
  int length = sizeof peer;
  EXPECT_EQ(getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &length), 0);
  EXPECT_EQ(peer.sin_port, server.address.sin_port);
  EXPECT_EQ(connect(socket, name, sizeof server.address), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAEALREADY);
  Operation operation;
  DWORD bytes = 0;
  const auto connect_ex = ExtensionFunction<LPFN_CONNECTEX>(socket, WSAID_CONNECTEX);
  EXPECT_FALSE(connect_ex(socket, name, sizeof server.address, nullptr, 0, &bytes, &operation));
  EXPECT_CODE(WSAGetLastError(), WSAEINVAL);

  // The same while a ConnectEx is under way.
  Operation pending;
  const Socket other = MakeBoundTcp();
  ASSERT_FALSE(connect_ex(other, name, sizeof server.address, nullptr, 0, &bytes, &pending));
  ASSERT_CODE(WSAGetLastError(), WSA_IO_PENDING);
  EXPECT_EQ(connect(other, name, sizeof server.address), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAEINVAL);
  EXPECT_FALSE(connect_ex(other, name, sizeof server.address, nullptr, 0, &bytes, &operation));
  EXPECT_CODE(WSAGetLastError(), WSAEINVAL);
  EXPECT_EQ(send(other, &byte, 1, 0), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAENOTCONN);
  EXPECT_TRUE(CancelIoEx(other.handle(), &pending));
  EXPECT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&pending); }));
}

TEST(Conformance, P67_NonBlockingConnectGoesOnByItself) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Handle port = MakePort();
  const Socket socket = MakeTcp();
  Associate(port, socket, 7);
  u_long on = 1;
  ASSERT_EQ(ioctlsocket(socket, FIONBIO, &on), 0);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ASSERT_CODE(WSAGetLastError(), WSAEWOULDBLOCK);
  }
  const Socket accepted(accept(listener, nullptr, nullptr));
  ASSERT_NE(accepted.get(), INVALID_SOCKET);
  SendAll(accepted, "hello");
  Operation operation;
  Issued issued{};
  ASSERT_TRUE(Eventually([&] {
    issued = Receive(socket, &operation);
    return issued.done() || issued.pended();
  })) << issued.error;
  const Dequeued got = Dequeue(port);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(operation.bytes(got.bytes), "hello");
}

TEST(Conformance, P67_RefusedNonBlockingConnectIsToldBySoError) {
  sockaddr_in address{};
  Socket listener = MakeListener(&address);
  listener.Close();
  const Socket socket = MakeTcp();
  u_long on = 1;
  ASSERT_EQ(ioctlsocket(socket, FIONBIO, &on), 0);
  ASSERT_EQ(connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address),
            SOCKET_ERROR);
  const int at_once = WSAGetLastError();
  if (at_once == WSAECONNREFUSED) return;
  ASSERT_CODE(at_once, WSAEWOULDBLOCK);
  int error = 0;
  ASSERT_TRUE(Eventually([&] {
    int length = sizeof error;
    return getsockopt(socket, SOL_SOCKET, SO_ERROR, reinterpret_cast<char*>(&error), &length) ==
               0 &&
           error != 0;
  }));
  EXPECT_CODE(error, WSAECONNREFUSED);
}

TEST(Conformance, P66_ConnectAfterAFailedConnect) {
  sockaddr_in nobody{};
  Socket closed = MakeListener(&nobody);
  closed.Close();
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Handle port = MakePort();
  const Socket socket = MakeBoundTcp();
  Associate(port, socket, 5);
  const auto connect_ex = ExtensionFunction<LPFN_CONNECTEX>(socket, WSAID_CONNECTEX);
  const auto issue = [&](const sockaddr_in& to, Operation* operation) {
    DWORD bytes = 0;
    const BOOL ok = connect_ex(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to, nullptr,
                               0, &bytes, operation);
    return ok || WSAGetLastError() == WSA_IO_PENDING;
  };
  for (int round = 0; round < 2; ++round) {
    Operation operation;
    const bool issued = issue(nobody, &operation);
    if (round == 1 && WineDiffers("P66", "Wine's socket cannot connect again after a refusal",
                                  "seen under Wine 8.0")) {
      EXPECT_FALSE(issued);
      return;
    }
    ASSERT_TRUE(issued) << WSAGetLastError();
    const Dequeued got = Dequeue(port);
    EXPECT_FALSE(got.ok);
    EXPECT_CODE(got.error, ERROR_CONNECTION_REFUSED);
  }
  Operation operation;
  ASSERT_TRUE(issue(address, &operation)) << WSAGetLastError();
  const Dequeued got = Dequeue(port);
  ASSERT_TRUE(got.ok) << got.error;
  ASSERT_EQ(setsockopt(socket, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0), 0);
  const Socket accepted(accept(listener, nullptr, nullptr));
  Operation receive;
  ASSERT_TRUE(Receive(socket, &receive).pended());
  SendAll(accepted, "late");
  EXPECT_EQ(receive.bytes(Dequeue(port).bytes), "late");
}

// --- names -----------------------------------------------------------------------------------------------

TEST(Conformance, P56_PeerIsKnownAfterBothFins) {
  const Connection connection = Connect();
  const sockaddr_in peer = LocalAddressOf(connection.peer);
  ASSERT_EQ(shutdown(connection.peer, SD_SEND), 0);
  char byte = 0;
  ASSERT_EQ(recv(connection.ours, &byte, 1, 0), 0);
  ASSERT_EQ(shutdown(connection.ours, SD_SEND), 0);
  ASSERT_EQ(recv(connection.peer, &byte, 1, 0), 0);
  sockaddr_in name{};
  int length = sizeof name;
  const int result = getpeername(connection.ours, reinterpret_cast<sockaddr*>(&name), &length);
  if (WineDiffers("P56", "Wine asks the Linux socket, which has no peer then",
                  "seen under Wine 8.0")) {
    EXPECT_EQ(result, SOCKET_ERROR);
    return;
  }
  EXPECT_EQ(result, 0) << WSAGetLastError();
  EXPECT_EQ(name.sin_port, peer.sin_port);
}

}  // namespace
