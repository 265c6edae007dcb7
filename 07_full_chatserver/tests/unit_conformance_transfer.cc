// Conformance, group "Operations": how WSARecv and WSASend are issued and move bytes.
// P15 P16 P17 P18 P20 P21 P22 P23 P24 P30.
#include <algorithm>
#include <array>
#include <memory>

#include "tests/test_support.h"

namespace {

using namespace course_test;

struct Associated {
  explicit Associated(DWORD concurrency = 0) : port(MakePort(concurrency)), connection(Connect()) {
    Associate(port, connection.ours, 1);
  }
  SOCKET ours() const { return connection.ours; }
  SOCKET peer() const { return connection.peer; }

  Handle port;
  Connection connection;
};

TEST(Conformance, P15_ImmediateReceiveReturnsZeroAndStillQueuesAPacket) {
  const Associated io;
  SendAll(io.peer(), "hello");
  ASSERT_TRUE(AwaitReadable(io.ours(), 5));
  Operation receive;
  const Issued issued = Receive(io.ours(), &receive);
  EXPECT_TRUE(issued.done()) << issued.error;
  EXPECT_EQ(issued.bytes, 5u);
  EXPECT_TRUE(HasOverlappedIoCompleted(&receive));

  const Dequeued got = Dequeue(io.port);
  EXPECT_TRUE(got.ok);
  EXPECT_EQ(got.overlapped, &receive);
  EXPECT_EQ(receive.bytes(got.bytes), "hello");
  EXPECT_TRUE(NothingQueued(io.port));
}

TEST(Conformance, P15_ImmediateSendReturnsZeroAndStillQueuesAPacket) {
  const Associated io;
  Operation send;
  const Issued issued = Send(io.ours(), &send, "hello");
  EXPECT_TRUE(issued.done() || issued.pended()) << issued.error;
  if (issued.done()) {
    EXPECT_EQ(issued.bytes, 5u);
  }
  const Dequeued got = Dequeue(io.port);
  EXPECT_TRUE(got.ok);
  EXPECT_EQ(got.overlapped, &send);
  EXPECT_EQ(got.bytes, 5u);
  EXPECT_EQ(ReceiveExactly(io.peer(), 5), "hello");
}

TEST(Conformance, P15_SkipOnSuccessQueuesNoPacketForImmediateSuccess) {
  const Associated io;
  ASSERT_TRUE(SetFileCompletionNotificationModes(io.connection.ours.handle(),
                                                 FILE_SKIP_COMPLETION_PORT_ON_SUCCESS))
      << GetLastError();
  SendAll(io.peer(), "hello");
  ASSERT_TRUE(AwaitReadable(io.ours(), 5));
  Operation receive;
  const Issued issued = Receive(io.ours(), &receive);
  ASSERT_TRUE(issued.done()) << issued.error;
  EXPECT_EQ(issued.bytes, 5u);
  EXPECT_EQ(receive.bytes(5), "hello");
  EXPECT_TRUE(NothingQueued(io.port));
}

TEST(Conformance, P15_SkipOnSuccessStillQueuesAPacketForWhatPended) {
  const Associated io;
  ASSERT_TRUE(SetFileCompletionNotificationModes(io.connection.ours.handle(),
                                                 FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
  Operation receive;
  ASSERT_TRUE(Receive(io.ours(), &receive).pended());
  SendAll(io.peer(), "hello");
  const Dequeued got = Dequeue(io.port);
  EXPECT_TRUE(got.ok);
  EXPECT_EQ(got.overlapped, &receive);
  EXPECT_EQ(got.bytes, 5u);
}

// The owner of an operation is whoever dequeued its packet, even while WSARecv has not returned
// yet: here the dequeuing thread frees the operation at once. An implementation that touches the
// OVERLAPPED after it queued the packet is caught by AddressSanitizer, or by a lost or doubled
// operation.
TEST(Conformance, P15_PacketMayBeDequeuedBeforeTheCallReturned) {
  const Associated io(4);
  const int count = RunningUnderWine() ? 200 : 2000;
  std::atomic<int> freed{0};
  std::thread consumer([&] {
    while (freed.load() < count) {
      const Dequeued got = Dequeue(io.port);
      if (!got.ok) break;
      delete static_cast<Operation*>(got.overlapped);
      freed.fetch_add(1);
    }
  });
  int failed = 0;
  for (int i = 0; i < count; ++i) {
    SendAll(io.peer(), "x");
    auto operation = std::make_unique<Operation>();
    const Issued issued = Receive(io.ours(), operation.get(), 1);
    if (issued.done() || issued.pended()) {
      (void)operation.release();  // the consumer's now
    } else {
      ++failed;
      break;
    }
  }
  consumer.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(freed.load(), count);
}

TEST(Conformance, P16_ImmediateFailureQueuesNothing) {
  const Handle port = MakePort();
  const Socket unconnected = MakeBoundTcp();
  Associate(port, unconnected, 1);
  Operation operation;
  Issued issued = Receive(unconnected, &operation);
  EXPECT_EQ(issued.result, SOCKET_ERROR);
  EXPECT_CODE(issued.error, WSAENOTCONN);
  EXPECT_TRUE(NothingQueued(port));
  issued = Send(unconnected, &operation, "x");
  EXPECT_EQ(issued.result, SOCKET_ERROR);
  if (WineDiffers(
          "P16", "Wine's error for a send on an unconnected socket is WSAECONNRESET",
          "Wine 8.0 dlls/ntdll/unix/socket.c, sock_errno_to_status: EPIPE, Linux' answer, is "
          "STATUS_CONNECTION_RESET; Microsoft, WSASend, Return value: WSAENOTCONN")) {
    EXPECT_CODE(issued.error, WSAECONNRESET);
  } else {
    EXPECT_CODE(issued.error, WSAENOTCONN);
  }
  EXPECT_TRUE(NothingQueued(port));
}

TEST(Conformance, P17_PendingReturnsIoPendingAndTouchesNoParameter) {
  const Associated io;
  Operation receive;
  WSABUF buffer{sizeof receive.buffer, receive.buffer};
  DWORD bytes = kUntouched;
  DWORD flags = 0;
  EXPECT_EQ(WSARecv(io.ours(), &buffer, 1, &bytes, &flags, &receive, nullptr), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSA_IO_PENDING);
  EXPECT_EQ(bytes, kUntouched);
  EXPECT_EQ(flags, 0u);
  SendAll(io.peer(), "x");
  EXPECT_TRUE(Dequeue(io.port).ok);
  EXPECT_EQ(flags, 0u) << "the parameter may be gone by completion: nobody writes to it";
}

TEST(Conformance, P18_InternalIsPendingFromIssueToCompletion) {
  const Associated io;
  Operation receive;
  receive.Internal = 0xDEAD;
  receive.InternalHigh = 0xDEAD;
  ASSERT_TRUE(Receive(io.ours(), &receive).pended());
  EXPECT_FALSE(HasOverlappedIoCompleted(&receive));
  EXPECT_EQ(static_cast<DWORD>(receive.Internal), 0x103u);

  DWORD bytes = 0;
  DWORD flags = 0;
  EXPECT_FALSE(WSAGetOverlappedResult(io.ours(), &receive, &bytes, FALSE, &flags));
  EXPECT_CODE(WSAGetLastError(), WSA_IO_INCOMPLETE);

  SendAll(io.peer(), "abc");
  EXPECT_TRUE(Dequeue(io.port).ok);
  EXPECT_TRUE(HasOverlappedIoCompleted(&receive));
  EXPECT_EQ(receive.Internal, 0u);
  EXPECT_EQ(receive.InternalHigh, 3u);
  EXPECT_TRUE(WSAGetOverlappedResult(io.ours(), &receive, &bytes, FALSE, &flags));
  EXPECT_EQ(bytes, 3u);
}

TEST(Conformance, P18_CompletesWithoutAPort) {
  const Connection connection = Connect();
  Operation receive;
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  SendAll(connection.peer, "abc");
  EXPECT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&receive); }));
  EXPECT_EQ(receive.InternalHigh, 3u);
}

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
