// The send path on real sockets: the memory bound, and one session that must not keep a
// thread.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "net/block_pool.h"
#include "net/send_node.h"
#include "net/send_turn.h"
#include "tests/04/unit_send_path.h"
#include "tests/support/task_input.h"
#include "tests/support/tcp_client.h"
#include "tests/support/test_support.h"

namespace {

using course_test::AtOnce;
using course_test::Eventually;
using course_test::Frame;
using course_test::MakePacket;
using course_test::Packet;
using course_test::RecordingServer;
using course_test::SendPathTest;
using net::PacketRef;
using net::SendResult;
using net::SendTurn;
using net::ServerOptions;
using net::SessionId;
using support::TcpClient;

TEST_P(SendPathTest, ASlowReaderIsDisconnectedAndTheOthersGoOn) {
  TASK_INPUT("04.3", "packets of 4000 bytes, bound 256 KiB, mode " << GetParam().name);
  ServerOptions options = Options();
  options.send_memory_max = 256 * 1024;
  options.socket_options.send_buffer = 16 * 1024;
  RecordingServer server(options);
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  TcpClient slow(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  const SessionId id = server.Joined().at(0);
  TcpClient good(server.port());
  ASSERT_TRUE(server.AwaitJoins(2));
  SendResult result = SendResult::kOk;
  std::int64_t most = 0;
  for (int i = 0; i < 100'000 && result == SendResult::kOk; ++i) {
    result = server.SendPacket(id, MakePacket(server, std::string(4000, 'x')));
    most = std::max(most, net::Packet::LiveCount());
  }
  EXPECT_TRUE(result == SendResult::kMemory) << ToString(result);
  EXPECT_LE(most, 256 * 1024 / 4000 + 2) << "the queue must not grow beyond the bound";
  ASSERT_TRUE(server.AwaitLeaves(1));
  EXPECT_EQ(server.StoryOf(id).back(), "leave: send memory exceeded");
  ASSERT_TRUE(good.Send(Packet("still here")));
  EXPECT_EQ(good.Receive(Packet("still here").size()), Packet("still here"));
  EXPECT_TRUE(Eventually([] { return net::Packet::LiveCount() == 0; }));
  ExpectCleanStop(server);
}

// The shortest packets hold ten times the memory that their bytes need: a block of the pool each,
// and a node.
TEST_P(SendPathTest, TheBoundCountsMemoryNotBytes) {
  TASK_INPUT("04.3", "empty packets, bound 256 KiB, mode " << GetParam().name);
  ServerOptions options = Options();
  options.send_memory_max = 256 * 1024;
  options.socket_options.send_buffer = 16 * 1024;
  RecordingServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  const TcpClient slow(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  const SessionId id = server.Joined().at(0);
  SendResult result = SendResult::kOk;
  std::int64_t most = 0;
  for (int i = 0; i < 1'000'000 && result == SendResult::kOk; ++i) {
    result = server.SendPacket(id, MakePacket(server, ""));
    const std::int64_t nodes = net::LiveSendNodes();
    most = std::max(most, net::LiveBlocks(net::BlockUse::kPacket) * std::int64_t{net::kBlockMin} +
                              nodes * static_cast<std::int64_t>(sizeof(net::SendNode)));
  }
  EXPECT_TRUE(result == SendResult::kMemory) << ToString(result);
  EXPECT_LE(most, 256 * 1024 + 1024) << "one packet above the bound at most";
  ASSERT_TRUE(server.AwaitLeaves(1));
  ExpectCleanStop(server);
}

TEST_P(SendPathTest, StopGivesEveryQueuedPacketBack) {
  TASK_INPUT("04.6", "10 clients, 200 packets for each, Stop; mode " << GetParam().name);
  ServerOptions options = Options();
  options.send_memory_max = 64 << 20;
  options.socket_options.send_buffer = 16 * 1024;
  RecordingServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  std::vector<TcpClient> clients;
  for (int i = 0; i < 10; ++i) clients.emplace_back(server.port());
  ASSERT_TRUE(server.AwaitJoins(10));
  const PacketRef packet = MakePacket(server, std::string(60'000, 'x'));
  for (int i = 0; i < 200; ++i) {
    for (const SessionId id : server.Joined()) server.SendPacket(id, packet);
  }
  EXPECT_GT(net::LiveSendNodes(), 0) << "nobody reads, so much must be queued";
  ExpectCleanStop(server);
  EXPECT_EQ(net::LiveSendNodes(), 0);
  EXPECT_EQ(net::Packet::LiveCount(), 1) << "only the test's own use is left";
}

// There is room for one packet more, and two threads send one at the same moment. Nothing leaves
// meanwhile, because a turn owns the flags.
TEST_P(SendPathTest, TheBoundHoldsWhenTwoSendAtOnce) {
  constexpr std::size_t kClients = 60;
  TASK_INPUT("04.3", kClients << " sessions with room for one packet, two senders, mode "
                              << GetParam().name);
  ServerOptions options = Options();
  options.send_memory_max = 64 * 1024;
  RecordingServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  std::vector<TcpClient> clients;
  for (std::size_t i = 0; i < kClients; ++i) clients.emplace_back(server.port());
  ASSERT_TRUE(server.AwaitJoins(kClients));
  const std::vector<SessionId> ids = server.Joined();
  {
    const PacketRef packet = MakePacket(server, "one of very many");
    const std::uint32_t room_for = options.send_memory_max / net::QueuedMemory(*packet);
    const SendTurn turn(server);
    for (const SessionId id : ids) {
      for (std::uint32_t i = 1; i < room_for; ++i) {
        ASSERT_EQ(server.SendPacket(id, packet), SendResult::kOk) << i << " of " << room_for;
      }
    }
    AtOnce start;
    std::array<std::atomic<int>, kClients> taken{};
    const auto send = [&] {
      for (std::size_t i = 0; i < kClients; ++i) {
        start.Go(static_cast<int>(i));
        if (server.SendPacket(ids[i], packet) == SendResult::kOk) ++taken[i];
      }
    };
    std::thread other(send);
    send();
    other.join();
    for (std::size_t i = 0; i < kClients; ++i) EXPECT_LE(taken[i], 1) << "session " << i;
  }
  ASSERT_TRUE(Eventually([] { return net::LiveSendNodes() == 0; }));
  ExpectCleanStop(server);
}

TEST_P(SendPathTest, WhatHasLeftCountsNoMore) {
  TASK_INPUT("04.4",
             "200 packets of 4000 bytes, each is read, bound 64 KiB, mode " << GetParam().name);
  ServerOptions options = Options();
  options.send_memory_max = 64 * 1024;
  RecordingServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  for (int i = 0; i < 200; ++i) {
    const PacketRef packet = MakePacket(server, std::string(4000, 'x'));
    ASSERT_EQ(server.SendPacket(server.Joined().at(0), packet), SendResult::kOk) << i;
    ASSERT_EQ(client.Receive(Frame(packet).size()), Frame(packet));
  }
  ExpectCleanStop(server);
}

// One of the two often comes when the other has just found nothing more to send.
TEST_P(SendPathTest, TwoSendersOfOneSessionLoseNothing) {
  constexpr int kRounds = 2'000;
  const std::uint64_t seed = course_test::TestSeed();
  TASK_INPUT("04.4", "two threads, " << kRounds << " packets each to one session, mode "
                                     << GetParam().name << ", seed " << seed);
  RecordingServer server(Options());
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  const SessionId id = server.Joined().at(0);
  std::size_t size = 0;
  {
    const PacketRef packet = MakePacket(server, "x");
    size = Frame(packet).size();
    AtOnce start;
    const auto send = [&](std::uint64_t who) {
      course_test::Random random(seed + who);
      for (int round = 0; round < kRounds; ++round) {
        start.Go(round);
        const std::size_t wait = random.Below(3000);  // up to the time that a send takes
        for (std::atomic<std::size_t> spins = 0; spins < wait; ++spins) {
        }
        EXPECT_EQ(server.SendPacket(id, packet), SendResult::kOk);
      }
    };
    std::thread other(send, 1);
    send(0);
    other.join();
  }
  EXPECT_EQ(client.Receive(2 * kRounds * size).size(), 2 * kRounds * size) << "a packet lies there";
  ExpectCleanStop(server);
}

// Sends of this thread, beside the counts of all.
class OwnSends final : public course_test::CountingProbe {
 public:
  void OnSendBegins(SessionId id) override {
    if (std::this_thread::get_id() == me_) ++own;
    CountingProbe::OnSendBegins(id);
  }
  int own = 0;  // the test's thread only

 private:
  const std::thread::id me_ = std::this_thread::get_id();
};

TEST_P(SendPathTest, ASessionWithMuchToSendDoesNotKeepTheThread) {
  TASK_INPUT("04.4", "500 packets in one turn, one per send, mode " << GetParam().name);
  OwnSends probe;
  ServerOptions options = Options();
  options.send_packet_max = 1;
  options.send_probe = &probe;
  RecordingServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  std::string expected;
  {
    const SendTurn turn(server);
    for (int i = 0; i < 500; ++i) {
      const PacketRef packet = MakePacket(server, "packet " + std::to_string(i));
      expected += Frame(packet);
      EXPECT_EQ(server.SendPacket(server.Joined().at(0), packet), SendResult::kOk);
    }
  }
  EXPECT_EQ(client.Receive(expected.size()), expected);
  EXPECT_GE(probe.own, 1);
  EXPECT_LE(probe.own, 16) << "the rest is for a worker";
  ExpectCleanStop(server);
  EXPECT_EQ(probe.sends(), 500);
  EXPECT_EQ(probe.two_at_once(), 0);
}

}  // namespace
