// Conformance, group "Port": P1 P2 P3 P5. The ids are those of the port's conformance list.
#include <algorithm>
#include <memory>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

constexpr const char* kWineNoConcurrency =
    "Wine stores no concurrency limit: every waiter is woken for every packet";
constexpr const char* kWineCompletionSource =
    "Wine 8.0 server/completion.c, FIXMEs: '\"max concurrent active threads\" parameter not used'; "
    "Microsoft, CreateIoCompletionPort, NumberOfConcurrentThreads";

// Parks `waiters` threads, posts as many packets, and returns how many packets stayed in the queue
// because the limit of running threads was reached. The threads that got one stay running
// meanwhile.
std::size_t QueuedAtLimit(HANDLE port, std::size_t waiters) {
  std::vector<std::unique_ptr<Waiter>> threads;
  for (std::size_t i = 0; i < waiters; ++i) {
    threads.push_back(std::make_unique<Waiter>(port));
    EXPECT_TRUE(threads.back()->AwaitParked(i + 1));
  }
  for (std::size_t i = 0; i < waiters; ++i) {
    EXPECT_TRUE(PostQueuedCompletionStatus(port, 0, i, nullptr));
  }
  const std::size_t queued = QueuedPackets(port);
  // As threads end they leave the port, and the rest is released: nobody is forgotten.
  while (!threads.empty()) {
    EXPECT_TRUE(Eventually([&] {
      return std::any_of(threads.begin(), threads.end(), [](auto& t) { return t->returned(); });
    }));
    std::erase_if(threads, [](auto& thread) {
      if (!thread->returned()) return false;
      EXPECT_TRUE(thread->result().ok);
      thread->Finish();
      return true;
    });
  }
  return queued;
}

TEST(Conformance, P1_ConcurrencyZeroMeansNumberOfProcessors) {
  const std::size_t processors = std::thread::hardware_concurrency();
  const Handle port = MakePort(0);
  const std::size_t queued = QueuedAtLimit(port, processors + 2);
  if (WineDiffers("P1", kWineNoConcurrency, kWineCompletionSource)) return;
  EXPECT_EQ(queued, 2u) << processors << " processors";
}

TEST(Conformance, P1_ConcurrencyIsAsAsked) {
  const Handle port = MakePort(2);
  const std::size_t queued = QueuedAtLimit(port, 5);
  if (WineDiffers("P1", kWineNoConcurrency, kWineCompletionSource)) return;
  EXPECT_EQ(queued, 3u);
}

TEST(Conformance, P1_ConcurrencyIsIgnoredWhenAssociating) {
  const Handle port = MakePort(1);
  const Socket socket = MakeTcp();
  EXPECT_EQ(CreateIoCompletionPort(socket.handle(), port, 1, 5), port.get());
  const std::size_t queued = QueuedAtLimit(port, 3);
  if (WineDiffers("P1", kWineNoConcurrency, kWineCompletionSource)) return;
  EXPECT_EQ(queued, 2u) << "the limit of 1 must not have become 5";
}

TEST(Conformance, P2_AssociatingReturnsThePort) {
  const Handle port = MakePort();
  const Socket socket = MakeTcp();
  SetLastError(4711);
  EXPECT_EQ(CreateIoCompletionPort(socket.handle(), port, 7, 0), port.get());
}

TEST(Conformance, P2_CreatingAndAssociatingInOneCall) {
  Connection connection = Connect();
  const Handle port(CreateIoCompletionPort(connection.ours.handle(), nullptr, 42, 0));
  ASSERT_NE(port.get(), nullptr) << GetLastError();
  Operation receive;
  EXPECT_TRUE(Receive(connection.ours, &receive).pended());
  SendAll(connection.peer, "x");
  const Dequeued got = Dequeue(port);
  EXPECT_TRUE(got.ok);
  EXPECT_EQ(got.key, 42u);
  EXPECT_EQ(got.overlapped, &receive);
}

TEST(Conformance, P2_SecondAssociationIsAnError) {
  const Handle port = MakePort();
  const Handle other_port = MakePort();
  const Socket socket = MakeTcp();
  Associate(port, socket, 1);

  SetLastError(0);
  EXPECT_EQ(CreateIoCompletionPort(socket.handle(), port, 2, 0), nullptr);
  EXPECT_CODE(GetLastError(), ERROR_INVALID_PARAMETER);
  SetLastError(0);
  EXPECT_EQ(CreateIoCompletionPort(socket.handle(), other_port, 2, 0), nullptr);
  EXPECT_CODE(GetLastError(), ERROR_INVALID_PARAMETER);
}

TEST(Conformance, P2_KeyOfTheFirstAssociationStays) {
  const Handle port = MakePort();
  Connection connection = Connect();
  Associate(port, connection.ours, 11);
  EXPECT_EQ(CreateIoCompletionPort(connection.ours.handle(), port, 22, 0), nullptr);
  Operation receive;
  EXPECT_TRUE(Receive(connection.ours, &receive).pended());
  SendAll(connection.peer, "x");
  EXPECT_EQ(Dequeue(port).key, 11u);
}

TEST(Conformance, P2_NonOverlappedSocketIsRefused) {
  const Handle port = MakePort();
  const Socket blocking(WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, 0));
  ASSERT_NE(blocking.get(), INVALID_SOCKET);
  SetLastError(0);
  EXPECT_EQ(CreateIoCompletionPort(blocking.handle(), port, 1, 0), nullptr);
  EXPECT_CODE(GetLastError(), ERROR_INVALID_PARAMETER);
}

TEST(Conformance, P2_AssociationLastsUntilTheHandleCloses) {
  Handle port = MakePort();
  const Handle next_port = MakePort();
  const Socket socket = MakeTcp();
  Associate(port, socket, 1);
  port.Close();
  SetLastError(0);
  EXPECT_EQ(CreateIoCompletionPort(socket.handle(), next_port, 1, 0), nullptr);
  EXPECT_CODE(GetLastError(), ERROR_INVALID_PARAMETER);
}

TEST(Conformance, P2_BadHandlesAreRefused) {
  const Handle port = MakePort();
  SetLastError(0);
  EXPECT_EQ(CreateIoCompletionPort(reinterpret_cast<HANDLE>(static_cast<ULONG_PTR>(0x7FFFFF4)),
                                   port, 1, 0),
            nullptr);
  EXPECT_CODE(GetLastError(), ERROR_INVALID_HANDLE);

  const Socket socket = MakeTcp();
  const Handle event = MakeEvent();
  SetLastError(0);
  EXPECT_EQ(CreateIoCompletionPort(socket.handle(), event, 1, 0), nullptr) << "an event is no port";
  EXPECT_CODE(GetLastError(), ERROR_INVALID_HANDLE);
}

TEST(Conformance, P3_AssociatingAfterIssuingStillRoutesThePacket) {
  const Handle port = MakePort();
  Connection connection = Connect();
  Operation receive;
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  Associate(port, connection.ours, 33);
  SendAll(connection.peer, "late");

  const Dequeued got = Dequeue(port);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(got.overlapped, &receive);
  EXPECT_EQ(got.key, 33u);
  EXPECT_EQ(receive.bytes(got.bytes), "late");
}

TEST(Conformance, P3_PacketsBeforeTheAssociationAreNotQueued) {
  const Handle port = MakePort();
  Connection connection = Connect();
  Operation first;
  ASSERT_TRUE(Receive(connection.ours, &first).pended());
  SendAll(connection.peer, "early");
  ASSERT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&first); }));
  Associate(port, connection.ours, 33);
  EXPECT_TRUE(NothingQueued(port));
}

TEST(Conformance, P5_AssociatedHandleKeepsThePortObjectAlive) {
  Handle port = MakePort();
  Connection connection = Connect();
  Associate(port, connection.ours, 1);
  Operation receive;
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  port.Close();

  // The handle is gone, the object is not: the operation completes into it and reports its result.
  SendAll(connection.peer, "alive");
  ASSERT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&receive); }));
  DWORD bytes = 0;
  DWORD flags = 0;
  EXPECT_TRUE(WSAGetOverlappedResult(connection.ours, &receive, &bytes, FALSE, &flags));
  EXPECT_EQ(bytes, 5u);

  // And operations issued afterwards still work.
  Operation again;
  SendAll(connection.peer, "more");
  ASSERT_TRUE(AwaitReadable(connection.ours, 4));
  const Issued issued = Receive(connection.ours, &again);
  EXPECT_TRUE(issued.done() || issued.pended()) << issued.error;
  ASSERT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&again); }));
  EXPECT_EQ(again.bytes(4), "more");
}

}  // namespace
