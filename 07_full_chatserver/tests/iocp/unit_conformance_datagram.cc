// Conformance: UDP through the port.
#include <array>
#include <string>
#include <vector>

#include "tests/support/test_support.h"

#ifdef _WIN32
#ifndef SIO_UDP_CONNRESET
#define SIO_UDP_CONNRESET _WSAIOW(IOC_VENDOR, 12)
#endif
#endif

namespace {

using namespace course_test;

Socket MakeUdp(bool bound = true) {
  Socket socket(WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, nullptr, 0, WSA_FLAG_OVERLAPPED));
  EXPECT_NE(socket.get(), INVALID_SOCKET) << WSAGetLastError();
  const sockaddr_in any = LoopbackAddress();
  if (bound) {
    EXPECT_EQ(bind(socket, reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  }
  return socket;
}

struct From : Operation {
  sockaddr_in address{};
  INT length = sizeof address;
};

Issued ReceiveFrom(SOCKET socket, From* from, std::size_t length = sizeof From::buffer) {
  WSABUF buffer{static_cast<ULONG>(length), from->buffer};
  DWORD flags = 0;
  Issued issued{0, 0, kUntouched};
  issued.result =
      WSARecvFrom(socket, &buffer, 1, &issued.bytes, &flags,
                  reinterpret_cast<sockaddr*>(&from->address), &from->length, from, nullptr);
  issued.error = WSAGetLastError();
  return issued;
}

Issued SendTo(SOCKET socket, OVERLAPPED* overlapped, std::string_view bytes,
              const sockaddr_in& to) {
  WSABUF buffer{static_cast<ULONG>(bytes.size()), const_cast<char*>(bytes.data())};
  Issued issued{0, 0, kUntouched};
  issued.result = WSASendTo(socket, &buffer, 1, &issued.bytes, 0,
                            reinterpret_cast<const sockaddr*>(&to), sizeof to, overlapped, nullptr);
  issued.error = WSAGetLastError();
  return issued;
}

// A server's socket with its port, and a client.
struct Pair {
  Pair() : port(MakePort()), server(MakeUdp()), client(MakeUdp()), at(LocalAddressOf(server)) {
    Associate(port, server, 1);
  }
  Handle port;
  Socket server;
  Socket client;
  sockaddr_in at;
};

void Send(SOCKET socket, const std::string& text, const sockaddr_in& to) {
  EXPECT_EQ(sendto(socket, text.data(), static_cast<int>(text.size()), 0,
                   reinterpret_cast<const sockaddr*>(&to), sizeof to),
            static_cast<int>(text.size()));
}

TEST(Conformance, P131_ADatagramComesWithItsSender) {
  const Pair pair;
  From from;
  ASSERT_TRUE(ReceiveFrom(pair.server, &from).pended());
  Send(pair.client, "ping", pair.at);
  const Dequeued got = Dequeue(pair.port);
  EXPECT_TRUE(got.ok);
  EXPECT_EQ(got.key, 1u);
  EXPECT_EQ(got.overlapped, &from);
  EXPECT_EQ(from.bytes(got.bytes), "ping");
  EXPECT_EQ(from.length, static_cast<INT>(sizeof(sockaddr_in)));
  EXPECT_EQ(from.address.sin_port, LocalAddressOf(pair.client).sin_port);
  Operation answer;
  ASSERT_TRUE(SendTo(pair.server, &answer, "pong", from.address).done());
  EXPECT_EQ(Dequeue(pair.port).overlapped, &answer);
  char text[16];
  sockaddr_in sender{};
  int length = sizeof sender;
  ASSERT_EQ(
      recvfrom(pair.client, text, sizeof text, 0, reinterpret_cast<sockaddr*>(&sender), &length),
      4);
  EXPECT_EQ(std::string(text, 4), "pong");
  EXPECT_EQ(sender.sin_port, pair.at.sin_port);
}

TEST(Conformance, P131_OneOperationOneDatagramInOrder) {
  const Pair pair;
  std::array<From, 3> pending;
  for (From& from : pending) ASSERT_TRUE(ReceiveFrom(pair.server, &from).pended());
  for (const char* text : {"a", "bb", "ccc", "dddd"}) Send(pair.client, text, pair.at);
  for (std::size_t i = 0; i < pending.size(); ++i) {
    const Dequeued got = Dequeue(pair.port);
    EXPECT_EQ(got.overlapped, &pending[i]);
    EXPECT_EQ(got.bytes, i + 1);
  }
  ASSERT_TRUE(AwaitReadable(pair.server, 1));
  From last;
  ASSERT_TRUE(ReceiveFrom(pair.server, &last).done()) << "at once, when it is there";
  EXPECT_EQ(Dequeue(pair.port).bytes, 4u);
}

// More buffers than Linux takes in one call; a datagram cannot be continued in a second.
TEST(Conformance, P131_ADatagramOfThousandsOfBuffersIsOne) {
  const Pair pair;
  std::string out;
  for (int i = 0; i < 2500; ++i) out += static_cast<char>('a' + i % 26);
  std::string in(3000, '.');
  const auto each = [](std::string& bytes) {
    std::vector<WSABUF> buffers;
    for (char& byte : bytes) buffers.push_back({1, &byte});
    return buffers;
  };
  From from;
  auto room = each(in);
  DWORD flags = 0;
  ASSERT_EQ(WSARecvFrom(pair.server, room.data(), static_cast<DWORD>(room.size()), nullptr, &flags,
                        reinterpret_cast<sockaddr*>(&from.address), &from.length, &from, nullptr),
            SOCKET_ERROR);
  ASSERT_CODE(WSAGetLastError(), WSA_IO_PENDING);
  auto parts = each(out);
  DWORD sent = 0;
  const int result =
      WSASendTo(pair.client, parts.data(), static_cast<DWORD>(parts.size()), &sent, 0,
                reinterpret_cast<const sockaddr*>(&pair.at), sizeof pair.at, nullptr, nullptr);
  if (result != 0 && WineDiffers("P131", "no more than a Linux call takes", "seen with Wine 8.0")) {
    return;
  }
  ASSERT_EQ(result, 0) << WSAGetLastError();
  EXPECT_EQ(sent, out.size());
  const Dequeued got = Dequeue(pair.port);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(got.bytes, out.size());
  EXPECT_TRUE(in.substr(0, out.size()) == out);
  EXPECT_EQ(in[out.size()], '.');
  // One that is longer than the buffers is cut, and one longer than any datagram not sent.
  Operation cut;
  auto little = each(in);
  little.resize(1500);
  ASSERT_EQ(WSARecv(pair.server, little.data(), 1500, nullptr, &flags, &cut, nullptr),
            SOCKET_ERROR);
  ASSERT_EQ(
      WSASendTo(pair.client, parts.data(), static_cast<DWORD>(parts.size()), &sent, 0,
                reinterpret_cast<const sockaddr*>(&pair.at), sizeof pair.at, nullptr, nullptr),
      0);
  const Dequeued short_one = Dequeue(pair.port);
  EXPECT_CODE(short_one.error, ERROR_MORE_DATA);
  EXPECT_EQ(short_one.bytes, 1500u);
  std::string much(70'000, 'x');
  auto too_much = each(much);
  EXPECT_EQ(
      WSASendTo(pair.client, too_much.data(), static_cast<DWORD>(too_much.size()), &sent, 0,
                reinterpret_cast<const sockaddr*>(&pair.at), sizeof pair.at, nullptr, nullptr),
      SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAEMSGSIZE);
}

TEST(Conformance, P132_ALongDatagramIsCut) {
  const Pair pair;
  From from;
  ASSERT_TRUE(ReceiveFrom(pair.server, &from, 3).pended());
  Send(pair.client, "abcdef", pair.at);
  Dequeued got = Dequeue(pair.port);
  EXPECT_FALSE(got.ok);
  EXPECT_EQ(got.overlapped, &from);
  EXPECT_CODE(got.error, ERROR_MORE_DATA);
  EXPECT_EQ(got.bytes, 3u);
  EXPECT_EQ(from.bytes(3), "abc");
  Send(pair.client, "next", pair.at);
  From next;
  ReceiveFrom(pair.server, &next);
  got = Dequeue(pair.port);
  EXPECT_EQ(next.bytes(got.bytes), "next") << "the rest of the first is gone";
}

TEST(Conformance, P132_AnEmptyDatagramIsOne) {
  const Pair pair;
  From from;
  ASSERT_TRUE(ReceiveFrom(pair.server, &from).pended());
  Send(pair.client, "", pair.at);
  const Dequeued got = Dequeue(pair.port);
  EXPECT_TRUE(got.ok);
  EXPECT_EQ(got.bytes, 0u);
  EXPECT_EQ(from.address.sin_port, LocalAddressOf(pair.client).sin_port);
}

TEST(Conformance, P133_ReceivingNeedsAnAddressAndSendingMakesOne) {
  const Socket socket = MakeUdp(false);
  From from;
  const Issued unbound = ReceiveFrom(socket, &from);
  if (WineDiffers("P133", "receives on a socket that is not bound", "seen with Wine 8.0")) {
    CancelIoEx(socket.handle(), &from);
    ASSERT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&from); }));
    from.Clear();
  } else {
    EXPECT_EQ(unbound.error, WSAEINVAL);
  }
  const Socket other = MakeUdp();
  Operation send;
  ASSERT_TRUE(SendTo(socket, &send, "x", LocalAddressOf(other)).done());
  EXPECT_TRUE(ReceiveFrom(socket, &from).pended());
  EXPECT_TRUE(CancelIoEx(socket.handle(), &from));
  ASSERT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&from); }));
  EXPECT_EQ(listen(socket, 1), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAEOPNOTSUPP);
}

TEST(Conformance, P133_ClosingEndsWhatIsPending) {
  Pair pair;
  From from;
  ASSERT_TRUE(ReceiveFrom(pair.server, &from).pended());
  pair.server.Close();
  const Dequeued got = Dequeue(pair.port);
  EXPECT_FALSE(got.ok);
  EXPECT_EQ(got.overlapped, &from);
  ExpectClosedError("P133", got.error);
}

TEST(Conformance, P135_NobodyThereIsToldUnlessTheProgramDoesNotWantIt) {
  sockaddr_in nobody = LocalAddressOf(MakeUdp());  // closed again at once
  for (const bool tell : {true, false}) {
    const Socket socket = MakeUdp();
    ASSERT_EQ(connect(socket, reinterpret_cast<sockaddr*>(&nobody), sizeof nobody), 0);
    BOOL wanted = tell ? TRUE : FALSE;
    DWORD bytes = 0;
    ASSERT_EQ(WSAIoctl(socket, SIO_UDP_CONNRESET, &wanted, sizeof wanted, nullptr, 0, &bytes,
                       nullptr, nullptr),
              0)
        << WSAGetLastError();
    From from;
    ASSERT_TRUE(ReceiveFrom(socket, &from).pended());
    ASSERT_EQ(send(socket, "anyone?", 7, 0), 7);
    if (tell) {
      ASSERT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&from); }));
      DWORD flags = 0;
      EXPECT_FALSE(WSAGetOverlappedResult(socket, &from, &bytes, FALSE, &flags));
      const int error = WSAGetLastError();
      if (WineDiffers("P135", "says refused (10061), and ignores SIO_UDP_CONNRESET",
                      "seen with Wine 8.0")) {
        EXPECT_CODE(error, WSAECONNREFUSED);
        return;
      }
      EXPECT_CODE(error, WSAECONNRESET);
    } else {
      EXPECT_CODE(SleepEx(100, FALSE), 0);
      EXPECT_FALSE(HasOverlappedIoCompleted(&from)) << "it waits for a real one";
      CancelIoEx(socket.handle(), &from);
      ASSERT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&from); }));
    }
  }
}

TEST(Conformance, P133_AConnectedOneHasAPeer) {
  const Pair pair;
  ASSERT_EQ(connect(pair.client, reinterpret_cast<const sockaddr*>(&pair.at), sizeof pair.at), 0);
  ASSERT_EQ(send(pair.client, "hi", 2, 0), 2);
  From from;
  ReceiveFrom(pair.server, &from);
  EXPECT_EQ(from.bytes(Dequeue(pair.port).bytes), "hi");
  sockaddr_in peer{};
  int length = sizeof peer;
  ASSERT_EQ(getpeername(pair.client, reinterpret_cast<sockaddr*>(&peer), &length), 0);
  EXPECT_EQ(peer.sin_port, pair.at.sin_port);
}

TEST(Conformance, P145_ShutdownNeedsNoPeer) {
  const Pair pair;
  EXPECT_EQ(shutdown(pair.server, SD_RECEIVE), 0) << WSAGetLastError();
  From from;
  EXPECT_CODE(ReceiveFrom(pair.server, &from).error, WSAESHUTDOWN);
  Send(pair.client, "still", pair.at);
  for (int time = 0; time < 2; ++time) {
    EXPECT_EQ(shutdown(pair.client, SD_SEND), 0) << WSAGetLastError();
  }
  Operation send;
  EXPECT_CODE(SendTo(pair.client, &send, "no", pair.at).error, WSAESHUTDOWN);
  EXPECT_TRUE(NothingQueued(pair.port));
}

TEST(Conformance, P145_WithoutAPeerThereIsNoName) {
  const Pair pair;
  EXPECT_EQ(getpeername(pair.client, nullptr, nullptr), SOCKET_ERROR);
  const int error = WSAGetLastError();
  if (WineDiffers("P145", "looks at the arguments first", "seen with Wine 8.0")) {
    EXPECT_CODE(error, WSAEFAULT);
  } else {
    EXPECT_CODE(error, WSAENOTCONN);
  }
  ASSERT_EQ(connect(pair.client, reinterpret_cast<const sockaddr*>(&pair.at), sizeof pair.at), 0);
  EXPECT_EQ(getpeername(pair.client, nullptr, nullptr), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAEFAULT);
  DWORD seconds = 0;
  int length = sizeof seconds;
  EXPECT_EQ(getsockopt(pair.client, SOL_SOCKET, SO_CONNECT_TIME, reinterpret_cast<char*>(&seconds),
                       &length),
            0);
  EXPECT_EQ(seconds, 0xFFFFFFFFu) << "P128: a peer is no connection";
}

}  // namespace
