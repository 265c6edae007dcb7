// The send path on real sockets: the last packet of a session.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

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

// --- the last packet -------------------------------------------------------------------------------

// Everything arrives, then the end, though the client has sent something that nobody read: closing
// the socket at once would answer that with a reset, and a reset eats what is still on its way.
TEST_P(SendPathTest, SendAndDisconnectDeliversEverything) {
  TASK_INPUT("04.7", "700 packets, then the last one; the client's bytes are not read; mode "
                         << GetParam().name);
  ServerOptions options = Options();
  options.socket_options.send_buffer = 16 * 1024;
  options.send_memory_max = 8 << 20;
  options.linger_ms = 30'000;  // a busy machine takes longer than the usual five seconds
  RecordingServer server(options);
  std::string expected;
  std::atomic<bool> refused_afterwards{false};
  server.on_packet = [&](SessionId id, const std::string& text) {
    if (text != "go") return;
    for (int i = 0; i < 700; ++i) {
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
  for (int i = 0; i < 700; ++i) {
    expected += Frame(MakePacket(server, std::string(1000, 'a') + std::to_string(i)));
  }
  expected += Frame(MakePacket(server, "bye"));
  const TcpClient::Rest rest = client.ReceiveToEnd();
  EXPECT_TRUE(rest.closed);
  EXPECT_FALSE(rest.reset) << "an orderly end, not a reset";
  ASSERT_EQ(rest.data.size(), expected.size());
  EXPECT_TRUE(refused_afterwards);
  ASSERT_TRUE(server.AwaitLeaves(1));
  EXPECT_EQ(server.StoryOf(server.Joined().at(0)).back(), "leave: kicked");
  client.Close();
  EXPECT_TRUE(Eventually([&] { return server.deferred_close().closed() == 1; }));
  ExpectCleanStop(server);
}

// Two threads give each session its last packet at the same moment: one of them is the last, and
// its reason is the session's.
TEST_P(SendPathTest, TheLastPacketIsTheLastAndOneOfTwoWins) {
  constexpr std::size_t kClients = 60;
  static constexpr std::array<const char*, 2> kReasons{"by one", "by the other"};
  TASK_INPUT("04.3", kClients << " sessions, two threads that give a last packet at once, mode "
                              << GetParam().name);
  RecordingServer server(Options());
  ASSERT_EQ(server.Start().error(), "");
  std::vector<TcpClient> clients;
  std::vector<SessionId> ids;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.emplace_back(server.port());
    ASSERT_TRUE(server.AwaitJoins(i + 1));
    ids.push_back(server.Joined().back());
  }
  std::array<std::string, 2> frames;
  {
    const std::array<PacketRef, 2> packets{MakePacket(server, kReasons[0]),
                                           MakePacket(server, kReasons[1])};
    for (std::size_t i = 0; i < 2; ++i) frames[i] = Frame(packets[i]);
    AtOnce start;
    const auto send = [&](std::size_t who) {
      for (std::size_t i = 0; i < kClients; ++i) {
        start.Go(static_cast<int>(i));
        const SendResult result = server.SendAndDisconnect(ids[i], packets[who], kReasons[who]);
        EXPECT_TRUE(result != SendResult::kFailed && result != SendResult::kMemory)
            << ToString(result);
        EXPECT_NE(server.SendPacket(ids[i], packets[who]), SendResult::kOk);
      }
    };
    std::thread other(send, 1);
    send(0);
    other.join();
  }
  for (std::size_t i = 0; i < kClients; ++i) {
    const TcpClient::Rest rest = clients[i].ReceiveToEnd();
    const auto which = std::find(frames.begin(), frames.end(), rest.data);
    ASSERT_NE(which, frames.end()) << "not one last packet but " << rest.data.size() << " bytes";
    clients[i].Close();
    ASSERT_TRUE(server.AwaitLeaves(i + 1));
    EXPECT_EQ(server.StoryOf(ids[i]).back(),
              std::string("leave: ") + kReasons[static_cast<std::size_t>(which - frames.begin())]);
  }
  ExpectCleanStop(server);
}

TEST_P(SendPathTest, APeerThatNeverReadsIsGivenUpInTime) {
  TASK_INPUT("04.7", "the peer neither reads nor closes, linger 200 ms, mode " << GetParam().name);
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
  TASK_INPUT("04.7", "30 sockets that linger, 100 ms each, mode " << GetParam().name);
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

}  // namespace
