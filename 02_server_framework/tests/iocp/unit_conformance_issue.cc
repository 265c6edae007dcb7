// Conformance, group "Operations": what an issuing call says and when its packet comes.
// P15 P16 P17 P18.
#include <atomic>
#include <memory>
#include <thread>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

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

}  // namespace
