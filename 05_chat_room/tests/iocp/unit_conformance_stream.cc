// Conformance, group "Streams": order, flags, ends. P44 P45 P51 P59 P60 P62 P64 P69.
#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

// More than both kernel buffers of a connection take.
std::string Large(char fill) {
  return std::string(std::size_t{32} << 20, fill);
}

// Reads until the end of the stream; the error that ended it, 0 for FIN.
int ReadToTheEnd(SOCKET socket, std::string* all) {
  std::vector<char> part(1 << 16);
  for (;;) {
    const int got = recv(socket, part.data(), static_cast<int>(part.size()), 0);
    if (got == 0) return 0;
    if (got < 0) return WSAGetLastError();
    all->append(part.data(), static_cast<std::size_t>(got));
  }
}

TEST(Conformance, P44_UrgentDataDoesNotHoldBackTheStream) {
  Associated io;
  SendAll(io.peer(), "before");
  ASSERT_EQ(send(io.peer(), "!", 1, MSG_OOB), 1);
  SendAll(io.peer(), "after");
  ASSERT_TRUE(AwaitReadable(io.ours(), 6));
  std::string got;
  while (got.size() < 11) {
    Operation operation;
    const Issued issued = Receive(io.ours(), &operation);
    ASSERT_TRUE(issued.done() || issued.pended()) << issued.error;
    const Dequeued packet = Dequeue(io.port);
    ASSERT_EQ(packet.overlapped, &operation) << "after " << got;
    ASSERT_TRUE(packet.ok) << packet.error;
    got += operation.bytes(packet.bytes);
  }
  EXPECT_EQ(got, "beforeafter");
}

TEST(Conformance, P45_PlainSendGoesBehindAPendingOne) {
  Associated io;
  const std::string large = Large('a');
  Operation operation;
  ASSERT_TRUE(Send(io.ours(), &operation, large).pended());
  std::thread plain([&] { EXPECT_EQ(send(io.ours(), "plain", 5, 0), 5) << WSAGetLastError(); });
  const std::string got = ReceiveExactly(io.peer(), large.size() + 5);
  plain.join();
  EXPECT_EQ(got.find("plain"), large.size());
  EXPECT_EQ(Dequeue(io.port).bytes, large.size());
}

TEST(Conformance, P45_PlainReceiveGoesBehindAPendingOne) {
  Associated io;
  Operation first;
  ASSERT_TRUE(Receive(io.ours(), &first, 3).pended());
  std::string second;
  std::thread plain([&] { second = ReceiveExactly(io.ours(), 3); });
  SendAll(io.peer(), "onetwo");
  plain.join();
  EXPECT_TRUE(Dequeue(io.port).ok);
  EXPECT_EQ(first.bytes(3), "one");
  EXPECT_EQ(second, "two");
}

TEST(Conformance, P51_AnyNumberOfBuffersInOneCall) {
  Associated io;
  std::string sent(1500, '\0');
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>('a' + i % 26);
  std::vector<WSABUF> buffers(sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) buffers[i] = {1, &sent[i]};
  Operation send_operation;
  const int sending = WSASend(io.ours(), buffers.data(), static_cast<DWORD>(buffers.size()),
                              nullptr, 0, &send_operation, nullptr);
  if (WineDiffers("P51", "Wine passes on the Linux kernel's limit of 1,024",
                  "seen under Wine 8.0")) {
    EXPECT_EQ(sending, SOCKET_ERROR);
    return;
  }
  ASSERT_EQ(sending, 0) << WSAGetLastError();
  EXPECT_EQ(Dequeue(io.port).bytes, 1500u);
  EXPECT_EQ(ReceiveExactly(io.peer(), sent.size()), sent);

  SendAll(io.peer(), sent);
  ASSERT_TRUE(AwaitReadable(io.ours(), sent.size()));
  std::string got(sent.size(), '\0');
  for (std::size_t i = 0; i < got.size(); ++i) buffers[i] = {1, &got[i]};
  Operation receive;
  DWORD flags = 0;
  const int result = WSARecv(io.ours(), buffers.data(), static_cast<DWORD>(buffers.size()), nullptr,
                             &flags, &receive, nullptr);
  ASSERT_TRUE(result == 0 || WSAGetLastError() == WSA_IO_PENDING) << WSAGetLastError();
  EXPECT_EQ(Dequeue(io.port).bytes, 1500u);
  EXPECT_EQ(got, sent);
}

TEST(Conformance, P59_NoBuffersAtAllIsInvalid) {
  Operation operation;  // lives longer than the socket: under Wine it pends
  Associated io;
  DWORD bytes = kUntouched;
  DWORD flags = 0;
  EXPECT_EQ(WSARecv(io.ours(), nullptr, 0, &bytes, &flags, &operation, nullptr), SOCKET_ERROR);
  if (WineDiffers("P59", "Wine lets it pend", "seen under Wine 8.0")) {
    EXPECT_CODE(WSAGetLastError(), WSA_IO_PENDING);
    return;
  }
  EXPECT_CODE(WSAGetLastError(), WSAEINVAL);
  EXPECT_EQ(bytes, kUntouched);
}

TEST(Conformance, P59_FailingAtOnceLeavesTheByteCount) {
  Associated io;
  ASSERT_EQ(shutdown(io.ours(), SD_BOTH), 0);
  Operation operation;
  const Issued receive = Receive(io.ours(), &operation);
  EXPECT_EQ(receive.result, SOCKET_ERROR);
  EXPECT_EQ(receive.bytes, kUntouched);
  const Issued send = Send(io.ours(), &operation, "x");
  EXPECT_EQ(send.result, SOCKET_ERROR);
  EXPECT_EQ(send.bytes, kUntouched);
}

TEST(Conformance, P60_OverlappedPeekLeavesTheData) {
  Associated io;
  Operation peek;
  WSABUF buffer{sizeof peek.buffer, peek.buffer};
  DWORD flags = MSG_PEEK;
  SendAll(io.peer(), "stay");
  ASSERT_TRUE(AwaitReadable(io.ours(), 4));
  const int result = WSARecv(io.ours(), &buffer, 1, nullptr, &flags, &peek, nullptr);
  ASSERT_TRUE(result == 0 || WSAGetLastError() == WSA_IO_PENDING) << WSAGetLastError();
  const Dequeued got = Dequeue(io.port);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(peek.bytes(got.bytes), "stay");
  EXPECT_EQ(ReceiveExactly(io.ours(), 4), "stay");
}

TEST(Conformance, P60_WaitAllCompletesWhenFull) {
  Associated io;
  Operation operation;
  WSABUF buffer{10, operation.buffer};
  DWORD flags = MSG_WAITALL;
  const int result = WSARecv(io.ours(), &buffer, 1, nullptr, &flags, &operation, nullptr);
  ASSERT_EQ(result, SOCKET_ERROR);
  ASSERT_CODE(WSAGetLastError(), WSA_IO_PENDING);
  SendAll(io.peer(), "12345");
  if (WineDiffers("P60", "Wine completes it with the first bytes", "seen under Wine 8.0")) {
    EXPECT_EQ(Dequeue(io.port).bytes, 5u);
    return;
  }
  EXPECT_TRUE(Dequeue(io.port, 50).timed_out());
  SendAll(io.peer(), "67890");
  const Dequeued got = Dequeue(io.port);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(operation.bytes(got.bytes), "1234567890");
}

TEST(Conformance, P62_SocketWithoutTheOverlappedFlagBlocks) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Socket ours(WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, 0));
  ASSERT_EQ(connect(ours, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const Socket peer(accept(listener, nullptr, nullptr));
  std::atomic<bool> about_to_send{false};
  std::thread sender([&] {
    about_to_send = true;
    SendAll(peer, "now");
  });
  ASSERT_TRUE(Eventually([&] { return about_to_send.load(); }));
  Operation operation;
  const Issued issued = Receive(ours, &operation);
  sender.join();
  EXPECT_EQ(issued.result, 0) << issued.error;
  EXPECT_EQ(operation.bytes(issued.bytes), "now");
}

TEST(Conformance, P62_AFailureOfSuchASocketIsNoSuccess) {
  const Socket ours(WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, 0));
  Operation operation;
  operation.Internal = 0xABAB;
  const Issued issued = Receive(ours, &operation);
  EXPECT_EQ(issued.result, SOCKET_ERROR);
  EXPECT_CODE(issued.error, WSAENOTCONN);
  EXPECT_NE(operation.Internal, 0u) << "which would be STATUS_SUCCESS";
}

// Part of what was sent is lost: the peer must see a reset, not an orderly end.
TEST(Conformance, P64_CloseWithASendPendingResetsTheConnection) {
  Connection connection = Connect();
  const std::string large = Large('l');
  std::vector<Operation> operations(3);
  for (Operation& operation : operations) {
    const Issued issued = Send(connection.ours, &operation, large);
    ASSERT_TRUE(issued.pended()) << issued.error;
  }
  (void)ReceiveExactly(connection.peer, 1'000'000);
  connection.ours.Close();
  std::string rest;
  const int end = ReadToTheEnd(connection.peer, &rest);
  for (Operation& operation : operations) {
    EXPECT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&operation); }));
  }
  EXPECT_LT(rest.size() + 1'000'000, large.size() * 3);
  if (WineDiffers("P64", "Wine sends FIN behind what the Linux kernel had taken",
                  "seen under Wine 8.0")) {
    EXPECT_CODE(end, 0);
    return;
  }
  EXPECT_CODE(end, WSAECONNRESET) << "after " << rest.size() << " bytes more";
}

TEST(Conformance, P69_FinFollowsWhatWasSentBeforeTheShutdown) {
  Associated io;
  const std::string large = Large('f');
  Operation operation;
  ASSERT_TRUE(Send(io.ours(), &operation, large).pended());
  ASSERT_EQ(shutdown(io.ours(), SD_SEND), 0);
  std::string got;
  EXPECT_EQ(ReadToTheEnd(io.peer(), &got), 0);
  EXPECT_EQ(got.size(), large.size());
  EXPECT_TRUE(Dequeue(io.port).ok);
}

TEST(Conformance, P69_FinFollowsACancelledSend) {
  Associated io;
  const std::string large = Large('c');
  Operation operation;
  ASSERT_TRUE(Send(io.ours(), &operation, large).pended());
  ASSERT_EQ(shutdown(io.ours(), SD_SEND), 0);
  ASSERT_TRUE(CancelIoEx(reinterpret_cast<HANDLE>(io.ours()), &operation));
  EXPECT_EQ(Dequeue(io.port).overlapped, &operation);
  std::string got;
  const int end = ReadToTheEnd(io.peer(), &got);
  EXPECT_TRUE(end == 0 || end == WSAECONNRESET) << end;
  EXPECT_LE(got.size(), large.size());
}

}  // namespace
