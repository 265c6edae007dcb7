// Races of operations: whatever happens to one, it completes exactly once.
#include <algorithm>
#include <array>

#include "tests/iocp/unit_port_stress.h"

namespace {

using namespace course_test;

TEST(PortStress, EachOperationCompletesExactlyOnce) {
  if (WineServerBreaks()) return;
  const NothingLeftBehind check;
  Random seeds(TestSeed());
  const Socket listener = MakeListener();
  constexpr std::size_t kConnections = 4;
  constexpr std::size_t kPerThread = 6;
  for (int round = 0; round < Rounds(150); ++round) {
    const Handle port = MakePort(3);
    Workers workers(port, 4);
    std::array<Connection, kConnections> connections;
    for (Connection& connection : connections) {
      connection = ConnectThrough(listener);
      Associate(port, connection.ours, 1);
    }
    // Windows may give a closed handle's value to the next object, so a program there must not
    // close a socket that another thread is about to use: the closer waits for the issuers. Ours
    // needs no such care (P39), so here they race.
    std::atomic<std::size_t> issuing{kConnections * 2};
    // Two issuers per connection (one receives, one sends), a canceller, a closer, and the peers.
    std::vector<CountedOperation> operations(kConnections * 2 * kPerThread);
    std::array<SOCKET, kConnections> sockets;
    for (std::size_t c = 0; c < kConnections; ++c) sockets[c] = connections[c].ours.get();
    std::vector<std::thread> threads;
    StartLine start(static_cast<int>(kConnections) * 2 + 3);
    for (std::size_t c = 0; c < kConnections; ++c) {
      for (const bool receive : {true, false}) {
        threads.emplace_back([&, c, receive] {
          CountedOperation* mine = &operations[(c * 2 + (receive ? 0 : 1)) * kPerThread];
          start.Wait();
          for (std::size_t i = 0; i < kPerThread; ++i) Issue(sockets[c], mine + i, receive);
          issuing.fetch_sub(1);
        });
      }
    }
    threads.emplace_back([&, seed = seeds.Next()] {
      Random random(seed);
      start.Wait();
      for (int i = 0; i < 8; ++i) {
        const HANDLE target = reinterpret_cast<HANDLE>(sockets[random.Below(kConnections)]);
        CancelIoEx(target,
                   random.OneIn(2) ? nullptr : &operations[random.Below(operations.size())]);
      }
    });
    threads.emplace_back([&, seed = seeds.Next()] {
      Random random(seed);
      start.Wait();
      for (int i = 0; i < 6; ++i) {
        Connection& connection = connections[random.Below(kConnections)];
        if (connection.peer.get() == INVALID_SOCKET) continue;
        if (random.OneIn(4)) {
          connection.peer.Reset();
        } else {
          send(connection.peer, "0123456789", 10, 0);
        }
      }
    });
    threads.emplace_back([&, seed = seeds.Next()] {
      Random random(seed);
      start.Wait();
      const std::size_t spared = random.Below(kConnections);
#ifdef _WIN32
      while (issuing.load() > 0) std::this_thread::yield();
#endif
      for (std::size_t c = 0; c < kConnections; ++c) {
        if (c != spared) connections[c].ours.Close();
        if (random.OneIn(3)) std::this_thread::yield();
      }
    });
    for (std::thread& thread : threads) thread.join();
    for (Connection& connection : connections) connection.ours.Close();

    const auto expected = std::count_if(operations.begin(), operations.end(),
                                        [](auto& operation) { return operation.expected.load(); });
    ASSERT_TRUE(Eventually([&] { return workers.packets() >= expected; }))
        << "round " << round << ": " << workers.packets() << " packets for " << expected
        << " operations";
    workers.End();
    for (const CountedOperation& operation : operations) {
      ASSERT_EQ(operation.packets.load(), operation.expected.load() ? 1 : 0) << "round " << round;
    }
    ASSERT_TRUE(NothingQueued(port));
  }
}

TEST(PortStress, PostedPacketsArriveOnceEach) {
  const NothingLeftBehind check;
  const Handle port = MakePort(2);
  constexpr int kPosters = 4;
  const int each = RunningUnderWine() ? 500 : 5000;
  std::vector<std::atomic<int>> seen(static_cast<std::size_t>(kPosters * each));
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      for (;;) {
        const Dequeued got = Dequeue(port, INFINITE);
        if (!got.ok || got.key == 0) return;
        seen[got.key - 1].fetch_add(1);
      }
    });
  }
  std::vector<std::thread> posters;
  for (int p = 0; p < kPosters; ++p) {
    posters.emplace_back([&, p] {
      for (int i = 0; i < each; ++i) {
        PostQueuedCompletionStatus(port, 0, static_cast<ULONG_PTR>(1 + p * each + i), nullptr);
      }
    });
  }
  for (std::thread& poster : posters) poster.join();
  for (std::size_t i = 0; i < workers.size(); ++i) PostQueuedCompletionStatus(port, 0, 0, nullptr);
  for (std::thread& worker : workers) worker.join();
  EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](auto& count) { return count.load() == 1; }));
}

TEST(PortStress, AcceptsRaceWithClientsAndCloses) {
  if (WineServerBreaks()) return;
  const NothingLeftBehind check;
  Random random(TestSeed());
  constexpr DWORD kAddressLength = sizeof(sockaddr_in) + 16;
  struct Accept : CountedOperation {
    std::array<char, 2 * kAddressLength> addresses{};
  };
  for (int round = 0; round < Rounds(60); ++round) {
    const Handle port = MakePort(2);
    Workers workers(port, 2);
    sockaddr_in address{};
    Socket listener = MakeListener(&address);
    Associate(port, listener, 1);
    const auto accept_ex = ExtensionFunction<LPFN_ACCEPTEX>(listener, WSAID_ACCEPTEX);
    std::vector<Accept> accepts(8);
    std::vector<Socket> acceptors;
    for (std::size_t i = 0; i < accepts.size(); ++i) acceptors.push_back(MakeTcp());
    StartLine start(3);
    std::thread issuer([&] {
      start.Wait();
      for (std::size_t i = 0; i < accepts.size(); ++i) {
        DWORD bytes = 0;
        accepts[i].expected.store(true);
        if (!accept_ex(listener.get(), acceptors[i].get(), accepts[i].addresses.data(), 0,
                       kAddressLength, kAddressLength, &bytes, &accepts[i]) &&
            WSAGetLastError() != WSA_IO_PENDING) {
          accepts[i].expected.store(false);
        }
      }
    });
    std::thread clients([&] {
      start.Wait();
      for (int i = 0; i < 5; ++i) {
        const Socket client = MakeTcp();
        connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address);
      }
    });
    start.Wait();
    for (int i = 0; i < 3; ++i) {
      CancelIoEx(listener.handle(), &accepts[random.Below(accepts.size())]);
    }
    issuer.join();
    clients.join();
    acceptors[random.Below(acceptors.size())].Close();
    listener.Close();
    const auto expected = std::count_if(accepts.begin(), accepts.end(),
                                        [](auto& accept) { return accept.expected.load(); });
    ASSERT_TRUE(Eventually([&] { return workers.packets() >= expected; })) << "round " << round;
    workers.End();
    for (const Accept& accept : accepts) {
      ASSERT_EQ(accept.packets.load(), accept.expected.load() ? 1 : 0) << "round " << round;
    }
  }
}

TEST(PortStress, EventsFireOnceForEachOperation) {
  const NothingLeftBehind check;
  const Socket listener = MakeListener();
  for (int round = 0; round < Rounds(150); ++round) {
    Connection connection = ConnectThrough(listener);
    const Handle port = MakePort();
    if (round % 2 == 0) Associate(port, connection.ours, 1);
    const Handle event = MakeEvent();
    CountedOperation operation;
    operation.hEvent = reinterpret_cast<HANDLE>(reinterpret_cast<ULONG_PTR>(event.get()) | 1);
    Issue(connection.ours, &operation, true);
    ASSERT_TRUE(operation.expected.load());
    StartLine start(3);
    std::thread peer([&] {
      start.Wait();
      SendAll(connection.peer, "x");
    });
    std::thread canceller([&] {
      start.Wait();
      CancelIoEx(connection.ours.handle(), &operation);
    });
    start.Wait();
    EXPECT_CODE(WaitForSingleObject(event, kDeadlineMs), WAIT_OBJECT_0) << "round " << round;
    EXPECT_TRUE(HasOverlappedIoCompleted(&operation));
    peer.join();
    canceller.join();
    ASSERT_TRUE(NothingQueued(port)) << "the low bit of hEvent asks for no packet";
  }
}

}  // namespace
