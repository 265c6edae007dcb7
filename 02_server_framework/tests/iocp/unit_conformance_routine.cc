// Conformance: completion routines, CancelIo, GetOverlappedResultEx, SO_CONNECT_TIME, and what the
// rest of the list says of the handle's own event.
#include <atomic>
#include <string>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

// What a routine was called with.
struct Routine : Operation {
  int calls = 0;  // the issuing thread only, like the others
  DWORD error = kUntouched;
  DWORD bytes_moved = kUntouched;
  DWORD thread = 0;
};

void CALLBACK OnCompletion(DWORD error, DWORD bytes, LPWSAOVERLAPPED overlapped, DWORD) {
  auto* const self = static_cast<Routine*>(overlapped);
  ++self->calls;
  self->error = error;
  self->bytes_moved = bytes;
  self->thread = GetCurrentThreadId();
}

int ReceiveWith(SOCKET socket, Routine* routine) {
  WSABUF buffer{sizeof routine->buffer, routine->buffer};
  DWORD flags = 0;
  return WSARecv(socket, &buffer, 1, nullptr, &flags, routine, &OnCompletion);
}

TEST(Conformance, P125_ARoutineRunsInTheIssuingThreadWhenItWaitsAlertably) {
  const Connection connection = Connect();
  Routine receive;
  ASSERT_EQ(ReceiveWith(connection.ours, &receive), SOCKET_ERROR);
  ASSERT_CODE(WSAGetLastError(), WSA_IO_PENDING);
  std::thread other([&] {
    SendAll(connection.peer, "hello");
    EXPECT_CODE(SleepEx(50, TRUE), 0) << "not this thread's";
  });
  other.join();
  ASSERT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&receive); }));
  EXPECT_EQ(receive.calls, 0) << "the thread has not waited alertably yet";
  EXPECT_CODE(SleepEx(kDeadlineMs, TRUE), WAIT_IO_COMPLETION);
  EXPECT_EQ(receive.calls, 1);
  EXPECT_CODE(receive.error, 0);
  EXPECT_EQ(receive.bytes_moved, 5u);
  EXPECT_EQ(receive.bytes(5), "hello");
  EXPECT_EQ(receive.thread, GetCurrentThreadId());
}

TEST(Conformance, P125_ARoutineFollowsAnImmediateSuccessToo) {
  const Connection connection = Connect();
  Routine send;
  WSABUF buffer{3, const_cast<char*>("abc")};
  ASSERT_EQ(WSASend(connection.ours, &buffer, 1, nullptr, 0, &send, &OnCompletion), 0);
  EXPECT_EQ(send.calls, 0);
  EXPECT_CODE(SleepEx(0, TRUE), WAIT_IO_COMPLETION);
  EXPECT_EQ(send.calls, 1);
  EXPECT_EQ(send.bytes_moved, 3u);
  EXPECT_EQ(ReceiveExactly(connection.peer, 3), "abc");
}

TEST(Conformance, P125_ARoutineRunsForASocketThatBlocks) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Socket ours(WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, 0));
  ASSERT_EQ(connect(ours, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const Socket peer(accept(listener, nullptr, nullptr));
  SendAll(peer, "now");
  Routine receive;
  ASSERT_EQ(ReceiveWith(ours, &receive), 0) << WSAGetLastError();
  EXPECT_EQ(receive.calls, 0);
  EXPECT_CODE(SleepEx(0, TRUE), WAIT_IO_COMPLETION);
  EXPECT_EQ(receive.calls, 1);
  EXPECT_EQ(receive.bytes_moved, 3u);
}

TEST(Conformance, P125_ARoutineIsToldOfCancelAndOfTheEnd) {
  Connection connection = Connect();
  Routine receive;
  ASSERT_EQ(ReceiveWith(connection.ours, &receive), SOCKET_ERROR);
  ASSERT_TRUE(CancelIoEx(connection.ours.handle(), &receive));
  ASSERT_CODE(SleepEx(kDeadlineMs, TRUE), WAIT_IO_COMPLETION);
  EXPECT_EQ(receive.calls, 1);
  EXPECT_CODE(receive.error, WSA_OPERATION_ABORTED);
  EXPECT_EQ(receive.bytes_moved, 0u);
  receive.Clear();
  ASSERT_EQ(ReceiveWith(connection.ours, &receive), SOCKET_ERROR);
  connection.peer.Close();
  ASSERT_CODE(SleepEx(kDeadlineMs, TRUE), WAIT_IO_COMPLETION);
  EXPECT_EQ(receive.calls, 2);
  EXPECT_CODE(receive.error, 0);
  EXPECT_EQ(receive.bytes_moved, 0u);
}

TEST(Conformance, P125_NoRoutineWithAPort) {
  const Associated associated;
  Routine receive;
  EXPECT_EQ(ReceiveWith(associated.ours(), &receive), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAEINVAL);
}

TEST(Conformance, P125_AnImmediateFailureCallsNoRoutine) {
  const Connection connection = Connect();
  ASSERT_EQ(shutdown(connection.ours, SD_RECEIVE), 0);
  Routine receive;
  EXPECT_EQ(ReceiveWith(connection.ours, &receive), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAESHUTDOWN);
  EXPECT_CODE(SleepEx(20, TRUE), 0);
  EXPECT_EQ(receive.calls, 0);
}

// A routine that issues the next operation, as every program with routines does.
struct Echo : Operation {
  SOCKET socket = INVALID_SOCKET;
  std::string seen;
};

void CALLBACK OnEchoReceived(DWORD error, DWORD bytes, LPWSAOVERLAPPED overlapped, DWORD) {
  auto* const echo = static_cast<Echo*>(overlapped);
  if (error != 0 || bytes == 0) {
    echo->seen += '.';
    return;
  }
  echo->seen += echo->bytes(bytes);
  SendAll(echo->socket, echo->bytes(bytes));
  echo->Clear();
  WSABUF buffer{sizeof echo->buffer, echo->buffer};
  DWORD flags = 0;
  WSARecv(echo->socket, &buffer, 1, nullptr, &flags, echo, &OnEchoReceived);
}

TEST(Conformance, P125_ARoutineMayIssueTheNextOperation) {
  Connection connection = Connect();
  std::thread client([&] {
    for (int i = 0; i < 100; ++i) {
      SendAll(connection.peer, "x");
      EXPECT_EQ(ReceiveExactly(connection.peer, 1), "x");
    }
    shutdown(connection.peer, SD_SEND);
  });
  Echo echo;
  echo.socket = connection.ours;
  WSABUF buffer{sizeof echo.buffer, echo.buffer};
  DWORD flags = 0;
  WSARecv(echo.socket, &buffer, 1, nullptr, &flags, &echo, &OnEchoReceived);
  while (echo.seen.empty() || echo.seen.back() != '.') {
    ASSERT_CODE(SleepEx(kDeadlineMs, TRUE), WAIT_IO_COMPLETION);
  }
  client.join();
  std::string expected(100, 'x');
  expected += '.';
  EXPECT_EQ(echo.seen, expected);
}

// --- CancelIo ----------------------------------------------------------------------------------------

TEST(Conformance, P126_CancelIoCancelsWhatThisThreadHasIssued) {
  const Associated associated;
  Operation mine;
  Operation others;
  ASSERT_TRUE(Receive(associated.ours(), &mine).pended());
  std::atomic<bool> issued{false};
  std::atomic<bool> end{false};
  std::thread other([&] {
    EXPECT_TRUE(Receive(associated.ours(), &others).pended());
    issued = true;
    EXPECT_TRUE(Eventually([&] { return end.load(); }));
  });
  ASSERT_TRUE(Eventually([&] { return issued.load(); }));
  EXPECT_TRUE(CancelIo(associated.connection.ours.handle()));
  const Dequeued got = Dequeue(associated.port);
  EXPECT_EQ(got.overlapped, &mine);
  EXPECT_CODE(got.error, ERROR_OPERATION_ABORTED);
  EXPECT_FALSE(HasOverlappedIoCompleted(&others));
  EXPECT_TRUE(CancelIo(associated.connection.ours.handle())) << "nothing left is no failure";
  SendAll(associated.peer(), "abc");
  EXPECT_EQ(Dequeue(associated.port).overlapped, &others);
  end = true;
  other.join();
  EXPECT_FALSE(CancelIo(nullptr));
  EXPECT_CODE(GetLastError(), ERROR_INVALID_HANDLE);
}

// --- GetOverlappedResultEx ---------------------------------------------------------------------------

VOID CALLBACK Count(ULONG_PTR counter) {
  ++*reinterpret_cast<int*>(counter);
}

TEST(Conformance, P124_GetOverlappedResultExHasALimit) {
  const Connection connection = Connect();
  const HANDLE file = connection.ours.handle();
  const Handle event = MakeEvent();
  Operation receive;
  receive.hEvent = event;
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  DWORD bytes = kUntouched;
  EXPECT_FALSE(GetOverlappedResultEx(file, &receive, &bytes, 0, FALSE));
  EXPECT_CODE(GetLastError(), ERROR_IO_INCOMPLETE);
  EXPECT_FALSE(GetOverlappedResultEx(file, &receive, &bytes, 20, FALSE));
  EXPECT_CODE(GetLastError(), WAIT_TIMEOUT);
  int calls = 0;
  QueueUserAPC(&Count, GetCurrentThread(), reinterpret_cast<ULONG_PTR>(&calls));
  EXPECT_FALSE(GetOverlappedResultEx(file, &receive, &bytes, kDeadlineMs, TRUE));
  EXPECT_CODE(GetLastError(), WAIT_IO_COMPLETION);
  EXPECT_EQ(calls, 1);
  std::thread sender([&] { SendAll(connection.peer, "abcd"); });
  EXPECT_TRUE(GetOverlappedResultEx(file, &receive, &bytes, kDeadlineMs, FALSE));
  EXPECT_EQ(bytes, 4u);
  sender.join();
}

// --- SO_CONNECT_TIME ---------------------------------------------------------------------------------

DWORD ConnectTime(SOCKET socket) {
  DWORD seconds = 0;
  int length = sizeof seconds;
  EXPECT_EQ(
      getsockopt(socket, SOL_SOCKET, SO_CONNECT_TIME, reinterpret_cast<char*>(&seconds), &length),
      0)
      << WSAGetLastError();
  return seconds;
}

TEST(Conformance, P128_ConnectTimeOfAClientThatSendsNothing) {
  const Handle port = MakePort();
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  Associate(port, listener, 1);
  const Socket acceptor = MakeTcp();
  EXPECT_EQ(ConnectTime(acceptor), 0xFFFFFFFFu) << "not connected";
  constexpr DWORD kRoom = sizeof(sockaddr_in) + 16;
  char output[64 + 2 * kRoom];
  Operation accept;
  DWORD bytes = 0;
  ASSERT_FALSE(AcceptEx(listener, acceptor, output, 64, kRoom, kRoom, &bytes, &accept));
  ASSERT_CODE(WSAGetLastError(), ERROR_IO_PENDING);
  const Socket client = MakeTcp();
  ASSERT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_TRUE(Eventually([&] { return ConnectTime(acceptor) != 0xFFFFFFFF; }));
  EXPECT_FALSE(HasOverlappedIoCompleted(&accept)) << "idle: this is whom a server would close";
  ASSERT_TRUE(Eventually([&] { return ConnectTime(acceptor) >= 1; }));
  EXPECT_LT(ConnectTime(acceptor), 20u);
  SendAll(client, "at last");
  EXPECT_EQ(Dequeue(port).bytes, 7u);
}

// --- the handle itself -------------------------------------------------------------------------------

bool IsSet(HANDLE handle) {
  return WaitForSingleObject(handle, 0) == static_cast<DWORD>(WAIT_OBJECT_0);
}

TEST(Conformance, P127_TheHandleIsSetAtTheEndOfAnOperationWithoutEvent) {
  const Connection connection = Connect();
  const HANDLE handle = connection.ours.handle();
  Operation receive;
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  EXPECT_FALSE(IsSet(handle));
  std::thread sender([&] { SendAll(connection.peer, "abc"); });
  EXPECT_CODE(WaitForSingleObject(handle, kDeadlineMs), WAIT_OBJECT_0);
  sender.join();
  EXPECT_TRUE(HasOverlappedIoCompleted(&receive));
  EXPECT_TRUE(IsSet(handle)) << "until the next operation begins";
  Operation next;
  ASSERT_TRUE(Receive(connection.ours, &next).pended());
  EXPECT_FALSE(IsSet(handle));
  ASSERT_TRUE(CancelIoEx(handle, &next));
  EXPECT_CODE(WaitForSingleObject(handle, kDeadlineMs), WAIT_OBJECT_0);
}

TEST(Conformance, P127_AnEventIsSetInsteadOfTheHandle) {
  const Connection connection = Connect();
  const Handle event = MakeEvent();
  Operation receive;
  receive.hEvent = event;
  ASSERT_TRUE(Receive(connection.ours, &receive).pended());
  EXPECT_FALSE(IsSet(connection.ours.handle()));
  SendAll(connection.peer, "abc");
  ASSERT_CODE(WaitForSingleObject(event, kDeadlineMs), WAIT_OBJECT_0);
  EXPECT_FALSE(IsSet(connection.ours.handle()));
}

TEST(Conformance, P127_SkipSetEventOnHandle) {
  const Connection connection = Connect();
  const HANDLE handle = connection.ours.handle();
  ASSERT_TRUE(SetFileCompletionNotificationModes(handle, FILE_SKIP_SET_EVENT_ON_HANDLE));
  const Handle event = MakeEvent();
  for (const HANDLE given : {HANDLE{nullptr}, event.get()}) {
    Operation receive;
    receive.hEvent = given;
    ASSERT_TRUE(Receive(connection.ours, &receive).pended());
    SendAll(connection.peer, "abc");
    ASSERT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&receive); }));
    EXPECT_CODE(WaitForSingleObject(handle, 20), WAIT_TIMEOUT);
  }
  EXPECT_TRUE(IsSet(event)) << "an event of the operation's own is set all the same";
}

}  // namespace
