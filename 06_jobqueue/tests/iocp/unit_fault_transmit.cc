// TransmitFile when something is wrong with the file, or when it goes on for long. (Linux only.)
#ifndef _WIN32

#include <errno.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>

#include "tests/iocp/unit_fault_injection.h"
#include "tests/support/test_support.h"

namespace course_test {
namespace {

// An empty file with a size: it takes no room on the disk.
struct Sparse {
  explicit Sparse(off_t size) {
    const int fd = ::mkstemp(path);
    EXPECT_GE(fd, 0);
    EXPECT_EQ(::ftruncate(fd, size), 0);
    Real().close(fd);
    file = Handle(CreateFileA(path, GENERIC_READ, FILE_SHARE_READ, nullptr, OPEN_EXISTING,
                              FILE_FLAG_OVERLAPPED, nullptr));
    EXPECT_NE(file.get(), INVALID_HANDLE_VALUE);
  }
  ~Sparse() { ::unlink(path); }
  Sparse(const Sparse&) = delete;
  Sparse& operator=(const Sparse&) = delete;

  char path[32] = "/tmp/sparse_XXXXXX";
  Handle file;
};

std::atomic<int> g_pieces{0};

// What the disk cannot read is not the connection's fault.
TEST(SocketTransmit, P134_AnErrorOfTheFileEndsTheTransferOnly) {
  const Associated associated;
  const Sparse sparse(4 << 20);
  std::string head = "head";
  TRANSMIT_FILE_BUFFERS buffers{head.data(), 4, nullptr, 0};
  OVERLAPPED overlapped{};
  iocp::SystemCalls table = Real();
  table.sendfile = [](int, int, off_t*, size_t) -> ssize_t {
    ++g_pieces;
    errno = EIO;
    return -1;
  };
  g_pieces = 0;
  {
    const Replaced replaced(table);
    EXPECT_FALSE(TransmitFile(associated.ours(), sparse.file, 0, 0, &overlapped, &buffers, 0));
  }
  EXPECT_EQ(g_pieces, 1);
  if (WSAGetLastError() == WSA_IO_PENDING) {
    EXPECT_CODE(Dequeue(associated.port).error, ERROR_IO_DEVICE);
  }
  EXPECT_EQ(ReceiveExactly(associated.peer(), 4), "head");
  Operation send;
  EXPECT_TRUE(Send(associated.ours(), &send, "still here").done());
  EXPECT_EQ(ReceiveExactly(associated.peer(), 10), "still here");
  EXPECT_EQ(Dequeue(associated.port).overlapped, &send);
}

constexpr DWORD kSize = 256u << 20;
OVERLAPPED* g_transfer = nullptr;
HANDLE g_socket = nullptr;

// A client that takes everything at once: the transfer must still look up now and then.
TEST(SocketTransmit, P134_CancelReachesATransferThatNeverWaits) {
  const Associated associated;
  const Sparse sparse(kSize);
  OVERLAPPED overlapped{};
  iocp::SystemCalls table = Real();
  table.sendfile = [](int, int, off_t* offset, size_t length) -> ssize_t {
    if (++g_pieces == 3) {
      std::thread([] { EXPECT_TRUE(CancelIoEx(g_socket, g_transfer)); }).join();
    }
    *offset += static_cast<off_t>(length);
    return static_cast<ssize_t>(length);
  };
  g_pieces = 0;
  g_transfer = &overlapped;
  g_socket = associated.connection.ours.handle();
  const Replaced replaced(table);
  EXPECT_FALSE(TransmitFile(associated.ours(), sparse.file, kSize, 0, &overlapped, nullptr, 0));
  EXPECT_CODE(WSAGetLastError(), WSA_IO_PENDING);
  const Dequeued got = Dequeue(associated.port);
  EXPECT_FALSE(got.ok);
  EXPECT_EQ(got.overlapped, &overlapped);
  EXPECT_CODE(got.error, ERROR_OPERATION_ABORTED);
  EXPECT_LE(g_pieces, 4);
}

// Between two pieces the only thread of the port serves others.
TEST(SocketTransmit, P134_ALongTransferLetsOthersIn) {
  const Associated associated(1);
  const Connection other = Connect();
  Associate(associated.port, other.ours, 2);
  Operation receive;
  ASSERT_TRUE(Receive(other.ours, &receive).pended());
  SendAll(other.peer, "me too");
  const Sparse sparse(kSize);
  OVERLAPPED overlapped{};
  iocp::SystemCalls table = Real();
  table.sendfile = [](int, int, off_t* offset, size_t length) -> ssize_t {
    ++g_pieces;
    *offset += static_cast<off_t>(length);
    return static_cast<ssize_t>(length);
  };
  g_pieces = 0;
  const Replaced replaced(table);
  EXPECT_FALSE(TransmitFile(associated.ours(), sparse.file, kSize, 0, &overlapped, nullptr, 0));
  EXPECT_EQ(Dequeue(associated.port).overlapped, &receive);
  EXPECT_EQ(Dequeue(associated.port).bytes, kSize);
}

}  // namespace
}  // namespace course_test

#endif  // _WIN32
