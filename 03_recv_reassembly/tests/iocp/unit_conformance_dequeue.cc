// Conformance, group "Dequeue", what one call returns: P6 P7 P8 P9 P10 and the order of packets of
// P11.
#include <array>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

TEST(Conformance, P6_TimeoutLeavesBytesAndKeyUntouched) {
  const Handle port = MakePort();
  for (const DWORD timeout : {0u, 15u}) {
    const Dequeued got = Dequeue(port, timeout);
    EXPECT_FALSE(got.ok);
    EXPECT_EQ(got.overlapped, nullptr);
    EXPECT_CODE(got.error, WAIT_TIMEOUT);
    EXPECT_EQ(got.bytes, kUntouched);
    EXPECT_EQ(got.key, kUntouchedKey);
  }
}

TEST(Conformance, P6_TimeoutIsWaitedFor) {
  const Handle port = MakePort();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(Dequeue(port, 60).timed_out());
  // One timer tick of Windows (16 ms) may be missing.
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(44));
}

TEST(Conformance, P7_SuccessLeavesTheLastErrorUntouched) {
  const Handle port = MakePort();
  OVERLAPPED overlapped{};
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 5, 6, &overlapped));
  DWORD bytes = 0;
  ULONG_PTR key = 0;
  OVERLAPPED* got = nullptr;
  SetLastError(4711);
  EXPECT_TRUE(GetQueuedCompletionStatus(port, &bytes, &key, &got, 0));
  EXPECT_CODE(GetLastError(), 4711);
  EXPECT_EQ(bytes, 5u);
  EXPECT_EQ(key, 6u);
  EXPECT_EQ(got, &overlapped);
}

TEST(Conformance, P7_PostedPacketReturnsExactlyWhatWasPosted) {
  const Handle port = MakePort();
  // The port never looks behind the pointer of a posted packet: any value passes.
  auto* const no_pointer = reinterpret_cast<OVERLAPPED*>(static_cast<ULONG_PTR>(0xDEAD0));
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0xFFFFFFFF, static_cast<ULONG_PTR>(-1), no_pointer));
  const Dequeued got = Dequeue(port, 0);
  EXPECT_TRUE(got.ok);
  EXPECT_EQ(got.bytes, 0xFFFFFFFFu);
  EXPECT_EQ(got.key, static_cast<ULONG_PTR>(-1));
  EXPECT_EQ(got.overlapped, no_pointer);
}

TEST(Conformance, P8_FailedOperationReturnsFalseWithItsOverlapped) {
  const Handle port = MakePort();
  Connection connection = Connect();
  Associate(port, connection.ours, 77);
  Operation receive;
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  ASSERT_TRUE(CancelIoEx(connection.ours.handle(), &receive)) << GetLastError();

  const Dequeued got = Dequeue(port);
  EXPECT_FALSE(got.ok);
  EXPECT_EQ(got.overlapped, &receive);
  EXPECT_EQ(got.key, 77u) << "the key is written for a failed operation too";
  EXPECT_EQ(got.bytes, 0u) << "and so is the byte count";
  EXPECT_CODE(got.error, ERROR_OPERATION_ABORTED);
}

TEST(Conformance, P8_ErrorComesFromTheNtStatusTable) {
  const Handle port = MakePort();
  Connection connection = Connect();
  Associate(port, connection.ours, 1);
  Operation receive;
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  connection.peer.Reset();
  const Dequeued got = Dequeue(port);
  EXPECT_FALSE(got.ok);
  EXPECT_EQ(got.overlapped, &receive);
  EXPECT_CODE(got.error, ERROR_NETNAME_DELETED) << "64 of the NT table, not winsock's 10054";

  // The same operation, asked for through winsock, answers from winsock's table.
  DWORD bytes = 0;
  DWORD flags = 0;
  EXPECT_FALSE(WSAGetOverlappedResult(connection.ours, &receive, &bytes, FALSE, &flags));
  EXPECT_CODE(WSAGetLastError(), WSAECONNRESET);
}

TEST(Conformance, P9_PostedNullOverlappedIsSuccess) {
  const Handle port = MakePort();
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 0, nullptr));
  const Dequeued got = Dequeue(port, 0);
  EXPECT_TRUE(got.ok);
  EXPECT_EQ(got.overlapped, nullptr);
  EXPECT_EQ(got.bytes, 0u);
  EXPECT_EQ(got.key, 0u);
}

TEST(Conformance, P10_ExReturnsWhatIsThereAndNeverWaitsToFillTheArray) {
  const Handle port = MakePort();
  std::array<OVERLAPPED, 3> overlapped{};
  for (std::size_t i = 0; i < overlapped.size(); ++i) {
    ASSERT_TRUE(PostQueuedCompletionStatus(port, static_cast<DWORD>(i), 100 + i, &overlapped[i]));
  }
  std::array<OVERLAPPED_ENTRY, 8> entries{};
  ULONG count = 0;
  ASSERT_TRUE(GetQueuedCompletionStatusEx(port, entries.data(), 8, &count, kDeadlineMs, FALSE));
  ASSERT_EQ(count, 3u);
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(entries[i].lpOverlapped, &overlapped[i]);
    EXPECT_EQ(entries[i].lpCompletionKey, 100 + i);
    EXPECT_EQ(entries[i].dwNumberOfBytesTransferred, i);
  }
}

TEST(Conformance, P10_ExTakesNoMoreThanTheArrayHolds) {
  const Handle port = MakePort();
  for (ULONG_PTR key = 1; key <= 5; ++key) {
    ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, key, nullptr));
  }
  std::array<OVERLAPPED_ENTRY, 2> entries{};
  std::vector<ULONG_PTR> keys;
  for (const ULONG expected : {2u, 2u, 1u}) {
    ULONG count = 0;
    ASSERT_TRUE(GetQueuedCompletionStatusEx(port, entries.data(), 2, &count, 0, FALSE));
    ASSERT_EQ(count, expected);
    for (ULONG i = 0; i < count; ++i) keys.push_back(entries[i].lpCompletionKey);
  }
  EXPECT_EQ(keys, (std::vector<ULONG_PTR>{1, 2, 3, 4, 5}));
}

TEST(Conformance, P10_ExReturnsTrueEvenIfTheOperationsFailed) {
  const Handle port = MakePort();
  Connection connection = Connect();
  Associate(port, connection.ours, 5);
  Operation receive;
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  ASSERT_TRUE(CancelIoEx(connection.ours.handle(), nullptr));

  std::array<OVERLAPPED_ENTRY, 4> entries{};
  ULONG count = 0;
  EXPECT_TRUE(GetQueuedCompletionStatusEx(port, entries.data(), 4, &count, kDeadlineMs, FALSE));
  ASSERT_EQ(count, 1u);
  EXPECT_EQ(entries[0].lpOverlapped, &receive);
  EXPECT_EQ(entries[0].lpCompletionKey, 5u);
  // STATUS_CANCELLED, in the entry and in the operation itself.
  EXPECT_EQ(static_cast<DWORD>(receive.Internal), 0xC0000120u);
  EXPECT_EQ(static_cast<DWORD>(entries[0].Internal), 0xC0000120u);
}

TEST(Conformance, P10_ExCountZeroIsInvalid) {
  const Handle port = MakePort();
  OVERLAPPED_ENTRY entry{};
  ULONG count = 4711;
  SetLastError(0);
  const BOOL ok = GetQueuedCompletionStatusEx(port, &entry, 0, &count, 0, FALSE);
  if (WineDiffers(
          "P10", "Wine 8 succeeds though the array has no room",
          "dlls/ntdll/unix/sync.c, NtRemoveIoCompletionEx: no look at the count; later Wine "
          "begins there with 'if (!count) return STATUS_INVALID_PARAMETER'")) {
    EXPECT_TRUE(ok);
    return;
  }
  EXPECT_FALSE(ok);
  EXPECT_CODE(GetLastError(), ERROR_INVALID_PARAMETER);
}

TEST(Conformance, P10_ExTimesOut) {
  const Handle port = MakePort();
  std::array<OVERLAPPED_ENTRY, 2> entries{};
  ULONG count = 0;
  for (const DWORD timeout : {0u, 15u}) {
    SetLastError(0);
    EXPECT_FALSE(GetQueuedCompletionStatusEx(port, entries.data(), 2, &count, timeout, FALSE));
    EXPECT_CODE(GetLastError(), WAIT_TIMEOUT);
  }
}

TEST(Conformance, P11_PacketsAreFirstInFirstOut) {
  const Handle port = MakePort();
  for (ULONG_PTR key = 0; key < 1000; ++key) {
    ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, key, nullptr));
  }
  for (ULONG_PTR key = 0; key < 1000; ++key) ASSERT_EQ(Dequeue(port, 0).key, key);
  EXPECT_TRUE(NothingQueued(port));
}

TEST(Conformance, P11_CompletionsAndPostsShareOneQueue) {
  const Handle port = MakePort();
  Connection connection = Connect();
  Associate(port, connection.ours, 2);
  SendAll(connection.peer, "now");
  ASSERT_TRUE(AwaitReadable(connection.ours, 3));

  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 1, nullptr));
  Operation receive;
  EXPECT_TRUE(Receive(connection.ours, &receive).done());
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 3, nullptr));
  for (ULONG_PTR key = 1; key <= 3; ++key) EXPECT_EQ(Dequeue(port).key, key);
}

}  // namespace
