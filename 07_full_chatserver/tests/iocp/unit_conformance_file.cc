// Conformance, group "Operations": files through the same port. P40 (and P2, P8 for files).
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

// A file with known content that is gone after the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content) {
    const auto name = "iocp_course_" + std::to_string(GetCurrentThreadId()) + "_" +
                      std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());
    path_ = std::filesystem::temp_directory_path() / name;
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  Handle Open(DWORD flags = FILE_FLAG_OVERLAPPED) const {
    const HANDLE file =
        CreateFileW(path_.wstring().c_str(), GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, nullptr,
                    OPEN_EXISTING, flags | FILE_ATTRIBUTE_NORMAL, nullptr);
    EXPECT_NE(file, INVALID_HANDLE_VALUE) << GetLastError();
    return Handle(file);
  }

 private:
  std::filesystem::path path_;
};

struct Device {
  explicit Device(std::string_view content) : content_file(content), file(content_file.Open()) {
    Associate(port, file.get(), 77);
  }

  // Reads and waits for the packet; a call that completed at once queues one too (P15).
  Dequeued Read(Operation* operation, std::uint64_t offset, DWORD length) {
    operation->Offset = static_cast<DWORD>(offset);
    operation->OffsetHigh = static_cast<DWORD>(offset >> 32);
    if (!ReadFile(file, operation->buffer, length, nullptr, operation) &&
        GetLastError() != static_cast<DWORD>(ERROR_IO_PENDING)) {
      Dequeued failed{};
      failed.error = GetLastError();
      return failed;
    }
    return Dequeue(port);
  }
  Dequeued Write(Operation* operation, std::uint64_t offset, std::string_view bytes) {
    operation->Offset = static_cast<DWORD>(offset);
    operation->OffsetHigh = static_cast<DWORD>(offset >> 32);
    if (!WriteFile(file, bytes.data(), static_cast<DWORD>(bytes.size()), nullptr, operation) &&
        GetLastError() != static_cast<DWORD>(ERROR_IO_PENDING)) {
      ADD_FAILURE() << GetLastError();
    }
    return Dequeue(port);
  }

  TemporaryFile content_file;
  Handle file;
  Handle port = MakePort();
};

TEST(Conformance, P40_ReadsAtTheOffset) {
  Device device("0123456789");
  Operation operation;
  const Dequeued got = device.Read(&operation, 3, 4);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(got.overlapped, &operation);
  EXPECT_EQ(got.key, 77u);
  EXPECT_EQ(operation.bytes(got.bytes), "3456");
  // There is no file pointer that moves: the same offset reads the same bytes.
  operation.Clear();
  EXPECT_EQ(operation.bytes(device.Read(&operation, 3, 4).bytes), "3456");
}

TEST(Conformance, P40_ReadAcrossTheEndIsShort) {
  Device device("0123456789");
  Operation operation;
  const Dequeued got = device.Read(&operation, 8, 100);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(operation.bytes(got.bytes), "89");
}

TEST(Conformance, P40_ReadAtTheEndIsHandleEof) {
  Device device("0123456789");
  for (const std::uint64_t offset : {std::uint64_t{10}, std::uint64_t{5'000'000'000}}) {
    Operation operation;
    const Dequeued got = device.Read(&operation, offset, 4);
    EXPECT_FALSE(got.ok);
    EXPECT_CODE(got.error, ERROR_HANDLE_EOF);
    if (got.overlapped != nullptr) {  // otherwise it failed at issue: no packet (P16)
      EXPECT_EQ(got.overlapped, &operation);
      EXPECT_EQ(got.bytes, 0u);
    }
    EXPECT_TRUE(NothingQueued(device.port));
  }
}

TEST(Conformance, P40_WritesAtTheOffset) {
  Device device("0123456789");
  Operation operation;
  Dequeued got = device.Write(&operation, 4, "abc");
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(got.bytes, 3u);
  operation.Clear();
  got = device.Read(&operation, 0, 100);
  EXPECT_EQ(operation.bytes(got.bytes), "0123abc789");
}

TEST(Conformance, P40_WriteBeyondTheEndExtendsTheFile) {
  Device device("01");
  Operation operation;
  EXPECT_EQ(device.Write(&operation, 4, "45").bytes, 2u);
  operation.Clear();
  const Dequeued got = device.Read(&operation, 0, 100);
  EXPECT_EQ(operation.bytes(got.bytes), std::string_view("01\0\0"
                                                         "45",
                                                         6));
}

TEST(Conformance, P40_OffsetHighCounts) {
  Device device("");
  const std::uint64_t beyond_4_gib = (std::uint64_t{1} << 32) + 5;
  Operation operation;
  EXPECT_EQ(device.Write(&operation, beyond_4_gib, "far away").bytes, 8u);
  operation.Clear();
  Dequeued got = device.Read(&operation, beyond_4_gib, 8);
  EXPECT_EQ(operation.bytes(got.bytes), "far away");
  operation.Clear();
  got = device.Read(&operation, 5, 8);
  EXPECT_EQ(operation.bytes(got.bytes), std::string_view("\0\0\0\0\0\0\0\0", 8));
}

TEST(Conformance, P40_SeveralReadsOutstanding) {
  Device device("aaaabbbbccccdddd");
  std::vector<Operation> operations(4);
  for (std::size_t i = 0; i < operations.size(); ++i) {
    operations[i].Offset = static_cast<DWORD>(4 * i);
    ReadFile(device.file, operations[i].buffer, 4, nullptr, &operations[i]);
  }
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Dequeued got = Dequeue(device.port);
    EXPECT_TRUE(got.ok) << got.error;
    EXPECT_EQ(got.bytes, 4u);
  }
  for (std::size_t i = 0; i < operations.size(); ++i) {
    EXPECT_EQ(operations[i].bytes(4), std::string(4, static_cast<char>('a' + i)));
  }
}

TEST(Conformance, P40_GetOverlappedResultTellsTheCount) {
  Device device("0123456789");
  Operation operation;
  ASSERT_TRUE(device.Read(&operation, 0, 7).ok);
  DWORD bytes = 0;
  EXPECT_TRUE(GetOverlappedResult(device.file, &operation, &bytes, FALSE));
  EXPECT_EQ(bytes, 7u);
}

TEST(Conformance, P2_FileOpenedWithoutOverlappedIsRefused) {
  const TemporaryFile content("x");
  const Handle file = content.Open(0);
  const Handle port = MakePort();
  SetLastError(0);
  EXPECT_EQ(CreateIoCompletionPort(file, port, 1, 0), nullptr);
  EXPECT_CODE(GetLastError(), ERROR_INVALID_PARAMETER);
}

TEST(Conformance, P40_MissingFile) {
  SetLastError(0);
  EXPECT_EQ(CreateFileW(L"no-such-file-of-the-course", GENERIC_READ, 0, nullptr, OPEN_EXISTING,
                        FILE_FLAG_OVERLAPPED, nullptr),
            INVALID_HANDLE_VALUE);
  EXPECT_CODE(GetLastError(), ERROR_FILE_NOT_FOUND);
}

}  // namespace
