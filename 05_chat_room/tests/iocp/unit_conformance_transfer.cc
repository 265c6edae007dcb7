// Conformance, group "Operations": how WSARecv and WSASend move bytes.
// P20 P21 P22 P23 P24 P30.
#include <array>
#include <string>
#include <string_view>
#include <thread>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

TEST(Conformance, P20_NonBlockingModeDoesNotAffectOverlappedCalls) {
  const Associated io;
  u_long on = 1;
  ASSERT_EQ(ioctlsocket(io.ours(), static_cast<long>(FIONBIO), &on), 0);
  Operation receive;
  const Issued issued = Receive(io.ours(), &receive);
  EXPECT_TRUE(issued.pended()) << "not WSAEWOULDBLOCK: " << issued.error;
  SendAll(io.peer(), "x");
  EXPECT_EQ(Dequeue(io.port).overlapped, &receive);
}

TEST(Conformance, P20_ReceiveTimeoutDoesNotAffectOverlappedCalls) {
  const Associated io;
  const DWORD timeout_ms = 20;
  ASSERT_EQ(setsockopt(io.ours(), SOL_SOCKET, SO_RCVTIMEO,
                       reinterpret_cast<const char*>(&timeout_ms), sizeof timeout_ms),
            0);
  Operation receive;
  ASSERT_TRUE(Receive(io.ours(), &receive).pended());
  EXPECT_TRUE(Dequeue(io.port, 120).timed_out()) << "it must still pend long after the time-out";
  SendAll(io.peer(), "x");
  EXPECT_TRUE(Dequeue(io.port).ok);
}

TEST(Conformance, P21_BufferArrayIsCapturedBeforeTheCallReturns) {
  const Associated io;
  Operation receive;
  std::array<char, 4> tail{};
  std::array<WSABUF, 2> buffers{WSABUF{3, receive.buffer}, WSABUF{4, tail.data()}};
  DWORD bytes = 0;
  DWORD flags = 0;
  ASSERT_EQ(WSARecv(io.ours(), buffers.data(), 2, &bytes, &flags, &receive, nullptr), SOCKET_ERROR);
  ASSERT_CODE(WSAGetLastError(), WSA_IO_PENDING);
  buffers.fill(WSABUF{1u << 20, nullptr});  // the array may have lived on a stack that is gone

  SendAll(io.peer(), "abcdefg");
  const Dequeued got = Dequeue(io.port);
  EXPECT_TRUE(got.ok);
  ASSERT_EQ(got.bytes, 7u);
  EXPECT_EQ(receive.bytes(3), "abc");
  EXPECT_EQ(std::string_view(tail.data(), 4), "defg");
}

TEST(Conformance, P21_SendGathersItsBuffersInOrder) {
  const Associated io;
  Operation send;
  std::array<WSABUF, 3> buffers{WSABUF{2, const_cast<char*>("ab")}, WSABUF{0, nullptr},
                                WSABUF{3, const_cast<char*>("cde")}};
  DWORD bytes = 0;
  const int result = WSASend(io.ours(), buffers.data(), 3, &bytes, 0, &send, nullptr);
  EXPECT_TRUE(result == 0 || WSAGetLastError() == WSA_IO_PENDING);
  EXPECT_EQ(Dequeue(io.port).bytes, 5u);
  EXPECT_EQ(ReceiveExactly(io.peer(), 5), "abcde");
}

TEST(Conformance, P22_ZeroBuffersIsInvalid) {
  const Associated io;
  Operation receive;
  WSABUF buffer{1, receive.buffer};
  DWORD bytes = 0;
  DWORD flags = 0;
  EXPECT_EQ(WSARecv(io.ours(), &buffer, 0, &bytes, &flags, &receive, nullptr), SOCKET_ERROR);
  const int error = WSAGetLastError();
  if (WineDiffers("P22", "Wine pends, as for one buffer of length zero",
                  "Wine 8.0 dlls/ws2_32/tests/sock.c, test_empty_recv: WSAEINVAL is todo_wine")) {
    EXPECT_CODE(error, WSA_IO_PENDING);
    SendAll(io.peer(), "x");
    EXPECT_EQ(Dequeue(io.port).overlapped, &receive);
    return;
  }
  EXPECT_CODE(error, WSAEINVAL);
  EXPECT_TRUE(NothingQueued(io.port));
}

TEST(Conformance, P22_ZeroLengthReceivePendsUntilReadableAndLeavesTheData) {
  const Associated io;
  Operation probe;
  ASSERT_TRUE(Receive(io.ours(), &probe, 0).pended());
  EXPECT_TRUE(NothingQueued(io.port));
  SendAll(io.peer(), "data");
  const Dequeued got = Dequeue(io.port);
  EXPECT_TRUE(got.ok);
  EXPECT_EQ(got.overlapped, &probe);
  EXPECT_EQ(got.bytes, 0u);

  Operation receive;
  EXPECT_TRUE(Receive(io.ours(), &receive).done()) << "the data was left in place";
  EXPECT_EQ(receive.bytes(Dequeue(io.port).bytes), "data");
}

TEST(Conformance, P23_SeveralReceivesFillInCallOrder) {
  const Associated io;
  std::array<Operation, 8> receives;
  for (Operation& receive : receives) ASSERT_TRUE(Receive(io.ours(), &receive, 4).pended());
  std::string sent;
  for (std::size_t i = 0; i < receives.size(); ++i) {
    sent += std::string(4, static_cast<char>('a' + i));
  }
  SendAll(io.peer(), sent);
  std::string received;
  for (Operation& receive : receives) {
    const Dequeued got = Dequeue(io.port);
    ASSERT_TRUE(got.ok);
    EXPECT_EQ(got.overlapped, &receive) << "packets of one direction come in call order too";
    received += static_cast<Operation*>(got.overlapped)->bytes(got.bytes);
  }
  EXPECT_EQ(received, sent);
}

// Sends far more than the socket buffers hold, in several WSASend calls, to a peer that does not
// read at first: each call must complete whole (P24) and the bytes must arrive in call order,
// unmixed (P23).
TEST(Conformance, P23_SeveralSendsTransmitInCallOrderNeverInterleaved) {
  const Associated io;
  constexpr std::size_t kEach = 300'000;
  std::array<Operation, 12> sends;
  std::vector<std::string> payloads;
  for (std::size_t i = 0; i < sends.size(); ++i) {
    payloads.emplace_back(kEach, static_cast<char>('a' + i));
  }
  for (std::size_t i = 0; i < sends.size(); ++i) {
    const Issued issued = Send(io.ours(), &sends[i], payloads[i]);
    ASSERT_TRUE(issued.done() || issued.pended()) << issued.error;
  }
  std::thread reader([&] {
    for (const std::string& payload : payloads) {
      EXPECT_TRUE(ReceiveExactly(io.peer(), kEach) == payload) << payload.front();
    }
  });
  for (Operation& send : sends) {
    const Dequeued got = Dequeue(io.port);
    EXPECT_TRUE(got.ok);
    EXPECT_EQ(got.overlapped, &send);
    EXPECT_EQ(got.bytes, kEach);
  }
  reader.join();
}

TEST(Conformance, P24_SendCompletesWholeNeverShort) {
  const Associated io;
  const std::string payload(8'000'000, 'z');
  Operation send;
  const Issued issued = Send(io.ours(), &send, payload);
  ASSERT_TRUE(issued.done() || issued.pended()) << issued.error;
  if (issued.done()) {
    EXPECT_EQ(issued.bytes, payload.size());
  }
  std::thread reader([&] { EXPECT_TRUE(ReceiveExactly(io.peer(), payload.size()) == payload); });
  const Dequeued got = Dequeue(io.port);
  EXPECT_TRUE(got.ok);
  EXPECT_EQ(got.overlapped, &send);
  EXPECT_EQ(got.bytes, payload.size());
  reader.join();
}

TEST(Conformance, P30_OperationOutlivesTheThreadThatIssuedIt) {
  const Associated io;
  Operation receive;
  bool pended = false;
  std::thread([&] { pended = Receive(io.ours(), &receive).pended(); }).join();
  ASSERT_TRUE(pended);
  EXPECT_TRUE(NothingQueued(io.port));
  EXPECT_FALSE(HasOverlappedIoCompleted(&receive));
  SendAll(io.peer(), "still here");
  const Dequeued got = Dequeue(io.port);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(got.overlapped, &receive);
  EXPECT_EQ(got.bytes, 10u);
}

}  // namespace
