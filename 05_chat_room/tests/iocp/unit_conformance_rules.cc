// Conformance, group "Rules of the handles": addresses, options, waits. P47 P48 P49 P50 P58 P61 P63
// P68.
#include <cstdio>
#include <string>
#include <thread>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

// --- the port ------------------------------------------------------------------------------------------

TEST(Conformance, P47_PacketComesBeforeAnApcForAThreadOfThePort) {
  const Handle port = MakePort();
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 1, 0, nullptr));
  ASSERT_TRUE(Dequeue(port).ok);  // from here on this is a thread of the port
  static int ran;
  ran = 0;
  const Handle self(OpenThread(THREAD_SET_CONTEXT, FALSE, GetCurrentThreadId()));
  ASSERT_NE(QueueUserAPC([](ULONG_PTR) { ++ran; }, self, 0), DWORD{0});
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 2, 0, nullptr));
  OVERLAPPED_ENTRY entry{};
  ULONG count = 0;
  const BOOL packet = GetQueuedCompletionStatusEx(port, &entry, 1, &count, kDeadlineMs, TRUE);
  ASSERT_TRUE(packet) << GetLastError();
  EXPECT_EQ(entry.dwNumberOfBytesTransferred, 2u);
  EXPECT_EQ(ran, 0) << "it waits";
  EXPECT_FALSE(GetQueuedCompletionStatusEx(port, &entry, 1, &count, kDeadlineMs, TRUE));
  EXPECT_CODE(GetLastError(), WAIT_IO_COMPLETION);
  EXPECT_EQ(ran, 1);
}

TEST(Conformance, P47_AnApcBeforeTheFirstPacketDoesNotMakeAThreadOfThePort) {
  if (WineDiffers("P47", "Wine takes the packet first, whoever asks", "seen under Wine 8.0")) {
    return;
  }
  const Handle port = MakePort();
  static int ran;
  ran = 0;
  OVERLAPPED_ENTRY entry{};
  ULONG count = 0;
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 1, 0, nullptr));
  std::thread([&] {
    const Handle self(OpenThread(THREAD_SET_CONTEXT, FALSE, GetCurrentThreadId()));
    for (int round = 1; round <= 2; ++round) {
      QueueUserAPC([](ULONG_PTR) { ++ran; }, self, 0);
      EXPECT_FALSE(GetQueuedCompletionStatusEx(port, &entry, 1, &count, kDeadlineMs, TRUE));
      EXPECT_CODE(GetLastError(), WAIT_IO_COMPLETION) << "round " << round;
      EXPECT_EQ(ran, round);
    }
    EXPECT_TRUE(GetQueuedCompletionStatusEx(port, &entry, 1, &count, kDeadlineMs, TRUE));
  }).join();
}

// The only thread of a port takes packets, and in between waits by event for I/O of the same port.
TEST(Conformance, P48_AWorkerMayWaitForIoOfItsOwnPort) {
  Associated io(1);
  const Handle event = MakeEvent(true, false);
  std::chrono::steady_clock::duration shortest = std::chrono::hours(1);
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(PostQueuedCompletionStatus(io.port, 0, 0, nullptr));
    ASSERT_TRUE(Dequeue(io.port).ok);
    Operation operation;
    // The low bit: no packet.
    operation.hEvent = reinterpret_cast<HANDLE>(reinterpret_cast<ULONG_PTR>(event.get()) | 1);
    ASSERT_TRUE(Receive(io.ours(), &operation).pended());
    SendAll(io.peer(), "x");
    const auto start = std::chrono::steady_clock::now();
    ASSERT_CODE(WaitForSingleObject(event, kDeadlineMs), WAIT_OBJECT_0);
    shortest = std::min(shortest, std::chrono::steady_clock::now() - start);
  }
  EXPECT_LT(shortest, std::chrono::milliseconds(8)) << "the ticks of a helper are no answer";
}

// --- addresses -------------------------------------------------------------------------------------------

TEST(Conformance, P49_NewIpv6SocketIsForIpv6Only) {
  const Socket socket(
      WSASocketW(AF_INET6, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED));
  ASSERT_NE(socket.get(), INVALID_SOCKET) << WSAGetLastError();
  DWORD only = 0;
  int length = sizeof only;
  ASSERT_EQ(getsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, reinterpret_cast<char*>(&only), &length),
            0)
      << WSAGetLastError();
  EXPECT_EQ(only, 1u);
}

TEST(Conformance, P50_SecondBindOfAPortIsRefused) {
  const Socket first = MakeBoundTcp();
  const sockaddr_in address = LocalAddressOf(first);
  const Socket second = MakeTcp();
  EXPECT_CODE(BindTo(second, address), WSAEADDRINUSE) << "before either listens";
  ASSERT_EQ(listen(first, 1), 0);
  EXPECT_CODE(BindTo(second, address), WSAEADDRINUSE);
  const Socket exclusive = MakeTcp();
  const int on = 1;
  ASSERT_EQ(setsockopt(exclusive, SOL_SOCKET, SO_EXCLUSIVEADDRUSE,
                       reinterpret_cast<const char*>(&on), sizeof on),
            0);
  EXPECT_CODE(BindTo(exclusive, address), WSAEADDRINUSE);
}

TEST(Conformance, P50_OneAddressBesideAllOfThem) {
  const Socket all = MakeTcp();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ASSERT_CODE(BindTo(all, address), 0);
  address = LocalAddressOf(all);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const Socket one = MakeTcp();
  const int error = BindTo(one, address);
  if (OnlyOurPort("P50", "Windows takes them for two addresses",
                  "Microsoft: Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE; Wine 8.0")) {
    EXPECT_CODE(error, 0);
  } else {
    EXPECT_CODE(error, WSAEADDRINUSE);
  }
}

TEST(Conformance, P50_PortOfAClosedServerCanBeBoundAtOnce) {
  sockaddr_in address{};
  {
    const Socket listener = MakeListener(&address);
    Connection connection = ConnectThrough(listener);
    // The server's end closes first, so TIME_WAIT is on its side.
    connection.ours.Close();
    char byte = 0;
    recv(connection.peer, &byte, 1, 0);
  }
  const Socket again = MakeTcp();
  EXPECT_CODE(BindTo(again, address), 0);
  EXPECT_EQ(listen(again, 1), 0);
}

// --- handles, options --------------------------------------------------------------------------------------

TEST(Conformance, P58_LowBitsOfAHandleAreIgnored) {
  const Handle event = MakeEvent(true, false);
  for (const ULONG_PTR bits : {ULONG_PTR{1}, ULONG_PTR{2}, ULONG_PTR{3}}) {
    const auto handle = reinterpret_cast<HANDLE>(reinterpret_cast<ULONG_PTR>(event.get()) | bits);
    EXPECT_TRUE(SetEvent(handle)) << GetLastError();
    EXPECT_CODE(WaitForSingleObject(handle, 0), WAIT_OBJECT_0);
    EXPECT_TRUE(ResetEvent(handle));
    EXPECT_CODE(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
  }
}

TEST(Conformance, P59_AcceptWithoutRoomForTheAddressIsAFault) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Socket client = MakeTcp();
  ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  sockaddr_in name{};
  int length = 0;
  EXPECT_EQ(accept(listener, reinterpret_cast<sockaddr*>(&name), &length), INVALID_SOCKET);
  EXPECT_CODE(WSAGetLastError(), WSAEFAULT);
}

TEST(Conformance, P63_AcceptedSocketInheritsTheTimeouts) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const DWORD milliseconds = 1234;
  for (const int name : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    ASSERT_EQ(setsockopt(listener, SOL_SOCKET, name, reinterpret_cast<const char*>(&milliseconds),
                         sizeof milliseconds),
              0);
  }
  const Connection connection = ConnectThrough(listener);
  for (const int name : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    DWORD got = 0;
    int length = sizeof got;
    ASSERT_EQ(getsockopt(connection.ours, SOL_SOCKET, name, reinterpret_cast<char*>(&got), &length),
              0);
    EXPECT_EQ(got, milliseconds);
  }
}

TEST(Conformance, P59_SuccessOfAWinsockCallClearsTheError) {
  Associated io;
  WSASetLastError(12345);
  const DWORD milliseconds = 50;
  ASSERT_EQ(setsockopt(io.ours(), SOL_SOCKET, SO_RCVTIMEO,
                       reinterpret_cast<const char*>(&milliseconds), sizeof milliseconds),
            0);
  EXPECT_CODE(WSAGetLastError(), 0);
}

TEST(Conformance, P63_AcceptedSocketInheritsTheBufferSizes) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const int size = 0x123;
  for (const int name : {SO_RCVBUF, SO_SNDBUF}) {
    ASSERT_EQ(
        setsockopt(listener, SOL_SOCKET, name, reinterpret_cast<const char*>(&size), sizeof size),
        0);
  }
  const Connection connection = ConnectThrough(listener);
  for (const int name : {SO_RCVBUF, SO_SNDBUF}) {
    int got = 0;
    int length = sizeof got;
    ASSERT_EQ(getsockopt(connection.ours, SOL_SOCKET, name, reinterpret_cast<char*>(&got), &length),
              0);
    if (!WineDiffers("P63", "Wine reports the Linux kernel's smallest buffer",
                     "seen under Wine 8.0")) {
      EXPECT_EQ(got, size);
    }
  }
}

TEST(Conformance, P68_SendBufferOfZeroIsTaken) {
  Associated io;
  const int zero = 0;
  ASSERT_EQ(setsockopt(io.ours(), SOL_SOCKET, SO_SNDBUF, reinterpret_cast<const char*>(&zero),
                       sizeof zero),
            0);
  int got = -1;
  int length = sizeof got;
  ASSERT_EQ(getsockopt(io.ours(), SOL_SOCKET, SO_SNDBUF, reinterpret_cast<char*>(&got), &length),
            0);
  EXPECT_EQ(got, 0);
  Operation operation;
  const Issued issued = Send(io.ours(), &operation, "unbuffered");
  ASSERT_TRUE(issued.done() || issued.pended()) << issued.error;
  EXPECT_EQ(ReceiveExactly(io.peer(), 10), "unbuffered");
  EXPECT_TRUE(Dequeue(io.port).ok);
}

// --- files -------------------------------------------------------------------------------------------------

TEST(Conformance, P61_OpeningTellsWhetherTheFileWasThere) {
  const std::string path = ::testing::TempDir() + "iocp_p61_" +
                           std::to_string(GetCurrentThreadId()) + "_" + std::to_string(TestSeed());
  for (const DWORD disposition : {DWORD{OPEN_ALWAYS}, DWORD{CREATE_ALWAYS}}) {
    SetLastError(12345);
    Handle fresh(CreateFileA(path.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, disposition,
                             FILE_FLAG_OVERLAPPED, nullptr));
    ASSERT_NE(fresh.get(), INVALID_HANDLE_VALUE);
    EXPECT_CODE(GetLastError(), ERROR_SUCCESS);
    fresh.Close();
    Handle again(CreateFileA(path.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, disposition,
                             FILE_FLAG_OVERLAPPED, nullptr));
    EXPECT_CODE(GetLastError(), ERROR_ALREADY_EXISTS);
    again.Close();
    std::remove(path.c_str());
  }
  SetLastError(0);
  EXPECT_EQ(CreateFileA(::testing::TempDir().c_str(), GENERIC_READ, 0, nullptr, OPEN_EXISTING, 0,
                        nullptr),
            INVALID_HANDLE_VALUE);
  EXPECT_CODE(GetLastError(), ERROR_ACCESS_DENIED) << "a directory";
}

TEST(Conformance, P61_PendingReadReportsNoBytes) {
  const std::string path = ::testing::TempDir() + "iocp_p61r_" + std::to_string(TestSeed());
  Handle file(CreateFileA(path.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, CREATE_ALWAYS,
                          FILE_FLAG_OVERLAPPED, nullptr));
  ASSERT_NE(file.get(), INVALID_HANDLE_VALUE);
  const Handle port = MakePort();
  Associate(port, file.get(), 1);
  Operation operation;
  DWORD bytes = kUntouched;
  const BOOL ok = WriteFile(file, "x", 1, &bytes, &operation);
  if (!ok) {
    ASSERT_CODE(GetLastError(), ERROR_IO_PENDING);
    EXPECT_EQ(bytes, 0u);
  }
  EXPECT_TRUE(Dequeue(port).ok);
  file.Close();
  std::remove(path.c_str());
}

TEST(Conformance, P61_NotificationModesNeedAnOverlappedHandle) {
  const std::string path = ::testing::TempDir() + "iocp_p61n_" + std::to_string(TestSeed());
  Handle file(CreateFileA(path.c_str(), GENERIC_WRITE, 0, nullptr, CREATE_ALWAYS, 0, nullptr));
  ASSERT_NE(file.get(), INVALID_HANDLE_VALUE);
  SetLastError(0);
  EXPECT_FALSE(SetFileCompletionNotificationModes(file, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
  EXPECT_CODE(GetLastError(), ERROR_INVALID_PARAMETER);
  file.Close();
  std::remove(path.c_str());
}

}  // namespace
