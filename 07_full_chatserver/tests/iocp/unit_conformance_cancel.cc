// Conformance, group "Operations": CancelIoEx. P31.
#include <algorithm>
#include <memory>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

TEST(Conformance, P31_CancelOneOperation) {
  const Handle port = MakePort();
  Connection connection = Connect();
  Associate(port, connection.ours, 4);
  Operation first;
  Operation second;
  ASSERT_TRUE(Receive(connection.ours, &first).pended());
  ASSERT_TRUE(Receive(connection.ours, &second).pended());
  EXPECT_TRUE(CancelIoEx(connection.ours.handle(), &second));
  Dequeued got = Dequeue(port);
  EXPECT_FALSE(got.ok);
  EXPECT_EQ(got.overlapped, &second);
  EXPECT_EQ(got.bytes, 0u);
  EXPECT_CODE(got.error, ERROR_OPERATION_ABORTED);
  EXPECT_TRUE(NothingQueued(port)) << "the first goes on";

  SendAll(connection.peer, "abc");
  got = Dequeue(port);
  EXPECT_TRUE(got.ok);
  EXPECT_EQ(got.overlapped, &first);
  EXPECT_EQ(first.bytes(got.bytes), "abc") << "the cancelled one took no data";
}

TEST(Conformance, P31_CancelAllOperationsOfAHandle) {
  const Handle port = MakePort();
  Connection connection = Connect();
  Connection other = Connect();
  Associate(port, connection.ours, 4);
  Associate(port, other.ours, 5);
  std::vector<Operation> receives(4);
  for (Operation& receive : receives) ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  Operation bystander;
  ASSERT_TRUE(Receive(other.ours, &bystander).pended());

  EXPECT_TRUE(CancelIoEx(connection.ours.handle(), nullptr));
  std::vector<OVERLAPPED*> seen;
  for (std::size_t i = 0; i < receives.size(); ++i) {
    const Dequeued got = Dequeue(port);
    EXPECT_FALSE(got.ok);
    EXPECT_EQ(got.key, 4u);
    EXPECT_CODE(got.error, ERROR_OPERATION_ABORTED);
    seen.push_back(got.overlapped);
  }
  for (Operation& receive : receives) {
    EXPECT_EQ(std::count(seen.begin(), seen.end(), &receive), 1);
  }
  EXPECT_TRUE(NothingQueued(port));
  EXPECT_FALSE(HasOverlappedIoCompleted(&bystander));
  SendAll(other.peer, "x");
  EXPECT_EQ(Dequeue(port).overlapped, &bystander);
}

TEST(Conformance, P31_NothingPendingIsNotFound) {
  const Handle port = MakePort();
  Connection connection = Connect();
  Associate(port, connection.ours, 4);
  SetLastError(0);
  const BOOL found_any = CancelIoEx(connection.ours.handle(), nullptr);
  if (WineDiffers("P31",
                  "Wine answers TRUE for a handle without operations when no operation is named",
                  "Wine 8.0 server/async.c, request cancel_async: STATUS_NOT_FOUND only if an "
                  "operation is named; Microsoft, CancelIoEx, Return value: no request to cancel "
                  "is ERROR_NOT_FOUND")) {
    EXPECT_TRUE(found_any);
  } else {
    EXPECT_FALSE(found_any);
    EXPECT_CODE(GetLastError(), ERROR_NOT_FOUND);
  }

  Operation never_issued;
  SetLastError(0);
  EXPECT_FALSE(CancelIoEx(connection.ours.handle(), &never_issued));
  EXPECT_CODE(GetLastError(), ERROR_NOT_FOUND);

  Operation receive;
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  SendAll(connection.peer, "x");
  ASSERT_EQ(Dequeue(port).overlapped, &receive);
  SetLastError(0);
  EXPECT_FALSE(CancelIoEx(connection.ours.handle(), &receive)) << "it completed before";
  EXPECT_CODE(GetLastError(), ERROR_NOT_FOUND);
  EXPECT_TRUE(NothingQueued(port));
}

TEST(Conformance, P31_CancelFromAnotherThread) {
  const Handle port = MakePort();
  Connection connection = Connect();
  Associate(port, connection.ours, 4);
  Operation receive;
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  BOOL cancelled = FALSE;
  std::thread([&] { cancelled = CancelIoEx(connection.ours.handle(), nullptr); }).join();
  EXPECT_TRUE(cancelled) << "CancelIoEx reaches operations of every thread";
  EXPECT_EQ(Dequeue(port).overlapped, &receive);
}

TEST(Conformance, P31_BadHandle) {
  Connection connection = Connect();
  const HANDLE closed = connection.ours.handle();
  connection.ours.Close();
  SetLastError(0);
  EXPECT_FALSE(CancelIoEx(closed, nullptr));
  EXPECT_CODE(GetLastError(), ERROR_INVALID_HANDLE);
}

// Data and the cancel race: whoever wins, there is one packet, and no byte is lost or read twice.
TEST(Conformance, P31_CancelRacesWithDataAndExactlyOnePacketFollows) {
  const Handle port = MakePort();
  Connection connection = Connect();
  Associate(port, connection.ours, 4);
  const int rounds = RunningUnderWine() ? 50 : 400;
  std::atomic<int> send_now{0};
  std::thread peer([&] {
    for (int round = 1; round <= rounds; ++round) {
      while (send_now.load() < round) std::this_thread::yield();
      SendAll(connection.peer, "d");
    }
  });
  int received = 0;
  int cancelled = 0;
  for (int round = 1; round <= rounds; ++round) {
    Operation receive;
    const Issued issued = Receive(connection.ours, &receive, 1);
    ASSERT_TRUE(issued.pended() || issued.done()) << issued.error;
    send_now.store(round);
    if (round % 2 == 0) std::this_thread::yield();
    CancelIoEx(connection.ours.handle(), &receive);
    const Dequeued got = Dequeue(port);
    ASSERT_EQ(got.overlapped, &receive);
    if (got.ok) {
      ASSERT_EQ(got.bytes, 1u);
      ++received;
    } else {
      ASSERT_CODE(got.error, ERROR_OPERATION_ABORTED);
      ++cancelled;
    }
    ASSERT_TRUE(NothingQueued(port));
  }
  peer.join();
  EXPECT_EQ(received + cancelled, rounds);
  // What the cancelled operations did not read is still there, all of it.
  if (cancelled > 0) {
    EXPECT_EQ(ReceiveExactly(connection.ours, static_cast<std::size_t>(rounds - received)),
              std::string(static_cast<std::size_t>(rounds - received), 'd'));
  }
}

}  // namespace
