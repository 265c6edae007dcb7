// What must hold at moments that only a replaced system call can bring about: a thread stopped just
// before a send, a connection that times out, connections that fail before they are accepted, a
// clock that passes a deadline between two looks. (Linux only.)
#ifndef _WIN32

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "iocp/inspect.h"
#include "iocp/linux/syscalls.h"
#include "tests/iocp/unit_fault_injection.h"
#include "tests/support/test_support.h"

namespace course_test {
namespace {

// --- a thread stopped before its send --------------------------------------------------------------------

std::atomic<int> g_stopped{0};  // 0: not yet, 1: a thread is stopped before a send, 2: it may go on

void StopBeforeSend() {
  int expected = 0;
  if (!g_stopped.compare_exchange_strong(expected, 1)) return;
  g_stopped.wait(1);
}

struct StopFirstSend : Replaced {
  StopFirstSend() : Replaced(Table()) { g_stopped = 0; }
  static iocp::SystemCalls Table() {
    iocp::SystemCalls table = Real();
    table.send = [](int fd, const void* data, size_t length, int flags) {
      StopBeforeSend();
      return Real().send(fd, data, length, flags);
    };
    return table;
  }
  static void GoOn() {
    g_stopped = 2;
    g_stopped.notify_all();
  }
};

TEST(SocketLife, P43_SendOfAnOldConnectionNeverReachesTheNewOne) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Handle port = MakePort();
  Associate(port, listener, 1);
  Connection old = ConnectThrough(listener);
  Associate(port, old.ours, 2);
  const StopFirstSend stop;
  Operation secret;
  std::thread sender([&] { Send(old.ours, &secret, "secret"); });
  ASSERT_TRUE(Eventually([] { return g_stopped == 1; }));

  const auto disconnect = ExtensionFunction<LPFN_DISCONNECTEX>(old.ours, WSAID_DISCONNECTEX);
  Operation disconnected;
  ASSERT_TRUE(disconnect(old.ours, &disconnected, TF_REUSE_SOCKET, 0) ||
              WSAGetLastError() == WSA_IO_PENDING)
      << WSAGetLastError();
  ASSERT_EQ(Dequeue(port).overlapped, &disconnected);
  Operation accepted;
  DWORD bytes = 0;
  AcceptEx(listener, old.ours, accepted.buffer, 0, kAddressRoom, kAddressRoom, &bytes, &accepted);
  const Socket client = MakeTcp();
  ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(Dequeue(port).overlapped, &accepted);
  // Descriptor numbers are used again at once: the old one must not be somebody else's meanwhile.
  const Connection bystander = ConnectThrough(listener);

  StopFirstSend::GoOn();
  sender.join();
  const Dequeued got = Dequeue(port);
  EXPECT_EQ(got.overlapped, &secret) << "the old send ends, once";
  if (got.ok) {
    EXPECT_EQ(ReceiveExactly(old.peer, 6), "secret") << "where it belongs";
  }
  char end = 0;
  EXPECT_EQ(recv(old.peer, &end, 1, 0), SOCKET_ERROR) << "the old connection was reset (P64)";
  EXPECT_TRUE(NothingQueued(port));
  SendAll(old.ours, "welcome");
  EXPECT_EQ(ReceiveExactly(client, 7), "welcome") << "and nothing before it";
  SendAll(bystander.ours, "hello");
  EXPECT_EQ(ReceiveExactly(bystander.peer, 5), "hello");
}

TEST(SocketLife, P43_ClosedSocketsDescriptorWaitsForItsLastUser) {
  Associated io;
  const StopFirstSend stop;
  Operation secret;
  std::thread sender([&] { Send(io.ours(), &secret, "secret"); });
  ASSERT_TRUE(Eventually([] { return g_stopped == 1; }));
  io.connection.ours.Close();
  const Connection next = Connect();
  StopFirstSend::GoOn();
  sender.join();
  EXPECT_EQ(Dequeue(io.port).overlapped, &secret);
  SendAll(next.peer, "a");
  EXPECT_EQ(ReceiveExactly(next.ours, 1), "a");
  SendAll(next.ours, "b");
  EXPECT_EQ(ReceiveExactly(next.peer, 1), "b");
}

// --- a connection that ends by time-out ------------------------------------------------------------------

std::atomic<int> g_timed_out{0};

TEST(SocketLife, P54_TimeOutOfAConnectionLatches) {
  Associated io;
  iocp::SystemCalls table = Real();
  table.recv = [](int fd, void* data, size_t length, int flags) -> ssize_t {
    // The kernel tells it once; afterwards it says 0, as after a FIN.
    if (g_timed_out.fetch_add(1) > 0) return 0;
    (void)fd, (void)data, (void)length, (void)flags;
    errno = ETIMEDOUT;
    return -1;
  };
  g_timed_out = 0;
  const Replaced replaced(table);
  Operation operation;
  for (int round = 0; round < 3; ++round) {
    const Issued issued = Receive(io.ours(), &operation);
    EXPECT_EQ(issued.result, SOCKET_ERROR) << "round " << round;
    EXPECT_CODE(issued.error, WSAETIMEDOUT) << "round " << round;
    char byte = 0;
    EXPECT_EQ(recv(io.ours(), &byte, 1, 0), SOCKET_ERROR);
    EXPECT_CODE(WSAGetLastError(), WSAETIMEDOUT) << "round " << round;
  }
  EXPECT_CODE(Send(io.ours(), &operation, "x").error, WSAETIMEDOUT);
  EXPECT_TRUE(NothingQueued(io.port));
}

// --- connections that fail before they are accepted --------------------------------------------------------

std::atomic<int> g_accept_errors_left{0};
std::atomic<int> g_accept_error{0};

TEST(SocketLife, P55_ConnectionsThatFailedBeforeTheAcceptAreNoMatter) {
  iocp::SystemCalls table = Real();
  table.accept4 = [](int fd, sockaddr* name, socklen_t* length, int flags) {
    if (g_accept_errors_left.fetch_sub(1) > 0) {
      errno = g_accept_error;
      return -1;
    }
    return Real().accept4(fd, name, length, flags);
  };
  for (const int error : {ECONNABORTED, EPROTO, EPERM, ENETDOWN, EHOSTUNREACH}) {
    SCOPED_TRACE(error);
    sockaddr_in address{};
    const Socket listener = MakeListener(&address);
    const Handle port = MakePort();
    Associate(port, listener, 1);
    const Socket client = MakeTcp();
    ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    g_accept_error = error;
    g_accept_errors_left = 1000;
    const Replaced replaced(table);
    const Socket acceptor = MakeTcp();
    Operation operation;
    DWORD bytes = 0;
    const BOOL ok = AcceptEx(listener, acceptor, operation.buffer, 0, kAddressRoom, kAddressRoom,
                             &bytes, &operation);
    ASSERT_TRUE(ok || WSAGetLastError() == WSA_IO_PENDING) << WSAGetLastError();
    const Dequeued got = Dequeue(port);
    EXPECT_TRUE(got.ok) << got.error;
    EXPECT_EQ(got.overlapped, &operation);

    const Socket second = MakeTcp();
    ASSERT_EQ(connect(second, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    g_accept_errors_left = 1000;
    const Socket accepted(accept(listener, nullptr, nullptr));
    EXPECT_NE(accepted.get(), INVALID_SOCKET) << WSAGetLastError();
  }
}

// --- a wait whose time is up between two looks at the clock ----------------------------------------------------

thread_local int t_looks = 0;

TEST(SocketLife, P70_WaitThatEndsBetweenTwoLooksAtTheClock) {
  for (int passes_at = 1; passes_at <= 4; ++passes_at) {
    static std::atomic<int> s_passes_at;
    s_passes_at = passes_at;
    iocp::SystemCalls table = Real();
    table.now = [] {
      const int look = ++t_looks;
      return Real().now() + (look > s_passes_at ? std::int64_t{3600} * 1'000'000'000 : 0);
    };
    const Handle event = MakeEvent(true, false);
    {
      const Replaced replaced(table);
      t_looks = 0;
      EXPECT_CODE(WaitForSingleObject(event, 1000), WAIT_TIMEOUT);
    }
    // A waiter left in the event's list is touched now (seen by AddressSanitizer, and by its
    // effect).
    EXPECT_TRUE(SetEvent(event));
    EXPECT_CODE(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
  }
}

TEST(SocketLife, P70_ApcToAThreadWhosePortIsClosing) {
  for (int round = 0; round < 300 * StressFactor(); ++round) {
    Handle port = MakePort();
    std::atomic<DWORD> id{0};
    std::atomic<bool> done{false};
    std::thread waiter([&, handle = port.get()] {
      id = GetCurrentThreadId();
      OVERLAPPED_ENTRY entry{};
      ULONG count = 0;
      while (!done) {
        if (!GetQueuedCompletionStatusEx(handle, &entry, 1, &count, kDeadlineMs, TRUE) &&
            GetLastError() != WAIT_IO_COMPLETION) {
          break;
        }
      }
    });
    ASSERT_TRUE(Eventually([&] { return id != 0; }));
    const Handle thread(OpenThread(THREAD_SET_CONTEXT, FALSE, id));
    std::thread queueing([&] {
      for (int i = 0; i < 20; ++i) QueueUserAPC([](ULONG_PTR) {}, thread, 0);
    });
    port.Close();
    done = true;
    queueing.join();
    waiter.join();
  }
}

// --- signals -------------------------------------------------------------------------------------------------

volatile sig_atomic_t g_handled_by = 0;

TEST(SocketLife, P65_NoHelperThreadRunsTheProgramsSignalHandlers) {
  // Both helpers run: one for a socket without a port, one for a file.
  Operation pending;
  Connection connection = Connect();
  ASSERT_TRUE(Receive(connection.ours, &pending).pended());
  const std::string path = ::testing::TempDir() + "iocp_p65_" + std::to_string(::getpid());
  const Handle port = MakePort();
  Handle file(CreateFileA(path.c_str(), GENERIC_WRITE, 0, nullptr, CREATE_ALWAYS,
                          FILE_FLAG_OVERLAPPED, nullptr));
  Associate(port, file.get(), 1);
  Operation write;
  WriteFile(file, "x", 1, nullptr, &write);
  ASSERT_TRUE(Dequeue(port).ok);

  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) { g_handled_by = static_cast<sig_atomic_t>(::gettid()); };
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &blocked, nullptr), 0);
  g_handled_by = 0;
  ASSERT_EQ(::kill(::getpid(), SIGUSR1), 0);
  sigset_t waiting;
  ASSERT_EQ(::sigpending(&waiting), 0);
  EXPECT_EQ(sigismember(&waiting, SIGUSR1), 1) << "no other thread may take it";
  ASSERT_EQ(::pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr), 0);
  EXPECT_EQ(g_handled_by, static_cast<sig_atomic_t>(::gettid()));
  ASSERT_EQ(::sigaction(SIGUSR1, &before, nullptr), 0);
  file.Close();
  std::remove(path.c_str());
  connection.ours.Close();
  EXPECT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&pending); }));
}

}  // namespace
}  // namespace course_test

#endif  // _WIN32
