// Conformance: TransmitFile.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

// A file of known bytes, opened for overlapped reading.
struct Content {
  explicit Content(std::size_t size, DWORD flags = FILE_FLAG_OVERLAPPED) : bytes(size, '\0') {
    Random random(size);
    for (char& byte : bytes) byte = static_cast<char>(random.Next());
    static std::atomic<int> number{0};
    path = std::filesystem::temp_directory_path() /
           ("transmit_" + std::to_string(GetTickCount64()) + "_" + std::to_string(++number));
    std::ofstream(path, std::ios::binary) << bytes;
    file =
        Handle(CreateFileA(path.string().c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE,
                           nullptr, OPEN_EXISTING, flags, nullptr));
    EXPECT_NE(file.get(), INVALID_HANDLE_VALUE);
  }
  ~Content() {
    file.Close();
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;

  std::string bytes;
  std::filesystem::path path;
  Handle file;
};

TEST(Conformance, P134_AFileBetweenHeadAndTailIsOneOperation) {
  const Associated associated;
  const Content content(3'000'000);
  std::string head = "head:";
  std::string tail = ":tail";
  TRANSMIT_FILE_BUFFERS buffers{head.data(), 5, tail.data(), 5};
  OVERLAPPED overlapped{};
  const BOOL done = TransmitFile(associated.ours(), content.file, 0, 0, &overlapped, &buffers, 0);
  EXPECT_TRUE(done || WSAGetLastError() == WSA_IO_PENDING) << WSAGetLastError();
  // A send that is issued meanwhile goes behind it.
  Operation send;
  Send(associated.ours(), &send, "next");
  const std::string expected = head + content.bytes + tail + "next";
  EXPECT_TRUE(ReceiveExactly(associated.peer(), expected.size()) == expected);
  const Dequeued got = Dequeue(associated.port);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(got.overlapped, &overlapped);
  EXPECT_EQ(got.bytes, content.bytes.size() + 10);
  EXPECT_EQ(Dequeue(associated.port).overlapped, &send);
}

TEST(Conformance, P134_APartOfAFile) {
  const Associated associated;
  const Content content(1000);
  OVERLAPPED overlapped{};
  overlapped.Offset = 100;
  TransmitFile(associated.ours(), content.file, 50, 0, &overlapped, nullptr, 0);
  Dequeued got = Dequeue(associated.port);
  EXPECT_EQ(got.bytes, 50u);
  EXPECT_EQ(ReceiveExactly(associated.peer(), 50), content.bytes.substr(100, 50));
  overlapped = {};
  overlapped.Offset = 900;
  TransmitFile(associated.ours(), content.file, 0, 0, &overlapped, nullptr, 0);
  got = Dequeue(associated.port);
  EXPECT_EQ(got.bytes, 100u) << "0: all that is left";
  EXPECT_EQ(ReceiveExactly(associated.peer(), 100), content.bytes.substr(900));
}

TEST(Conformance, P134_WithoutAFileOnlyTheBuffersAreSent) {
  const Associated associated;
  std::string head = "only";
  TRANSMIT_FILE_BUFFERS buffers{head.data(), 4, nullptr, 0};
  OVERLAPPED overlapped{};
  TransmitFile(associated.ours(), nullptr, 0, 0, &overlapped, &buffers, 0);
  EXPECT_EQ(Dequeue(associated.port).bytes, 4u);
  EXPECT_EQ(ReceiveExactly(associated.peer(), 4), "only");
}

TEST(Conformance, P134_WithoutAnOverlappedItIsAPlainCall) {
  const Connection connection = Connect();
  const Content content(5000, 0);
  ASSERT_TRUE(TransmitFile(connection.ours, content.file, 2000, 0, nullptr, nullptr, 0))
      << WSAGetLastError();
  ASSERT_TRUE(TransmitFile(connection.ours, content.file, 0, 0, nullptr, nullptr, 0))
      << "goes on at the file pointer";
  EXPECT_TRUE(ReceiveExactly(connection.peer, 5000) == content.bytes);
}

TEST(Conformance, P134_ThePeerGoesAwayInTheMiddle) {
  Associated associated;
  const Content content(64 << 20);
  OVERLAPPED overlapped{};
  ASSERT_FALSE(TransmitFile(associated.ours(), content.file, 0, 0, &overlapped, nullptr, 0));
  ASSERT_CODE(WSAGetLastError(), WSA_IO_PENDING);
  associated.connection.peer.Reset();
  const Dequeued got = Dequeue(associated.port);
  EXPECT_FALSE(got.ok);
  EXPECT_EQ(got.overlapped, &overlapped);
  EXPECT_CODE(got.error, ERROR_NETNAME_DELETED);
  // And once more on what is left of the connection: an error, and no signal that ends the process.
  OVERLAPPED again{};
  EXPECT_FALSE(TransmitFile(associated.ours(), content.file, 0, 0, &again, nullptr, 0));
  const int error = WSAGetLastError();
  if (WineDiffers("P134", "a reset connection is not connected to TransmitFile",
                  "seen with Wine 8.0")) {
    EXPECT_CODE(error, WSAENOTCONN);
  } else {
    EXPECT_CODE(error, WSAECONNRESET);
  }
}

// The head waits for the file's first bytes, to go out in one packet with them; not for bytes that
// there are not. (What hangs there hangs each time, 200 ms on Linux. So the best of a few counts.)
TEST(Conformance, P134_AnEmptyFileDoesNotHoldBackTheHead) {
  const Content empty(0);
  const Content content(1000);
  ULONGLONG best = kDeadlineMs;
  for (int i = 0; i < 5; ++i) {
    const Associated associated;
    std::string head = "head";
    TRANSMIT_FILE_BUFFERS buffers{head.data(), 4, nullptr, 0};
    OVERLAPPED overlapped{};
    const bool behind_its_end = i % 2 != 0;
    overlapped.Offset = behind_its_end ? 1000 : 0;
    const ULONGLONG start = GetTickCount64();
    TransmitFile(associated.ours(), behind_its_end ? content.file : empty.file, 0, 0, &overlapped,
                 &buffers, 0);
    EXPECT_EQ(ReceiveExactly(associated.peer(), 4), "head");
    best = std::min(best, GetTickCount64() - start);
    EXPECT_EQ(Dequeue(associated.port).bytes, 4u);
  }
  EXPECT_LT(best, 120u);
}

TEST(Conformance, P134_AFileThatCannotBeReadIsNotTheConnectionsEnd) {
  const Associated associated;
  const Content content(1000);
  const Handle unreadable(CreateFileA(content.path.string().c_str(), GENERIC_WRITE,
                                      FILE_SHARE_READ | FILE_SHARE_WRITE, nullptr, OPEN_EXISTING,
                                      FILE_FLAG_OVERLAPPED, nullptr));
  ASSERT_NE(unreadable.get(), INVALID_HANDLE_VALUE) << GetLastError();
  OVERLAPPED overlapped{};
  const BOOL done = TransmitFile(associated.ours(), unreadable, 0, 0, &overlapped, nullptr, 0);
  const bool pends = !done && WSAGetLastError() == WSA_IO_PENDING;
  if (done || pends) {
    const Dequeued got = Dequeue(associated.port);
    if (got.ok && WineDiffers("P134", "reads what was opened for writing", "seen with Wine 8.0")) {
      return;
    }
    EXPECT_FALSE(got.ok);
  }
  Operation send;
  ASSERT_TRUE(Send(associated.ours(), &send, "still here").done());
  EXPECT_EQ(Dequeue(associated.port).overlapped, &send);
  EXPECT_EQ(ReceiveExactly(associated.peer(), 10), "still here");
}

TEST(Conformance, P134_CancelAndTheWrongHandle) {
  Associated associated;
  const Content content(64 << 20);
  OVERLAPPED overlapped{};
  ASSERT_FALSE(TransmitFile(associated.ours(), content.file, 0, 0, &overlapped, nullptr, 0));
  ASSERT_CODE(WSAGetLastError(), WSA_IO_PENDING) << "nobody takes so much";
  const BOOL cancelled = CancelIoEx(associated.connection.ours.handle(), &overlapped);
  if (!cancelled && WineDiffers("P134", "CancelIoEx does not always find a TransmitFile under way",
                                "seen with Wine 8.0")) {
    associated.connection.peer.Reset();
    Dequeue(associated.port);
    return;
  }
  ASSERT_TRUE(cancelled);
  const Dequeued got = Dequeue(associated.port);
  EXPECT_EQ(got.overlapped, &overlapped);
  EXPECT_CODE(got.error, ERROR_OPERATION_ABORTED);
  OVERLAPPED other{};
  EXPECT_FALSE(TransmitFile(INVALID_SOCKET, content.file, 0, 0, &other, nullptr, 0));
  EXPECT_CODE(WSAGetLastError(), WSAENOTSOCK);
  const Socket unconnected = MakeTcp();
  EXPECT_FALSE(TransmitFile(unconnected, content.file, 0, 0, &other, nullptr, 0));
  EXPECT_CODE(WSAGetLastError(), WSAENOTCONN);
}

}  // namespace
