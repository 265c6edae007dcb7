// Conformance: events, waits and APCs. P19, and the part of the subset that has no number
// (CreateEventW, WaitForSingleObject(Ex), SleepEx, QueueUserAPC).
#include "tests/support/test_support.h"

namespace {

using namespace course_test;

bool IsSet(HANDLE event) {
  return WaitForSingleObject(event, 0) == static_cast<DWORD>(WAIT_OBJECT_0);
}

TEST(Conformance, P19_EventIsResetAtIssueAndSetAtCompletion) {
  const Connection connection = Connect();
  const Handle event = MakeEvent(true, true);
  Operation receive;
  receive.hEvent = event;
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  EXPECT_FALSE(IsSet(event)) << "reset when the operation was issued";
  SendAll(connection.peer, "abc");
  EXPECT_CODE(WaitForSingleObject(event, kDeadlineMs), WAIT_OBJECT_0);
  DWORD bytes = 0;
  DWORD flags = 0;
  EXPECT_TRUE(WSAGetOverlappedResult(connection.ours, &receive, &bytes, FALSE, &flags));
  EXPECT_EQ(bytes, 3u);
}

TEST(Conformance, P19_EventIsSetForAnImmediateCompletionToo) {
  const Connection connection = Connect();
  const Handle event = MakeEvent();
  SendAll(connection.peer, "abc");
  ASSERT_TRUE(AwaitReadable(connection.ours, 3));
  Operation receive;
  receive.hEvent = event;
  ASSERT_TRUE(Receive(connection.ours, &receive).done());
  EXPECT_CODE(WaitForSingleObject(event, kDeadlineMs), WAIT_OBJECT_0);
}

TEST(Conformance, P19_EventAndPacketBothCome) {
  const Handle port = MakePort();
  const Connection connection = Connect();
  Associate(port, connection.ours, 1);
  const Handle event = MakeEvent();
  Operation receive;
  receive.hEvent = event;
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  SendAll(connection.peer, "abc");
  EXPECT_CODE(WaitForSingleObject(event, kDeadlineMs), WAIT_OBJECT_0)
      << "must fire though no thread dequeues";
  EXPECT_EQ(Dequeue(port).overlapped, &receive);
}

TEST(Conformance, P19_LowBitSetMeansEventAndNoPacket) {
  const Handle port = MakePort();
  const Connection connection = Connect();
  Associate(port, connection.ours, 1);
  const Handle event = MakeEvent();
  Operation receive;
  receive.hEvent = reinterpret_cast<HANDLE>(reinterpret_cast<ULONG_PTR>(event.get()) | 1);
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  SendAll(connection.peer, "abc");
  EXPECT_CODE(WaitForSingleObject(event, kDeadlineMs), WAIT_OBJECT_0);
  EXPECT_EQ(receive.InternalHigh, 3u);
  EXPECT_TRUE(NothingQueued(port));

  // The same for one that completes at once.
  SendAll(connection.peer, "abc");
  ASSERT_TRUE(AwaitReadable(connection.ours, 3));
  receive.Internal = 0;
  ASSERT_TRUE(Receive(connection.ours, &receive).done());
  EXPECT_CODE(WaitForSingleObject(event, kDeadlineMs), WAIT_OBJECT_0);
  EXPECT_TRUE(NothingQueued(port));
}

TEST(Conformance, P19_CancelAndFailureSetTheEvent) {
  const Connection connection = Connect();
  const Handle event = MakeEvent();
  Operation receive;
  receive.hEvent = event;
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  ASSERT_TRUE(CancelIoEx(connection.ours.handle(), &receive));
  EXPECT_CODE(WaitForSingleObject(event, kDeadlineMs), WAIT_OBJECT_0);
  DWORD bytes = 1;
  DWORD flags = 0;
  EXPECT_FALSE(WSAGetOverlappedResult(connection.ours, &receive, &bytes, FALSE, &flags));
  EXPECT_CODE(WSAGetLastError(), WSA_OPERATION_ABORTED);
}

TEST(Conformance, P19_GetOverlappedResultWaits) {
  Connection connection = Connect();
  const Handle event = MakeEvent();
  Operation receive;
  receive.hEvent = event;
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  std::atomic<bool> about_to_wait{false};
  std::thread peer([&] {
    EXPECT_TRUE(Eventually([&] { return about_to_wait.load(); }));
    SendAll(connection.peer, "later");
  });
  about_to_wait.store(true);
  DWORD bytes = 0;
  DWORD flags = 0;
  EXPECT_TRUE(WSAGetOverlappedResult(connection.ours, &receive, &bytes, TRUE, &flags));
  EXPECT_EQ(bytes, 5u);
  peer.join();
}

TEST(Conformance, P144_WithoutAFileTheEventIsWaitedFor) {
  const Handle event = MakeEvent(true, true);
  OVERLAPPED operation{};
  operation.hEvent = event;
  operation.Internal = static_cast<ULONG>(STATUS_PENDING);
  operation.InternalHigh = 0xABCD;
  DWORD bytes = kUntouched;
  EXPECT_FALSE(GetOverlappedResult(nullptr, &operation, &bytes, FALSE));
  EXPECT_CODE(GetLastError(), ERROR_IO_INCOMPLETE);
  EXPECT_TRUE(GetOverlappedResult(nullptr, &operation, &bytes, TRUE)) << GetLastError();
  EXPECT_EQ(bytes, 0xABCDu);
  operation.hEvent = nullptr;
  EXPECT_FALSE(GetOverlappedResult(nullptr, &operation, &bytes, TRUE)) << "nothing to wait for";
  EXPECT_CODE(GetLastError(), ERROR_INVALID_HANDLE);
  // A real one.
  const Connection connection = Connect();
  EXPECT_TRUE(ResetEvent(event));
  Operation receive;
  receive.hEvent = event;
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  SendAll(connection.peer, "later");
  EXPECT_TRUE(GetOverlappedResult(nullptr, &receive, &bytes, TRUE));
  EXPECT_EQ(receive.bytes(bytes), "later");
}

TEST(Events, ManualResetStaysSetAutoResetReleasesOne) {
  const Handle manual = MakeEvent(true);
  EXPECT_FALSE(IsSet(manual));
  EXPECT_TRUE(SetEvent(manual));
  EXPECT_TRUE(IsSet(manual));
  EXPECT_TRUE(IsSet(manual));
  EXPECT_TRUE(ResetEvent(manual));
  EXPECT_FALSE(IsSet(manual));

  const Handle automatic = MakeEvent(false);
  EXPECT_TRUE(SetEvent(automatic));
  EXPECT_TRUE(SetEvent(automatic)) << "setting twice is setting once";
  EXPECT_TRUE(IsSet(automatic));
  EXPECT_FALSE(IsSet(automatic));
}

TEST(Events, SetWakesEveryWaiterOfAManualResetEvent) {
  const Handle event = MakeEvent(true);
  std::atomic<int> woken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      if (WaitForSingleObject(event, kDeadlineMs) == static_cast<DWORD>(WAIT_OBJECT_0)) ++woken;
    });
  }
  SetEvent(event);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(woken.load(), 4);
}

TEST(Events, AutoResetEventHandsOutEachSetOnce) {
  const Handle event = MakeEvent(false);
  std::atomic<int> woken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      if (WaitForSingleObject(event, kDeadlineMs) == static_cast<DWORD>(WAIT_OBJECT_0)) ++woken;
    });
  }
  for (int i = 1; i <= 4; ++i) {
    SetEvent(event);
    ASSERT_TRUE(Eventually([&] { return woken.load() >= i; }));
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(woken.load(), 4);
  EXPECT_FALSE(IsSet(event));
}

TEST(Events, BadHandlesAreRefused) {
  Handle event = MakeEvent();
  const HANDLE closed = event;
  event.Close();
  SetLastError(0);
  EXPECT_FALSE(SetEvent(closed));
  EXPECT_CODE(GetLastError(), ERROR_INVALID_HANDLE);
  SetLastError(0);
  EXPECT_EQ(WaitForSingleObject(closed, 0), static_cast<DWORD>(WAIT_FAILED));
  EXPECT_CODE(GetLastError(), ERROR_INVALID_HANDLE);
}

TEST(Apc, RunsOnlyInAnAlertableWait) {
  static std::atomic<ULONG_PTR> ran;
  ran = 0;
  const Handle self(OpenThread(THREAD_SET_CONTEXT, FALSE, GetCurrentThreadId()));
  ASSERT_NE(self.get(), nullptr) << GetLastError();
  ASSERT_NE(QueueUserAPC([](ULONG_PTR value) { ran += value; }, self, 5), DWORD{0});
  EXPECT_CODE(SleepEx(0, FALSE), 0);
  EXPECT_EQ(ran.load(), 0u) << "a plain sleep runs none";
  EXPECT_CODE(SleepEx(kDeadlineMs, TRUE), WAIT_IO_COMPLETION);
  EXPECT_EQ(ran.load(), 5u);
  EXPECT_CODE(SleepEx(0, TRUE), 0);
}

TEST(Apc, RunInOrderAllInOneWait) {
  static std::vector<ULONG_PTR> order;
  order.clear();
  const Handle self(OpenThread(THREAD_SET_CONTEXT, FALSE, GetCurrentThreadId()));
  for (ULONG_PTR i = 1; i <= 3; ++i) {
    QueueUserAPC([](ULONG_PTR value) { order.push_back(value); }, self, i);
  }
  const Handle event = MakeEvent();
  EXPECT_CODE(WaitForSingleObjectEx(event, kDeadlineMs, TRUE), WAIT_IO_COMPLETION);
  EXPECT_EQ(order, (std::vector<ULONG_PTR>{1, 2, 3}));
}

TEST(Apc, WakesAThreadThatWaitsAlertably) {
  static std::atomic<DWORD> ran_on;
  ran_on = 0;
  std::atomic<DWORD> thread_id{0};
  DWORD result = 0;
  const Handle never = MakeEvent();
  std::thread waiter([&] {
    thread_id = GetCurrentThreadId();
    result = WaitForSingleObjectEx(never, kDeadlineMs, TRUE);
  });
  ASSERT_TRUE(Eventually([&] { return thread_id.load() != 0; }));
  const Handle thread(OpenThread(THREAD_SET_CONTEXT, FALSE, thread_id));
  ASSERT_NE(thread.get(), nullptr);
  EXPECT_NE(QueueUserAPC([](ULONG_PTR) { ran_on = GetCurrentThreadId(); }, thread, 0), DWORD{0});
  waiter.join();
  EXPECT_CODE(result, WAIT_IO_COMPLETION);
  EXPECT_EQ(ran_on.load(), thread_id.load());
}

TEST(Apc, EndsAnAlertableDequeue) {
  static std::atomic<int> ran;
  ran = 0;
  const Handle port = MakePort();
  const Handle self(OpenThread(THREAD_SET_CONTEXT, FALSE, GetCurrentThreadId()));
  QueueUserAPC([](ULONG_PTR) { ++ran; }, self, 0);
  OVERLAPPED_ENTRY entry{};
  ULONG count = 0;
  SetLastError(0);
  EXPECT_FALSE(GetQueuedCompletionStatusEx(port, &entry, 1, &count, kDeadlineMs, TRUE));
  EXPECT_CODE(GetLastError(), WAIT_IO_COMPLETION);
  EXPECT_EQ(ran.load(), 1);
}

}  // namespace
