// More moments that only a replaced system call can bring about (unit_fault_life.cc): calls of two
// threads that cross, and calls that fail for want of descriptors or threads. (Linux only.)
#ifndef _WIN32

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <thread>

#include "iocp/inspect.h"
#include "tests/iocp/unit_fault_injection.h"
#include "tests/support/test_support.h"

namespace course_test {
namespace {

// --- an APC while a thread changes ports -------------------------------------------------------------

thread_local bool t_changes_ports = false;
std::atomic<DWORD> g_changing{0};
std::atomic<int> g_apcs{0};

// The thread that leaves its port wakes another one there: in that moment an APC comes.
void QueueInTheMoment() {
  if (!t_changes_ports) return;
  t_changes_ports = false;
  std::thread([] {
    const Handle thread(OpenThread(THREAD_SET_CONTEXT, FALSE, g_changing));
    EXPECT_NE(QueueUserAPC([](ULONG_PTR) { ++g_apcs; }, thread, 0), 0u);
  }).join();
}

TEST(SocketMoment, P47_ApcWhileTheThreadChangesPorts) {
  iocp::SystemCalls table = Real();
  table.futex_wake = [](std::atomic<std::uint32_t>* word, int count) {
    const int result = Real().futex_wake(word, count);
    QueueInTheMoment();
    return result;
  };
  table.signal = [](int fd) {
    const ssize_t result = Real().signal(fd);
    QueueInTheMoment();
    return result;
  };
  const Handle first = MakePort(1);
  const Handle second = MakePort(1);
  g_apcs = 0;
  EXPECT_TRUE(Dequeue(first, 0).timed_out()) << "this thread is the first port's now";
  g_changing = GetCurrentThreadId();
  Waiter waiter(first);  // parked: the port is at its limit
  ASSERT_TRUE(waiter.AwaitParked(1));
  const Replaced replaced(table);
  t_changes_ports = true;
  OVERLAPPED_ENTRY entry{};
  ULONG count = 0;
  EXPECT_FALSE(GetQueuedCompletionStatusEx(second, &entry, 1, &count, kDeadlineMs, TRUE));
  EXPECT_CODE(GetLastError(), WAIT_IO_COMPLETION);
  EXPECT_EQ(g_apcs, 1);
  EXPECT_FALSE(t_changes_ports) << "the moment has come";
  PostQueuedCompletionStatus(first, 0, 0, nullptr);
  EXPECT_TRUE(waiter.AwaitReturned());
}

// --- FIONBIO while a connect blocks --------------------------------------------------------------------

std::atomic<SOCKET> g_connecting{INVALID_SOCKET};

TEST(SocketMoment, P67_FionbioDoesNotStrandAConnectThatBlocks) {
  iocp::SystemCalls table = Real();
  table.connect = [](int fd, const sockaddr* name, socklen_t length) {
    const int result = Real().connect(fd, name, length);
    const int error = errno;
    const SOCKET socket = g_connecting.exchange(INVALID_SOCKET);
    if (socket != INVALID_SOCKET) {
      std::thread([socket] {
        u_long on = 1;
        EXPECT_EQ(ioctlsocket(socket, FIONBIO, &on), 0);
      }).join();
    }
    errno = error;
    return result;
  };
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Socket client = MakeTcp();
  const Replaced replaced(table);
  g_connecting = client.get();
  EXPECT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address),
            SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAEISCONN);
}

// --- calls that fail ----------------------------------------------------------------------------------

// No room in the port's poller: what pends ends, and nothing waits for ever.
TEST(SocketMoment, P3_AssociatingThatCannotWatchEndsWhatPends) {
  const Handle port = MakePort();
  const Connection connection = Connect();
  Operation operation;
  ASSERT_TRUE(Receive(connection.ours, &operation).pended());
  {
    iocp::SystemCalls table = Real();
    table.epoll_ctl = [](int epoll, int what, int fd, epoll_event* event) {
      if (what != EPOLL_CTL_ADD) return Real().epoll_ctl(epoll, what, fd, event);
      errno = ENOSPC;
      return -1;
    };
    const Replaced replaced(table);
    Associate(port, connection.ours, 1);
  }
  const Dequeued got = Dequeue(port);
  EXPECT_FALSE(got.ok);
  EXPECT_EQ(got.overlapped, &operation);
  EXPECT_CODE(got.error, ERROR_NO_SYSTEM_RESOURCES);
  operation.Clear();
  ASSERT_TRUE(Receive(connection.ours, &operation).pended());
  SendAll(connection.peer, "again");
  EXPECT_EQ(operation.bytes(Dequeue(port).bytes), "again");
}

TEST(SocketMoment, P41_ASocketGetsItsDescriptorWhenThereAreSomeAgain) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Handle port = MakePort();
  Associate(port, listener, 1);
  iocp::SystemCalls table = Real();
  table.socket = [](int, int, int) {
    errno = EMFILE;
    return -1;
  };
  const auto before = iocp::ReadCounters()->open_descriptors;
  {
    const Socket acceptor = MakeTcp();
    const Socket client = MakeTcp();
    Operation operation;
    DWORD bytes = 0;
    AcceptEx(listener, acceptor, operation.buffer, 16, kAddressRoom, kAddressRoom, &bytes,
             &operation);
    ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_TRUE(Dequeue(port, 50).timed_out()) << "accepted, and waits for data";
    {
      const Replaced replaced(table);
      EXPECT_TRUE(CancelIoEx(listener.handle(), &operation));
    }
    EXPECT_FALSE(Dequeue(port).ok);
    const BOOL on = TRUE;
    EXPECT_EQ(setsockopt(acceptor, SOL_SOCKET, SO_KEEPALIVE, reinterpret_cast<const char*>(&on),
                         sizeof on),
              0);
    EXPECT_EQ(connect(acceptor, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0)
        << WSAGetLastError();
  }
  EXPECT_TRUE(Eventually([&] { return iocp::ReadCounters()->open_descriptors == before; }));
}

TEST(SocketMoment, P121_AcceptExLooksWhetherItGotTheAddress) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Handle port = MakePort();
  Associate(port, listener, 1);
  const Socket acceptor = MakeTcp();
  const Socket client = MakeTcp();
  Operation operation;
  DWORD bytes = 0;
  {
    iocp::SystemCalls table = Real();
    table.getsockname = [](int, sockaddr*, socklen_t*) {
      errno = ENOBUFS;
      return -1;
    };
    const Replaced replaced(table);
    AcceptEx(listener, acceptor, operation.buffer, 0, kAddressRoom, kAddressRoom, &bytes,
             &operation);
    ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_FALSE(Dequeue(port).ok);
  }
  operation.Clear();
  AcceptEx(listener, acceptor, operation.buffer, 0, kAddressRoom, kAddressRoom, &bytes, &operation);
  const Socket second = MakeTcp();
  ASSERT_EQ(connect(second, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_TRUE(Dequeue(port).ok);
}

// --- in a process of their own: none of the library's threads runs yet ------------------------------------

class SocketMomentDeath : public ::testing::Test {
 protected:
  SocketMomentDeath() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// Exit code 0: the accept was tried again although nothing could be started any more.
[[noreturn]] void AcceptWithoutDescriptors() {
  WSADATA data{};
  WSAStartup(MAKEWORD(2, 2), &data);
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Handle port = MakePort();
  Associate(port, listener, 1);
  const Socket acceptor = MakeTcp();
  const Socket client = MakeTcp();
  static std::atomic<int> refusals{3};
  iocp::SystemCalls table = Real();
  table.epoll_create1 = [](int) {
    errno = EMFILE;
    return -1;
  };
  table.accept4 = [](int fd, sockaddr* name, socklen_t* length, int flags) {
    if (refusals.fetch_sub(1) <= 0) return Real().accept4(fd, name, length, flags);
    errno = EMFILE;
    return -1;
  };
  connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const Replaced replaced(table);
  Operation operation;
  DWORD bytes = 0;
  AcceptEx(listener, acceptor, operation.buffer, 0, kAddressRoom, kAddressRoom, &bytes, &operation);
  const bool accepted = Dequeue(port).ok != FALSE;
  ::_exit(accepted ? 0 : 1);
}

TEST_F(SocketMomentDeath, P55_AnAcceptIsTriedAgainAlthoughNothingCanBeStarted) {
  EXPECT_EXIT(AcceptWithoutDescriptors(), ::testing::ExitedWithCode(0), "");
}

// Exit code 0: the calls that need a thread of the library's own fail, and work afterwards.
[[noreturn]] void CallWithoutThreads(const std::string& path) {
  pthread_attr_t usual;
  pthread_attr_t huge;
  ::pthread_getattr_default_np(&usual);
  ::pthread_attr_init(&huge);
  ::pthread_attr_setstacksize(&huge, std::size_t{1} << 47);  // more than there can be
  LARGE_INTEGER due{};
  const Handle timer(CreateWaitableTimer(nullptr, TRUE, nullptr));
  const Handle file(CreateFileA(path.c_str(), GENERIC_WRITE, 0, nullptr, CREATE_ALWAYS,
                                FILE_FLAG_OVERLAPPED, nullptr));
  Operation write;
  int failed = 0;
  const auto expect = [&](bool holds, int bit) { failed |= holds ? 0 : bit; };
  expect(::pthread_setattr_default_np(&huge) == 0, 1);
  expect(!SetWaitableTimer(timer, &due, 0, nullptr, nullptr, FALSE), 2);
  expect(GetLastError() == ERROR_NO_SYSTEM_RESOURCES, 4);
  expect(!WriteFile(file, "x", 1, nullptr, &write), 8);
  expect(GetLastError() == ERROR_NO_SYSTEM_RESOURCES, 16);
  ::pthread_setattr_default_np(&usual);
  expect(SetWaitableTimer(timer, &due, 0, nullptr, nullptr, FALSE), 32);
  expect(WaitForSingleObject(timer, kDeadlineMs) == WAIT_OBJECT_0, 64);
  write.Clear();
  expect(!WriteFile(file, "x", 1, nullptr, &write) && GetLastError() == ERROR_IO_PENDING, 128);
  DWORD bytes = 0;
  if (!GetOverlappedResult(file, &write, &bytes, TRUE) || bytes != 1) failed = 255;
  ::_exit(failed);
}

TEST_F(SocketMomentDeath, P65_NoThreadLeftIsAnErrorAndNotTheEnd) {
  const std::string path = ::testing::TempDir() + "iocp_p65_threads_" + std::to_string(::getpid());
  EXPECT_EXIT(CallWithoutThreads(path), ::testing::ExitedWithCode(0), "");
  std::remove(path.c_str());
}

}  // namespace
}  // namespace course_test

#endif  // _WIN32
