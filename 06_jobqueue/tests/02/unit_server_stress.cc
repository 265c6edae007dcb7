// The server under attack from many threads: floods, resets, id reuse on real sockets.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/support/recording_server.h"
#include "tests/support/task_input.h"
#include "tests/support/tcp_client.h"
#include "tests/support/test_support.h"

namespace {

using course_test::Packet;
using course_test::Sealed;
using net::AcceptMode;
using net::ServerOptions;
using net::SessionId;
using support::TcpClient;

// The clients here send the same frame over and over; what the sequence check does is
// unit_receive's business.
ServerOptions Unnumbered(ServerOptions options) {
  options.check_sequence = false;
  return options;
}

// Counts instead of writing down, so that the server's own locks are the only ones in the way.
class CountingServer : public net::Server {
 public:
  explicit CountingServer(ServerOptions options) : Server(Unnumbered(std::move(options))) {}
  ~CountingServer() override { Stop(); }

  std::atomic<std::uint64_t> joins{0};
  std::atomic<std::uint64_t> leaves{0};
  std::atomic<std::uint64_t> packets{0};
  std::atomic<std::uint64_t> wrong{
      0};  // a callback that contradicts the order of one session's life
  std::atomic<std::uint64_t> last_ids[16]{};

  // Where a slot's tenant is in its life; index = the id's index.
  struct alignas(64) Life {
    std::atomic<std::uint64_t> tenant{0};  // id between join and leave, else 0
    std::atomic<int> inside{0};            // OnRecv calls running: one at most
  };
  std::vector<Life> lives = std::vector<Life>(256);

 protected:
  void OnClientJoin(SessionId id) override {
    if (lives.at(id.index()).tenant.exchange(id.value) != 0) ++wrong;
    last_ids[++joins % 16] = id.value;
    SendPacket(id, Sealed(Packet("welcome")));
  }
  void OnClientLeave(SessionId id, std::string_view) override {
    if (lives.at(id.index()).tenant.exchange(0) != id.value) ++wrong;
    if (SendPacket(id, Sealed(Packet("late"))) != net::SendResult::kStaleId) ++wrong;
    ++leaves;
  }
  void OnRecv(SessionId id, const net::PacketRef& packet) override {
    Life& life = lives.at(id.index());
    if (life.tenant.load() != id.value || ++life.inside != 1) ++wrong;
    ++packets;
    SendPacket(id, Sealed(Packet(std::string(packet->body().begin(), packet->body().end()))));
    --life.inside;
  }
};

class ServerStress : public testing::TestWithParam<AcceptMode> {};

INSTANTIATE_TEST_SUITE_P(Modes, ServerStress,
                         testing::Values(AcceptMode::kAcceptThread, AcceptMode::kAcceptEx),
                         [](const auto& mode) {
                           return mode.param == AcceptMode::kAcceptEx ? "AcceptEx" : "AcceptThread";
                         });

// Clients come, talk, and go in every way there is; meanwhile other threads send to and disconnect
// whatever ids they remember, most of them stale. Few slots, so each is reused all the time.
TEST_P(ServerStress, ConnectSendResetDisconnectFromManyThreads) {
  const std::uint64_t seed = course_test::TestSeed();
  const int rounds = 120 * course_test::StressFactor();
  TASK_INPUT("02.1", "8 slots, 3 client threads, 2 meddlers, seed " << seed);
  ServerOptions options;
  options.accept_mode = GetParam();
  options.session_max = 8;
  options.worker_threads = 3;
  CountingServer server(options);
  ASSERT_EQ(server.Start().error(), "");

  std::atomic<int> clients_at_work{3};
  std::atomic<std::uint64_t> refused_connects{0};
  const auto clients = [&](std::uint64_t thread) {
    course_test::Random random(seed + thread);
    for (int i = 0; i < rounds; ++i) {
      try {
        TcpClient client(server.port());
        const std::size_t talk = random.Below(4);
        for (std::size_t n = 0; n < talk; ++n) client.Send(Packet("hello"));
        switch (random.Below(4)) {
          case 0:
            client.Reset();
            break;
          case 1:
            client.FinishSending();
            client.ReceiveToEnd();
            break;
          case 2:
            client.Receive(5);
            break;
          default:
            break;  // closed by the destructor, with unread bytes: a reset for the server
        }
      } catch (const std::exception&) {
        ++refused_connects;  // the listen queue was full for a moment
      }
    }
    --clients_at_work;
  };
  const auto meddler = [&](std::uint64_t thread) {
    course_test::Random random(seed + 50 + thread);
    while (clients_at_work.load() > 0) {
      const SessionId id{server.last_ids[random.Below(16)].load()};
      if (random.OneIn(50)) {
        server.Disconnect(id);
      } else {
        server.SendPacket(id, Sealed(Packet("from outside")));
      }
      if (random.OneIn(20)) server.PostInnerRequest(net::Packet::Make(0));
      std::this_thread::yield();
    }
  };
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 3; ++t) threads.emplace_back(clients, t);
  for (std::uint64_t t = 0; t < 2; ++t) threads.emplace_back(meddler, t);
  for (std::thread& thread : threads) thread.join();

  const net::StopReport report = server.Stop();
  EXPECT_EQ(report.live_sessions, 0u);
  EXPECT_EQ(report.outstanding_operations, 0u);
  EXPECT_EQ(server.wrong.load(), 0u) << "seed " << seed;
  EXPECT_EQ(server.joins.load(), server.leaves.load()) << "each join has exactly one leave";
  EXPECT_GT(server.joins.load(), 0u);
  EXPECT_GT(server.packets.load(), 0u);
  EXPECT_LT(refused_connects.load(), static_cast<std::uint64_t>(rounds));
}

// A disconnect just when the receive is posted anew: between the look at the flag and the call
// there is nothing to cancel yet, and afterwards nobody would. The client waits, so nothing else
// ends it.
TEST_P(ServerStress, ADisconnectWhileTheNextReceiveIsPostedIsNotLost) {
  const std::uint64_t seed = course_test::TestSeed();
  const int rounds = 400 * course_test::StressFactor();
  ServerOptions options;
  options.accept_mode = GetParam();
  options.session_max = 8;
  options.worker_threads = 2;
  course_test::RecordingServer server(options);
  std::atomic<std::uint64_t> ready{0};  // the id whose OnRecv is about to return
  std::atomic<bool> done{false};
  server.on_packet = [&](SessionId id, const std::string&) { ready = id.value; };
  std::thread disconnector([&] {
    course_test::Random random(seed);
    while (!done) {
      const SessionId id{ready.exchange(0)};
      if (!id) {
        std::this_thread::yield();
        continue;
      }
      for (std::size_t spin = random.Below(2000); spin > 0; --spin) {
        std::atomic_signal_fence(std::memory_order_seq_cst);  // a few nanoseconds
      }
      server.Disconnect(id);
    }
  });
  EXPECT_EQ(server.Start().error(), "");
  for (int round = 1; round <= rounds; ++round) {
    TcpClient client(server.port());
    if (!client.Send(Packet("x")) || !server.AwaitLeaves(static_cast<std::size_t>(round))) {
      ADD_FAILURE() << "disconnected, and never left: round " << round << ", seed " << seed;
      break;
    }
  }
  done = true;
  disconnector.join();
  EXPECT_EQ(server.Stop().live_sessions, 0u);
}

// Many clients at once, more than the server takes: each is either served or refused in order, the
// acceptor neither stops nor spins, and afterwards the server takes new ones.
TEST_P(ServerStress, AcceptFlood) {
  constexpr std::uint32_t kMax = 20;
  constexpr int kThreads = 4;
  const int connects = 60 * course_test::StressFactor();
  ServerOptions options;
  options.accept_mode = GetParam();
  options.session_max = kMax;
  options.backlog = 16;
  options.worker_threads = 2;
  CountingServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  std::atomic<std::uint64_t> served{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      std::vector<TcpClient> kept;
      for (int i = 0; i < connects; ++i) {
        try {
          TcpClient client(server.port());
          if (client.Receive(Packet("welcome").size()) == Packet("welcome"))
            ++served;  // or the end: refused
          kept.push_back(std::move(client));
          if (kept.size() > 10) kept.clear();
        } catch (const std::exception&) {
          continue;  // the listen queue was full for a moment
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(served.load(), kMax);
  EXPECT_TRUE(course_test::Eventually([&] { return server.live_sessions() == 0; }));
  TcpClient after(server.port());
  EXPECT_EQ(after.Receive(Packet("welcome").size()), Packet("welcome"));
  server.Stop();
  EXPECT_EQ(server.wrong.load(), 0u);
  EXPECT_EQ(server.joins.load(), server.leaves.load());
}

// Stop in the middle of everything: it must end, and nothing may be left.
TEST_P(ServerStress, StopUnderLoad) {
  const int rounds = 12 * course_test::StressFactor();
  TASK_INPUT("02.5", "Stop while clients come, talk and go, " << rounds << " times");
  for (int round = 0; round < rounds; ++round) {
    ServerOptions options;
    options.accept_mode = GetParam();
    options.session_max = 32;
    options.worker_threads = 3;
    CountingServer server(options);
    ASSERT_EQ(server.Start().error(), "");
    const std::uint16_t port = server.port();
    std::atomic<bool> stop{false};
    std::thread client([&] {
      while (!stop) {
        try {
          TcpClient one(port);
          one.Send(Packet("a") + Packet("b"));
          TcpClient two(port);
          // Not for long: a connection that was half accepted when the listener closed is dropped
          // by Linux without a reset now and then, and then nobody would ever answer.
          two.Receive(1, std::chrono::milliseconds(500));
        } catch (const std::exception&) {
          std::this_thread::yield();  // the listener is gone: that is the point
        }
      }
    });
    EXPECT_TRUE(course_test::Eventually([&] { return server.packets.load() >= 3; }));
    const net::StopReport report = server.Stop();
    stop = true;
    client.join();
    EXPECT_EQ(report.live_sessions, 0u);
    EXPECT_EQ(report.outstanding_operations, 0u);
    EXPECT_EQ(server.wrong.load(), 0u);
    EXPECT_EQ(server.joins.load(), server.leaves.load());
  }
}

}  // namespace
