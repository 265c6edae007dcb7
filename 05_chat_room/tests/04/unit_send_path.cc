// The send path on real sockets: what one turn produces is gathered, and a broadcast is
// shared.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/send_turn.h"
#include "tests/04/unit_send_path.h"
#include "tests/support/task_input.h"
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

TEST_P(SendPathTest, WhatOneTurnProducesIsOneSend) {
  TASK_INPUT("04.5", "100 packets to one session, a turn inside a turn, mode " << GetParam().name);
  RecordingServer server(Options());
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  const SessionId id = server.Joined().at(0);
  std::string expected;
  {
    const SendTurn turn(server);
    for (int i = 0; i < 100; ++i) {
      const SendTurn inner(server);  // joins
      const PacketRef packet = MakePacket(server, "packet " + std::to_string(i));
      expected += Frame(packet);
      EXPECT_EQ(server.SendPacket(id, packet), SendResult::kOk);
    }
    EXPECT_EQ(probe_.sends(), 0) << "nothing leaves before the end of the turn";
  }
  EXPECT_EQ(client.Receive(expected.size()), expected);
  ASSERT_TRUE(Eventually([&] { return server.traffic().send_packets == 100; }));
  EXPECT_EQ(server.traffic().send_calls, 1u);
  EXPECT_EQ(probe_.sends(), 1);
  ExpectCleanStop(server);
}

TEST_P(SendPathTest, FlushSendsBeforeTheEndOfTheTurn) {
  TASK_INPUT("04.5", "one packet and FlushCurrent in a turn, mode " << GetParam().name);
  RecordingServer server(Options());
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  {
    SendTurn turn(server);
    const PacketRef packet = MakePacket(server, "now");
    EXPECT_EQ(server.SendPacket(server.Joined().at(0), packet), SendResult::kOk);
    SendTurn::FlushCurrent();
    EXPECT_EQ(client.Receive(Frame(packet).size()), Frame(packet));
  }
  ExpectCleanStop(server);
}

// A turn is of one server; one inside it, of another server, ends and gives the thread back.
TEST_P(SendPathTest, ATurnOfOneServerIsNoTurnOfAnother) {
  TASK_INPUT("04.5",
             "two servers, a turn of the second inside one of the first, mode " << GetParam().name);
  course_test::CountingProbe other_probe;
  ServerOptions other_options = Options();
  other_options.send_probe = &other_probe;
  RecordingServer server(Options());
  RecordingServer other(other_options);
  ASSERT_EQ(server.Start().error(), "");
  ASSERT_EQ(other.Start().error(), "");
  TcpClient client(server.port());
  TcpClient other_client(other.port());
  ASSERT_TRUE(server.AwaitJoins(1) && other.AwaitJoins(1));
  const SessionId id = server.Joined().at(0);
  const SessionId other_id = other.Joined().at(0);
  const PacketRef packet = MakePacket(server, "to the first");
  const PacketRef other_packet = MakePacket(other, "to the second");
  {
    const SendTurn turn(server);
    EXPECT_EQ(other.SendPacket(other_id, other_packet), SendResult::kOk);
    EXPECT_EQ(other_probe.sends(), 1) << "no turn of this server: sent at once";
    EXPECT_EQ(other_client.Receive(Frame(other_packet).size()), Frame(other_packet));
    {
      const SendTurn inner(other);
      EXPECT_EQ(other.SendPacket(other_id, other_packet), SendResult::kOk);
      EXPECT_EQ(other_probe.sends(), 1) << "its turn has not ended";
    }
    EXPECT_EQ(other_client.Receive(Frame(other_packet).size()), Frame(other_packet));
    EXPECT_EQ(server.SendPacket(id, packet), SendResult::kOk);
    EXPECT_EQ(probe_.sends(), 0) << "the outer turn goes on";
  }
  EXPECT_EQ(client.Receive(Frame(packet).size()), Frame(packet));
  ExpectCleanStop(server);
  EXPECT_EQ(other.Stop().outstanding_operations, 0u);
}

TEST_P(SendPathTest, TheBatchIsBoundedAndNothingBeyondItIsLost) {
  TASK_INPUT("04.4", "1000 packets in one turn, 8 per send, mode " << GetParam().name);
  ServerOptions options = Options();
  options.send_packet_max = 8;
  RecordingServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  std::string expected;
  {
    const SendTurn turn(server);
    for (int i = 0; i < 1000; ++i) {
      const PacketRef packet = MakePacket(server, "packet " + std::to_string(i));
      expected += Frame(packet);
      EXPECT_EQ(server.SendPacket(server.Joined().at(0), packet), SendResult::kOk);
    }
  }
  EXPECT_EQ(client.Receive(expected.size()), expected);
  ASSERT_TRUE(Eventually([&] { return server.traffic().send_packets == 1000; }));
  EXPECT_EQ(server.traffic().send_calls, 125u);
  ExpectCleanStop(server);
}

// All that a callback sends is part of the worker's turn.
TEST_P(SendPathTest, ACallbackSendsInOneTurn) {
  TASK_INPUT("04.6", "a callback that sends 50 packets, mode " << GetParam().name);
  RecordingServer server(Options());
  server.on_packet = [&](SessionId id, const std::string&) {
    for (int i = 0; i < 50; ++i) server.SendPacket(id, MakePacket(server, std::to_string(i)));
  };
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(client.Send(Packet("go")));
  std::string expected;
  for (int i = 0; i < 50; ++i) expected += Frame(MakePacket(server, std::to_string(i)));
  EXPECT_EQ(client.Receive(expected.size()).size(), expected.size());
  ASSERT_TRUE(Eventually([&] { return server.traffic().send_packets == 50; }));
  EXPECT_EQ(server.traffic().send_calls, 1u);
  ExpectCleanStop(server);
}

TEST_P(SendPathTest, ABroadcastIsEncodedOnceAndShared) {
  RecordingServer server(Options());
  ASSERT_EQ(server.Start().error(), "");
  std::vector<TcpClient> clients;
  for (int i = 0; i < 20; ++i) clients.emplace_back(server.port());
  ASSERT_TRUE(server.AwaitJoins(20));
  std::vector<PacketRef> said;
  std::string expected;
  for (int i = 0; i < 10; ++i) {
    said.push_back(MakePacket(server, "line " + std::to_string(i)));
    expected += Frame(said.back());
  }
  const PacketRef blob = net::Packet::Join(said);
  said.clear();
  EXPECT_EQ(net::Packet::LiveCount(), 1);
  EXPECT_EQ(Frame(blob), expected);
  {
    const SendTurn turn(server);
    for (const SessionId id : server.Joined()) {
      EXPECT_EQ(server.SendPacket(id, blob), SendResult::kOk);
    }
    EXPECT_EQ(net::Packet::LiveCount(), 1) << "twenty sends share one packet";
  }
  for (TcpClient& client : clients) EXPECT_EQ(client.Receive(expected.size()), expected);
  ExpectCleanStop(server);
}

TEST_P(SendPathTest, SendPacketAsyncIsSentByAWorker) {
  TASK_INPUT("04.3", "300 packets, two of three asynchronous, mode " << GetParam().name);
  RecordingServer server(Options());
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  const SessionId id = server.Joined().at(0);
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    const PacketRef packet = MakePacket(server, "packet " + std::to_string(i));
    expected += Frame(packet);
    EXPECT_EQ(i % 3 == 2 ? server.SendPacket(id, packet) : server.SendPacketAsync(id, packet),
              SendResult::kOk);
  }
  EXPECT_EQ(client.Receive(expected.size()), expected);
  ExpectCleanStop(server);
}

TEST_P(SendPathTest, BadSendsAreRefusedWithAReason) {
  TASK_INPUT("04.3", "not sealed; a stale id; a session that closes; mode " << GetParam().name);
  RecordingServer server(Options());
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  const SessionId id = server.Joined().at(0);
  EXPECT_EQ(server.SendPacket(id, net::Packet::Make(1)), SendResult::kNotSealed);
  const PacketRef packet = MakePacket(server, "x");
  EXPECT_EQ(server.SendPacket(SessionId::Make(id.serial() + 1, id.index()), packet),
            SendResult::kStaleId);
  ASSERT_TRUE(server.Disconnect(id));
  const SendResult late = server.SendPacket(id, packet);
  EXPECT_TRUE(late == SendResult::kClosing || late == SendResult::kStaleId) << ToString(late);
  ExpectCleanStop(server);
}

}  // namespace
