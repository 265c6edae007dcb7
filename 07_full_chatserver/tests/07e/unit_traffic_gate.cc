// The gate of the congestion control on real sockets: nothing leaves and nobody comes in while it
// is closed; nothing is lost by it; a stop opens it.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/recording_server.h"
#include "tests/support/task_input.h"
#include "tests/support/tcp_client.h"
#include "tests/support/test_support.h"

namespace {

using course_test::RecordingServer;
using support::TcpClient;

net::ServerOptions Options(net::AcceptMode mode) {
  net::ServerOptions options;
  options.worker_threads = 2;
  options.session_max = 16;
  options.accept_mode = mode;
  options.accepts_outstanding = 1;
  return options;
}

net::PacketRef Numbered(const RecordingServer& server, std::uint32_t number) {
  net::PacketRef packet = net::Packet::Make(1);
  *packet << number;
  EXPECT_TRUE(server.Seal(*packet));
  return packet;
}

class TrafficGateTest : public testing::TestWithParam<net::AcceptMode> {};

TEST_P(TrafficGateTest, WhatIsSentWhileItIsClosedLeavesInOrderWhenItOpens) {
  TASK_INPUT("07e.4", "20 packets at the closed gate");
  RecordingServer server(Options(GetParam()));
  ASSERT_TRUE(server.Start().ok());
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  const net::SessionId id = server.Joined().at(0);
  server.PauseTraffic();
  const std::size_t size = Numbered(server, 0)->frame().size();
  for (std::uint32_t i = 0; i < 20; ++i) {
    EXPECT_EQ(server.SendPacket(id, Numbered(server, i)), net::SendResult::kOk);
  }
  EXPECT_EQ(server.traffic().send_calls, 0U);
  EXPECT_TRUE(client.Receive(1, std::chrono::milliseconds(50)).empty());
  server.ResumeTraffic();
  EXPECT_EQ(client.Receive(20 * size).size(), 20 * size);
  EXPECT_EQ(server.SendPacket(id, Numbered(server, 20)), net::SendResult::kOk);
  EXPECT_EQ(client.Receive(size).size(), size);
}

// Nobody, not even those whose accepts were on their way when it closed: the one of the thread, or
// all that AcceptEx keeps outstanding.
TEST_P(TrafficGateTest, NobodyComesInWhileItIsClosedAndEverybodyWhenItOpens) {
  TASK_INPUT("07e.4", "24 clients at the closed gate, two rounds");
  constexpr std::size_t kClients = 24;
  net::ServerOptions options = Options(GetParam());
  options.session_max = 64;
  options.accepts_outstanding = 16;
  RecordingServer server(options);
  std::atomic<bool> paused{false};
  std::atomic<int> came_in{0};
  server.on_connection_request = [&](const net::PeerAddress&) {
    if (paused.load()) ++came_in;
    return true;
  };
  ASSERT_TRUE(server.Start().ok());
  for (int round = 1; round <= 2; ++round) {
    server.PauseTraffic();
    paused.store(true);
    std::vector<std::unique_ptr<TcpClient>> clients;
    while (clients.size() < kClients) {
      clients.push_back(std::make_unique<TcpClient>(server.port()));
    }
    // The time in which the first of them would have come in many times over.
    EXPECT_TRUE(clients.front()->Receive(1, std::chrono::milliseconds(200)).empty());
    EXPECT_EQ(came_in.load(), 0);
    paused.store(false);
    server.ResumeTraffic();
    EXPECT_TRUE(server.AwaitJoins(kClients * static_cast<std::size_t>(round)));
    clients.clear();
    EXPECT_TRUE(server.AwaitLeaves(kClients * static_cast<std::size_t>(round)));
  }
}

TEST_P(TrafficGateTest, AStopSendsThoseAwayWhoWaitAtTheClosedGate) {
  TASK_INPUT("07e.4", "8 clients at the closed gate, Stop");
  net::ServerOptions options = Options(GetParam());
  options.accepts_outstanding = 4;
  RecordingServer server(options);
  ASSERT_TRUE(server.Start().ok());
  server.PauseTraffic();
  std::vector<std::unique_ptr<TcpClient>> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(std::make_unique<TcpClient>(server.port()));
  const net::StopReport report = server.Stop();
  EXPECT_EQ(report.live_sessions, 0U);
  EXPECT_EQ(report.outstanding_operations, 0U);
  for (const auto& client : clients) EXPECT_TRUE(client->ReceiveToEnd().closed);
}

TEST_P(TrafficGateTest, ASessionThatEndsAtTheClosedGateIsFreedWhenItOpens) {
  TASK_INPUT("07e.4", "a parked session whose client resets");
  RecordingServer server(Options(GetParam()));
  ASSERT_TRUE(server.Start().ok());
  auto client = std::make_unique<TcpClient>(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  server.PauseTraffic();
  server.SendPacket(server.Joined().at(0), Numbered(server, 1));
  client->Reset();
  server.ResumeTraffic();
  EXPECT_TRUE(server.AwaitLeaves(1));
}

TEST_P(TrafficGateTest, AStopOpensIt) {
  TASK_INPUT("07e.4", "a parked session, Stop");
  RecordingServer server(Options(GetParam()));
  ASSERT_TRUE(server.Start().ok());
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  server.PauseTraffic();
  server.SendPacket(server.Joined().at(0), Numbered(server, 1));
  const net::StopReport report = server.Stop();
  EXPECT_EQ(report.live_sessions, 0U);
  EXPECT_EQ(report.outstanding_operations, 0U);
}

// Senders and a gate that opens and closes all the time: nothing is lost, nothing comes twice.
TEST_P(TrafficGateTest, NothingIsLostWhileItMoves) {
  TASK_INPUT("07e.4", "3000 packets while the gate opens and closes");
  constexpr std::uint32_t kPackets = 3000;
  RecordingServer server(Options(GetParam()));
  ASSERT_TRUE(server.Start().ok());
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  const net::SessionId id = server.Joined().at(0);
  const std::size_t size = Numbered(server, 0)->frame().size();
  std::atomic<bool> done{false};
  std::thread gate([&] {
    for (int i = 0; i < 200 && !done.load(); ++i) {  // each is a line of the log
      server.PauseTraffic();
      std::this_thread::yield();
      server.ResumeTraffic();
    }
  });
  std::thread sender([&] {
    for (std::uint32_t i = 0; i < kPackets; ++i) server.SendPacket(id, Numbered(server, i));
  });
  EXPECT_EQ(client.Receive(kPackets * size).size(), kPackets * size);
  sender.join();
  done.store(true);
  gate.join();
  EXPECT_TRUE(course_test::Eventually([&] { return server.traffic().send_packets == kPackets; }));
}

INSTANTIATE_TEST_SUITE_P(AcceptModes, TrafficGateTest,
                         testing::Values(net::AcceptMode::kAcceptThread,
                                         net::AcceptMode::kAcceptEx),
                         [](const testing::TestParamInfo<net::AcceptMode>& mode) {
                           return mode.param == net::AcceptMode::kAcceptThread ? "Thread"
                                                                               : "AcceptEx";
                         });

}  // namespace
