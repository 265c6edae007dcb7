// Races: many threads issue, complete, cancel, close, associate and post at the same time. Whatever
// the order, each operation completes exactly once, and nothing is left: no handle, no operation
// record, no descriptor. Run under ThreadSanitizer and AddressSanitizer too (label "stress").
//
// COURSE_STRESS multiplies the rounds. The seed decides what each thread does, not how they
// interleave.
#include <algorithm>
#include <array>
#include <barrier>
#include <filesystem>
#include <memory>

#include "iocp/inspect.h"
#include "tests/test_support.h"

namespace {

using namespace course_test;

int Rounds(int linux_rounds) {
  return std::max(1, (RunningUnderWine() ? linux_rounds / 8 : linux_rounds)) * StressFactor();
}

// Wine's server process itself breaks under some of these races; then nothing about the port could
// be learned. The mark shows in the result.
bool WineServerBreaks() {
  return WineDiffers(
      "stress", "closing, cancelling and completing at once ends Wine's server process",
      "observed with Wine 8: wineserver aborts with 'corrupted double-linked list' or "
      "in release_object");
}

// Compares the port's books before and after. A background thread of the port may open what it
// needs once, so the first connection is made before the first reading.
class NothingLeftBehind {
 public:
  NothingLeftBehind() {
    WarmUp();
    // The event is set a moment before the background thread puts the operation's record back.
    EXPECT_TRUE(Eventually([] {
      const auto counters = iocp::ReadCounters();
      return !counters || (counters->live_operations == 0 && counters->open_descriptors == 0);
    }));
    before_ = iocp::ReadCounters();
    descriptors_ = OpenDescriptors();
  }
  ~NothingLeftBehind() {
    if (!before_) return;  // Windows shows nothing
    // A cancelled or closed operation may still be on its way out of another thread's hands.
    EXPECT_TRUE(Eventually([&] {
      return iocp::ReadCounters()->live_operations == before_->live_operations;
    })) << iocp::ReadCounters()->live_operations - before_->live_operations
        << " operation records";
    EXPECT_EQ(iocp::ReadCounters()->live_handles, before_->live_handles);
    EXPECT_TRUE(Eventually([&] { return OpenDescriptors() == descriptors_; }))
        << OpenDescriptors() << " descriptors are open, " << descriptors_ << " before";
    EXPECT_EQ(iocp::ReadCounters()->open_descriptors, before_->open_descriptors);
  }

 private:
  static void WarmUp() {
    const Connection connection = Connect();
    Operation receive;
    const Handle event = MakeEvent();
    receive.hEvent = event;
    EXPECT_TRUE(Receive(connection.ours, &receive).pended());
    SendAll(connection.peer, "x");
    EXPECT_CODE(WaitForSingleObject(event, kDeadlineMs), WAIT_OBJECT_0);
  }
  static std::size_t OpenDescriptors() {
#ifdef _WIN32
    return 0;
#else
    const std::filesystem::directory_iterator entries("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
#endif
  }

  std::optional<iocp::Counters> before_;
  std::size_t descriptors_ = 0;
};

struct CountedOperation : OVERLAPPED {
  CountedOperation() : OVERLAPPED{} {}
  std::atomic<int> packets{0};        // by the workers
  std::atomic<bool> expected{false};  // by the issuer: pended or succeeded
  std::array<char, 16> data{};
};

// Worker threads that count the packets of operations until they are told to end (key 0).
class Workers {
 public:
  Workers(HANDLE port, int count) : port_(port) {
    for (int i = 0; i < count; ++i) threads_.emplace_back([this, i] { Loop(i % 2 == 1); });
  }
  ~Workers() { End(); }
  void End() {
    for (std::size_t i = 0; i < threads_.size(); ++i)
      PostQueuedCompletionStatus(port_, 0, 0, nullptr);
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  int packets() const { return packets_.load(); }

 private:
  void Loop(bool batches) {
    std::array<OVERLAPPED_ENTRY, 8> entries{};
    for (;;) {
      ULONG count = 1;
      if (batches) {
        if (!GetQueuedCompletionStatusEx(port_, entries.data(), 8, &count, INFINITE, FALSE)) return;
      } else {
        const Dequeued got = Dequeue(port_, INFINITE);
        if (!got.ok && got.overlapped == nullptr) return;
        entries[0].lpCompletionKey = got.key;
        entries[0].lpOverlapped = got.overlapped;
      }
      int ends = 0;
      for (ULONG i = 0; i < count; ++i) {
        if (entries[i].lpCompletionKey == 0) {
          ++ends;
          continue;
        }
        static_cast<CountedOperation*>(entries[i].lpOverlapped)->packets.fetch_add(1);
        packets_.fetch_add(1);
      }
      if (ends == 0) continue;
      // A batch may have taken the end packets of others too: give those back.
      for (; ends > 1; --ends) PostQueuedCompletionStatus(port_, 0, 0, nullptr);
      return;
    }
  }

  const HANDLE port_;
  std::atomic<int> packets_{0};
  std::vector<std::thread> threads_;
};

void Issue(SOCKET socket, CountedOperation* operation, bool receive) {
  // Set before the call: the packet may be dequeued before it returns (P15).
  operation->expected.store(true);
  WSABUF buffer{static_cast<ULONG>(operation->data.size()), operation->data.data()};
  DWORD bytes = 0;
  DWORD flags = 0;
  const int result = receive ? WSARecv(socket, &buffer, 1, &bytes, &flags, operation, nullptr)
                             : WSASend(socket, &buffer, 1, &bytes, 0, operation, nullptr);
  if (result != 0 && WSAGetLastError() != WSA_IO_PENDING) operation->expected.store(false);
}

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
    std::barrier start(static_cast<std::ptrdiff_t>(kConnections * 2 + 3));
    for (std::size_t c = 0; c < kConnections; ++c) {
      for (const bool receive : {true, false}) {
        threads.emplace_back([&, c, receive] {
          CountedOperation* mine = &operations[(c * 2 + (receive ? 0 : 1)) * kPerThread];
          start.arrive_and_wait();
          for (std::size_t i = 0; i < kPerThread; ++i) Issue(sockets[c], mine + i, receive);
          issuing.fetch_sub(1);
        });
      }
    }
    threads.emplace_back([&, seed = seeds.Next()] {
      Random random(seed);
      start.arrive_and_wait();
      for (int i = 0; i < 8; ++i) {
        const HANDLE target = reinterpret_cast<HANDLE>(sockets[random.Below(kConnections)]);
        CancelIoEx(target,
                   random.OneIn(2) ? nullptr : &operations[random.Below(operations.size())]);
      }
    });
    threads.emplace_back([&, seed = seeds.Next()] {
      Random random(seed);
      start.arrive_and_wait();
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
      start.arrive_and_wait();
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

TEST(PortStress, OnlyOneOfManyAssociationsSucceeds) {
  const NothingLeftBehind check;
  for (int round = 0; round < Rounds(200); ++round) {
    std::array<Handle, 4> ports;
    for (Handle& port : ports) port = MakePort();
    const Socket socket = MakeTcp();
    std::atomic<int> succeeded{0};
    std::barrier start(4);
    std::vector<std::thread> threads;
    for (Handle& port : ports) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
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
    std::barrier start(4);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        if (closesocket(socket) == 0) closed.fetch_add(1);
      });
    }
    threads.emplace_back([&] {
      start.arrive_and_wait();
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
#endif

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
    std::barrier start(3);
    std::thread issuer([&] {
      start.arrive_and_wait();
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
      start.arrive_and_wait();
      for (int i = 0; i < 5; ++i) {
        const Socket client = MakeTcp();
        connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address);
      }
    });
    start.arrive_and_wait();
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
    std::barrier start(3);
    std::thread peer([&] {
      start.arrive_and_wait();
      SendAll(connection.peer, "x");
    });
    std::thread canceller([&] {
      start.arrive_and_wait();
      CancelIoEx(connection.ours.handle(), &operation);
    });
    start.arrive_and_wait();
    EXPECT_CODE(WaitForSingleObject(event, kDeadlineMs), WAIT_OBJECT_0) << "round " << round;
    EXPECT_TRUE(HasOverlappedIoCompleted(&operation));
    peer.join();
    canceller.join();
    ASSERT_TRUE(NothingQueued(port)) << "the low bit of hEvent asks for no packet";
  }
}

}  // namespace
