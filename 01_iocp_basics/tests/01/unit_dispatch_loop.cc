// Task 01.2: the dispatch loop tells the four cases apart. The packets are made with the plain API.

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "apps/dispatch_loop.h"
#include "support/network.h"
#include "tests/support/task_input.h"

namespace {

constexpr DWORD kPatience = 20'000;
constexpr ULONG_PTR kKey = 9;

// A connection whose one end is on the port with kKey.
class DispatchLoop : public testing::Test {
 protected:
  void SetUp() override {
    port_.Reset(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1));
    const apps::UniqueSocket listener = apps::ListenOnLoopback(0);
    peer_ = apps::ConnectToLoopback(apps::PortOf(listener.Get()));
    socket_.Reset(accept(listener.Get(), nullptr, nullptr));
    ASSERT_NE(CreateIoCompletionPort(reinterpret_cast<HANDLE>(socket_.Get()), port_.Get(), kKey, 0),
              nullptr);
  }

  void PostReceive() {
    WSABUF buffer{sizeof data_, data_};
    DWORD flags = 0;
    const int result = WSARecv(socket_.Get(), &buffer, 1, nullptr, &flags, &overlapped_, nullptr);
    ASSERT_TRUE(result == 0 || WSAGetLastError() == WSA_IO_PENDING);
  }
  bool Post(DWORD bytes, ULONG_PTR key, OVERLAPPED* overlapped = nullptr) {
    return PostQueuedCompletionStatus(port_.Get(), bytes, key, overlapped) != FALSE;
  }

  apps::Winsock winsock_;
  OVERLAPPED overlapped_{};
  char data_[16]{};
  apps::UniqueHandle port_;
  apps::UniqueSocket peer_;
  apps::UniqueSocket socket_;
};

// Writes down what it was called with; ends the loop by the end packet once idle, if asked to.
class Recorder : public apps::PacketHandler {
 public:
  explicit Recorder(HANDLE port, bool end_when_idle = false)
      : port_(port), end_when_idle_(end_when_idle) {}
  void OnCompleted(ULONG_PTR key, OVERLAPPED* overlapped, DWORD bytes) override {
    calls.push_back("completed key=" + std::to_string(key) + " bytes=" + std::to_string(bytes) +
                    (overlapped == nullptr ? " null" : ""));
  }
  void OnFailed(ULONG_PTR key, OVERLAPPED*, DWORD error) override {
    calls.push_back("failed key=" + std::to_string(key) + " error=" + std::to_string(error));
  }
  void OnIdle() override {
    if (calls.empty()) {
      return;  // the packet that the test is about is late: idle on
    }
    calls.push_back("idle");
    if (end_when_idle_) {
      PostQueuedCompletionStatus(port_, 0, 0, nullptr);
    }
  }
  std::vector<std::string> calls;

 private:
  HANDLE port_;
  bool end_when_idle_;
};

TEST_F(DispatchLoop, DequeueGivesAPostedPacket) {
  TASK_INPUT("01.2", "posted: 5 bytes, key 6, an overlapped");
  ASSERT_TRUE(Post(5, 6, &overlapped_));
  const apps::Completion completion = apps::Dequeue(port_.Get(), kPatience);
  EXPECT_EQ(completion.outcome, apps::Outcome::kPacket);
  EXPECT_EQ(completion.bytes, 5u);
  EXPECT_EQ(completion.key, 6u);
  EXPECT_EQ(completion.overlapped, &overlapped_);
  EXPECT_EQ(completion.error, 0u);
}

TEST_F(DispatchLoop, APostedPacketWithoutOverlappedIsStillAPacket) {
  TASK_INPUT("01.2", "posted: 5 bytes, key 6, no overlapped");
  ASSERT_TRUE(Post(5, 6));
  const apps::Completion completion = apps::Dequeue(port_.Get(), kPatience);
  EXPECT_EQ(completion.outcome, apps::Outcome::kPacket);
  EXPECT_EQ(completion.overlapped, nullptr);
}

TEST_F(DispatchLoop, DequeueGivesACompletedReceive) {
  TASK_INPUT("01.2", "a receive under way, the peer sends 5 bytes");
  PostReceive();
  ASSERT_EQ(send(peer_.Get(), "hello", 5, 0), 5);
  const apps::Completion completion = apps::Dequeue(port_.Get(), kPatience);
  EXPECT_EQ(completion.outcome, apps::Outcome::kPacket);
  EXPECT_EQ(completion.bytes, 5u);
  EXPECT_EQ(completion.key, kKey);
  EXPECT_EQ(completion.overlapped, &overlapped_);
}

TEST_F(DispatchLoop, ThePeersEndIsAPacketWithZeroBytes) {
  TASK_INPUT("01.2", "a receive under way, the peer ends");
  PostReceive();
  ASSERT_EQ(shutdown(peer_.Get(), SD_SEND), 0);
  const apps::Completion completion = apps::Dequeue(port_.Get(), kPatience);
  EXPECT_EQ(completion.outcome, apps::Outcome::kPacket);
  EXPECT_EQ(completion.bytes, 0u);
  EXPECT_EQ(completion.key, kKey);
}

TEST_F(DispatchLoop, ACancelledReceiveIsFailedIo) {
  TASK_INPUT("01.2", "a receive under way, then CancelIoEx");
  PostReceive();
  ASSERT_TRUE(CancelIoEx(reinterpret_cast<HANDLE>(socket_.Get()), nullptr));
  const apps::Completion completion = apps::Dequeue(port_.Get(), kPatience);
  EXPECT_EQ(completion.outcome, apps::Outcome::kFailedIo);
  EXPECT_EQ(completion.key, kKey);
  EXPECT_EQ(completion.overlapped, &overlapped_);
  EXPECT_EQ(completion.error, static_cast<DWORD>(ERROR_OPERATION_ABORTED));
}

TEST_F(DispatchLoop, NothingInTimeIsATimeout) {
  TASK_INPUT("01.2", "an empty port, 0 milliseconds");
  const apps::Completion completion = apps::Dequeue(port_.Get(), 0);
  EXPECT_EQ(completion.outcome, apps::Outcome::kTimeout);
  EXPECT_EQ(completion.overlapped, nullptr);
}

TEST_F(DispatchLoop, AClosedPortIsNotATimeout) {
  TASK_INPUT("01.2", "the handle of a closed port");
  const HANDLE stale = port_.Get();
  port_.Reset();
  const apps::Completion completion = apps::Dequeue(stale, 0);
  EXPECT_EQ(completion.outcome, apps::Outcome::kPortClosed);
  EXPECT_EQ(completion.error, static_cast<DWORD>(ERROR_INVALID_HANDLE));
}

TEST_F(DispatchLoop, TheLoopServesInOrderAndEndsAtTheEndPacket) {
  TASK_INPUT("01.2",
             "posted (bytes, key): (1, 10) with an overlapped, (2, 11), (0, 12), (4, 0), the end "
             "packet, (3, 13)");
  ASSERT_TRUE(Post(1, 10, &overlapped_));
  ASSERT_TRUE(Post(2, 11));
  ASSERT_TRUE(Post(0, 12));
  ASSERT_TRUE(Post(4, 0));
  ASSERT_TRUE(Post(0, 0));
  ASSERT_TRUE(Post(3, 13));
  Recorder recorder(port_.Get());
  EXPECT_EQ(apps::RunDispatchLoop(port_.Get(), recorder), apps::LoopEnd::kEndPacket);
  const std::vector<std::string> expected{
      "completed key=10 bytes=1", "completed key=11 bytes=2 null", "completed key=12 bytes=0 null",
      "completed key=0 bytes=4 null"};
  EXPECT_EQ(recorder.calls, expected) << "the end packet is the one with all three at zero";
  EXPECT_EQ(apps::Dequeue(port_.Get(), 0).key, 13u)
      << "what came after the end packet stays queued";
}

TEST_F(DispatchLoop, TheLoopGoesOnAfterAFailureAndAfterIdling) {
  TASK_INPUT("01.2", "a cancelled receive, then nothing for 50 ms");
  PostReceive();
  ASSERT_TRUE(CancelIoEx(reinterpret_cast<HANDLE>(socket_.Get()), nullptr));
  Recorder recorder(port_.Get(), true);
  EXPECT_EQ(apps::RunDispatchLoop(port_.Get(), recorder, 50), apps::LoopEnd::kEndPacket);
  const std::vector<std::string> expected{"failed key=9 error=995", "idle"};
  EXPECT_EQ(recorder.calls, expected);
}

TEST_F(DispatchLoop, TheLoopEndsWhenThePortIsClosed) {
  TASK_INPUT("01.2", "the handle of a closed port");
  const HANDLE stale = port_.Get();
  port_.Reset();
  Recorder recorder(stale);
  EXPECT_EQ(apps::RunDispatchLoop(stale, recorder), apps::LoopEnd::kPortClosed);
  EXPECT_TRUE(recorder.calls.empty());
}

}  // namespace
