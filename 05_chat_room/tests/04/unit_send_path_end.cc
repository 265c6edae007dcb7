// The send path on real sockets (D3, D4, C6): the last packet of a session, and the memory bound.
#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "net/send_node.h"
#include "net/send_turn.h"
#include "tests/04/unit_send_path.h"
#include "tests/support/tcp_client.h"
#include "tests/support/test_support.h"

namespace {

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

// --- the last packet -------------------------------------------------------------------------------

// Everything arrives, then the end, though the client has sent something that nobody read: closing
// the socket at once would answer that with a reset, and a reset eats what is still on its way.
TEST_P(SendPathTest, SendAndDisconnectDeliversEverything) {
  ServerOptions options = Options();
  options.socket_options.send_buffer = 16 * 1024;
  options.send_memory_max = 8 << 20;
  RecordingServer server(options);
  std::string expected;
  std::atomic<bool> refused_afterwards{false};
  server.on_packet = [&](SessionId id, const std::string& text) {
    if (text != "go") return;
    for (int i = 0; i < 2000; ++i) {
      server.SendPacket(id, MakePacket(server, std::string(1000, 'a') + std::to_string(i)));
    }
    server.SendAndDisconnect(id, MakePacket(server, "bye"), "kicked");
    refused_afterwards = server.SendPacket(id, MakePacket(server, "x")) == SendResult::kClosing;
  };
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(client.Send(Packet("go")));
  ASSERT_TRUE(server.Await([&] { return server.packets >= 1; }));
  ASSERT_TRUE(client.Send(Packet("not read by anybody")));
  for (int i = 0; i < 2000; ++i) {
    expected += Frame(MakePacket(server, std::string(1000, 'a') + std::to_string(i)));
  }
  expected += Frame(MakePacket(server, "bye"));
  const TcpClient::Rest rest = client.ReceiveToEnd();
  EXPECT_TRUE(rest.closed);
  EXPECT_FALSE(rest.reset) << "an orderly end, not a reset";
  EXPECT_EQ(rest.data.size(), expected.size());
  EXPECT_TRUE(refused_afterwards);
  ASSERT_TRUE(server.AwaitLeaves(1));
  EXPECT_EQ(server.StoryOf(server.Joined().at(0)).back(), "leave: kicked");
  client.Close();
  EXPECT_TRUE(Eventually([&] { return server.deferred_close().closed() == 1; }));
  ExpectCleanStop(server);
}

TEST_P(SendPathTest, APeerThatNeverReadsIsGivenUpInTime) {
  ServerOptions options = Options();
  options.linger_ms = 200;
  RecordingServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  const SessionId id = server.Joined().at(0);
  EXPECT_EQ(server.SendAndDisconnect(id, MakePacket(server, "bye"), "kicked"), SendResult::kOk);
  ASSERT_TRUE(server.AwaitLeaves(1));  // the session ends at once, the socket lingers without it
  EXPECT_EQ(server.StoryOf(id).back(), "leave: kicked");
  ASSERT_TRUE(Eventually([&] { return server.deferred_close().given_up() == 1; }));
  EXPECT_TRUE(Eventually([&] { return server.deferred_close().lingering() == 0; }));
  ExpectCleanStop(server);
}

// More than the system buffers: the send itself never completes, and the watch ends it.
TEST_P(SendPathTest, ALastPacketThatCannotLeaveIsGivenUpInTime) {
  ServerOptions options = Options();
  options.linger_ms = 200;
  options.send_memory_max = 64 << 20;
  options.socket_options.send_buffer = 16 * 1024;
  RecordingServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  const SessionId id = server.Joined().at(0);
  {
    const SendTurn turn(server);
    for (int i = 0; i < 800; ++i) {
      ASSERT_EQ(server.SendPacket(id, MakePacket(server, std::string(50'000, 'x'))),
                SendResult::kOk);
    }
    EXPECT_EQ(server.SendAndDisconnect(id, MakePacket(server, "bye"), "kicked"), SendResult::kOk);
  }
  ASSERT_TRUE(server.AwaitLeaves(1));
  EXPECT_EQ(server.StoryOf(id).back(), "leave: last packet not taken in time");
  ExpectCleanStop(server);
}

TEST_P(SendPathTest, StopWaitsForLastPacketsNoLongerThanTheirTime) {
  ServerOptions options = Options();
  options.linger_ms = 100;
  RecordingServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  std::vector<TcpClient> clients;
  for (int i = 0; i < 30; ++i) clients.emplace_back(server.port());
  ASSERT_TRUE(server.AwaitJoins(30));
  for (const SessionId id : server.Joined()) {
    EXPECT_EQ(server.SendAndDisconnect(id, MakePacket(server, "bye"), "kicked"), SendResult::kOk);
  }
  ASSERT_TRUE(server.AwaitLeaves(30));
  ExpectCleanStop(server);  // one after the other would take 3 seconds; the sockets linger together
  EXPECT_EQ(server.deferred_close().given_up() + server.deferred_close().closed(), 30u);
  for (TcpClient& client : clients) {
    EXPECT_EQ(client.Receive(Frame(MakePacket(server, "bye")).size()).size(),
              Frame(MakePacket(server, "bye")).size());
  }
}

// The peer's FIN says "I send no more", not "I read no more".
TEST_P(SendPathTest, WhatIsQueuedAtThePeersEndStillLeaves) {
  ServerOptions options = Options();
  options.socket_options.send_buffer = 16 * 1024;
  options.send_memory_max = 8 << 20;
  RecordingServer server(options);
  server.on_packet = [&](SessionId id, const std::string&) {
    for (int i = 0; i < 500; ++i) server.SendPacket(id, MakePacket(server, std::string(2000, 'y')));
  };
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(client.Send(Packet("one") + Packet("two")));
  client.FinishSending();
  const TcpClient::Rest rest = client.ReceiveToEnd();
  EXPECT_TRUE(rest.closed && !rest.reset);
  EXPECT_EQ(rest.data.size(), 1000 * Frame(MakePacket(server, std::string(2000, 'y'))).size());
  ASSERT_TRUE(server.AwaitLeaves(1));
  EXPECT_EQ(server.StoryOf(server.Joined().at(0)).back(), "leave: closed by the peer");
  ExpectCleanStop(server);
}

// --- bounds ----------------------------------------------------------------------------------------

TEST_P(SendPathTest, ASlowReaderIsDisconnectedAndTheOthersGoOn) {
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
  EXPECT_TRUE(result == SendResult::kMemory) << "task 04.4: " << ToString(result);
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

}  // namespace
