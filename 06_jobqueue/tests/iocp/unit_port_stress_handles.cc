// Races of handles: associations, closes, and a port that closes while everything runs.
#include <array>

#include "tests/iocp/unit_port_stress.h"

namespace {

using namespace course_test;

TEST(PortStress, OnlyOneOfManyAssociationsSucceeds) {
  const NothingLeftBehind check;
  for (int round = 0; round < Rounds(200); ++round) {
    std::array<Handle, 4> ports;
    for (Handle& port : ports) port = MakePort();
    const Socket socket = MakeTcp();
    std::atomic<int> succeeded{0};
    StartLine start(4);
    std::vector<std::thread> threads;
    for (Handle& port : ports) {
      threads.emplace_back([&] {
        start.Wait();
        if (CreateIoCompletionPort(socket.handle(), port, 1, 0) == port.get())
          succeeded.fetch_add(1);
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(succeeded.load(), 1) << "round " << round;
  }
}

#ifndef _WIN32  // a handle closed twice on Windows may be somebody else's by then; ours never is
                // (P39)
TEST(PortStress, OnlyOneOfManyClosesSucceeds) {
  const NothingLeftBehind check;
  for (int round = 0; round < Rounds(300); ++round) {
    Connection connection = Connect();
    const Handle port = MakePort();
    Associate(port, connection.ours, 1);
    CountedOperation operation;
    const SOCKET socket = connection.ours.release();
    std::atomic<int> closed{0};
    StartLine start(4);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        start.Wait();
        if (closesocket(socket) == 0) closed.fetch_add(1);
      });
    }
    threads.emplace_back([&] {
      start.Wait();
      Issue(socket, &operation, true);
    });
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(closed.load(), 1) << "round " << round;
    if (operation.expected.load()) {
      ASSERT_EQ(Dequeue(port).overlapped, &operation) << "round " << round;
    }
    ASSERT_TRUE(NothingQueued(port));
  }
}
#endif

#ifndef _WIN32  // Wine leaves waiters parked (P13), and Windows may recycle the port's handle value
TEST(PortStress, PortClosesWhileEverythingRuns) {
  const NothingLeftBehind check;
  Random random(TestSeed());
  const Socket listener = MakeListener();
  for (int round = 0; round < Rounds(150); ++round) {
    Handle owner = MakePort(2);
    const HANDLE port = owner;
    std::array<Connection, 2> connections;
    std::vector<CountedOperation> operations(16);
    for (Connection& connection : connections) {
      connection = ConnectThrough(listener);
      Associate(port, connection.ours, 1);
    }
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        for (;;) {
          const Dequeued got = Dequeue(port, INFINITE);
          if (got.overlapped != nullptr || got.ok) continue;
          if (got.error != ERROR_ABANDONED_WAIT_0 && got.error != ERROR_INVALID_HANDLE) {
            wrong.fetch_add(1);
          }
          return;
        }
      });
    }
    threads.emplace_back([&] {
      while (PostQueuedCompletionStatus(port, 0, 1, nullptr)) std::this_thread::yield();
      if (GetLastError() != ERROR_INVALID_HANDLE) wrong.fetch_add(1);
    });
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < operations.size(); ++i) {
        Issue(connections[i % 2].ours, &operations[i], i % 4 != 0);
      }
    });
    threads.emplace_back([&] {
      for (Connection& connection : connections)
        SendAll(connection.peer, "some bytes for the port");
    });
    for (std::size_t turns = random.Below(8); turns > 0; --turns) std::this_thread::yield();
    owner.Close();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong.load(), 0) << "round " << round;
    // The port is gone, the operations are not: each still ends.
    for (Connection& connection : connections) connection.ours.Close();
    for (const CountedOperation& operation : operations) {
      if (!operation.expected.load()) continue;
      ASSERT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&operation); }))
          << "round " << round;
    }
  }
}

// Closing lets go of a thread that may be ending at that moment: the thread's record must not be
// freed under the closer's hands. A thread that learns of the close from a call that fails ends at
// once, without having taken any lock of the port.
TEST(PortStress, ThreadsEndWhileTheirPortCloses) {
  const NothingLeftBehind check;
  for (int round = 0; round < Rounds(300); ++round) {
    Handle owner = MakePort(3);
    const HANDLE port = owner;
    StartLine released(4);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      PostQueuedCompletionStatus(port, 0, 1, nullptr);
      threads.emplace_back([&] {
        EXPECT_TRUE(Dequeue(port).ok);
        released.Wait();
        do {  // a call that only looks the port up, then complains of its arguments
          GetQueuedCompletionStatusEx(port, nullptr, 0, nullptr, 0, FALSE);
        } while (GetLastError() != ERROR_INVALID_HANDLE);
      });
    }
    released.Wait();
    owner.Close();
    for (std::thread& thread : threads) thread.join();
  }
}
#endif

}  // namespace
