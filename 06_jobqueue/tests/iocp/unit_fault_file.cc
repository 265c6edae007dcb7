// Files whose disk takes its time (a read that is held): who waits for whom. (Linux only.)
#ifndef _WIN32

#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

#include "tests/iocp/unit_fault_injection.h"
#include "tests/support/test_support.h"

namespace course_test {
namespace {

// Reads at this offset are held until they are let go.
constexpr off_t kHeldOffset = 7;

struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  int held = 0;              // guarded by mutex
  bool open = false;         // guarded by mutex
  std::vector<off_t> order;  // guarded by mutex: the offsets of all reads, as they were made
};

Gate& TheGate() {
  static auto* const gate = new Gate;
  return *gate;
}

ssize_t HeldRead(int fd, void* data, size_t length, off_t offset) {
  Gate& gate = TheGate();
  {
    std::unique_lock lock(gate.mutex);
    gate.order.push_back(offset);
    if (offset == kHeldOffset) {
      ++gate.held;
      gate.changed.notify_all();
      gate.changed.wait_for(lock, kDeadline, [&gate] { return gate.open; });
    }
  }
  return Real().pread(fd, data, length, offset);
}

class FileMoment : public ::testing::Test {
 protected:
  FileMoment() {
    TheGate().held = 0;
    TheGate().open = false;
    TheGate().order.clear();
    for (std::size_t i = 0; i < files_.size(); ++i) {
      paths_[i] = ::testing::TempDir() + "iocp_file_moment_" + std::to_string(::getpid()) + "_" +
                  std::to_string(i);
      std::FILE* const file = std::fopen(paths_[i].c_str(), "wb");
      std::fputs("0123456789abcdef", file);
      std::fclose(file);
      files_[i] = Handle(CreateFileA(paths_[i].c_str(), GENERIC_READ, 0, nullptr, OPEN_EXISTING,
                                     FILE_FLAG_OVERLAPPED, nullptr));
      Associate(port_, files_[i], i);
    }
  }
  ~FileMoment() override {
    for (const std::string& path : paths_) std::remove(path.c_str());
  }

  void Read(std::size_t file, Operation& operation, off_t offset) {
    operation.Clear();
    operation.Offset = static_cast<DWORD>(offset);
    EXPECT_FALSE(ReadFile(files_[file], operation.buffer, 1, nullptr, &operation));
    EXPECT_CODE(GetLastError(), ERROR_IO_PENDING);
  }

  static bool AwaitHeld(int count) {
    Gate& gate = TheGate();
    std::unique_lock lock(gate.mutex);
    return gate.changed.wait_for(lock, kDeadline, [&] { return gate.held >= count; });
  }

  static void LetGo() {
    Gate& gate = TheGate();
    const std::scoped_lock lock(gate.mutex);
    gate.open = true;
    gate.changed.notify_all();
  }

  static iocp::SystemCalls HoldingTable() {
    iocp::SystemCalls table = Real();
    table.pread = HeldRead;
    return table;
  }

  const Handle port_ = MakePort();
  std::array<std::string, 3> paths_;
  std::array<Handle, 3> files_;
};

TEST_F(FileMoment, P40_OneFileDoesNotWaitForAnother) {
  const Replaced replaced(HoldingTable());
  std::array<Operation, 3> operations;
  Read(0, operations[0], kHeldOffset);
  ASSERT_TRUE(AwaitHeld(1));
  Read(1, operations[1], kHeldOffset);
  ASSERT_TRUE(AwaitHeld(2)) << "the second file has a thread of its own";
  Read(2, operations[2], 1);
  const Dequeued third = Dequeue(port_);
  EXPECT_EQ(third.overlapped, &operations[2]);
  EXPECT_EQ(operations[2].buffer[0], '1');
  LetGo();
  EXPECT_TRUE(Dequeue(port_).ok);
  EXPECT_TRUE(Dequeue(port_).ok);
}

TEST_F(FileMoment, P40_OneFilesTransfersAreDoneInTheOrderOfTheirCalls) {
  const Replaced replaced(HoldingTable());
  std::array<Operation, 5> operations;
  Read(0, operations[0], kHeldOffset);
  for (std::size_t i = 1; i < operations.size(); ++i) {
    Read(0, operations[i], static_cast<off_t>(i));
  }
  ASSERT_TRUE(AwaitHeld(1));
  EXPECT_TRUE(CancelIoEx(files_[0], &operations[2]));
  const Dequeued cancelled = Dequeue(port_);
  EXPECT_EQ(cancelled.overlapped, &operations[2]);
  EXPECT_CODE(cancelled.error, ERROR_OPERATION_ABORTED);
  LetGo();
  for (const std::size_t expected : {0U, 1U, 3U, 4U}) {
    EXPECT_EQ(Dequeue(port_).overlapped, &operations[expected]);
  }
  const std::scoped_lock lock(TheGate().mutex);
  EXPECT_EQ(TheGate().order, (std::vector<off_t>{kHeldOffset, 1, 3, 4}));
}

}  // namespace
}  // namespace course_test

#endif  // _WIN32
