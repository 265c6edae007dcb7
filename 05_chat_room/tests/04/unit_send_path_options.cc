// The send path's options and counters.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>

#include "net/tps_report.h"
#include "tests/04/unit_send_path.h"
#include "tests/support/task_input.h"
#include "tests/support/tcp_client.h"
#include "tests/support/test_support.h"

namespace {

using course_test::Eventually;
using course_test::Packet;
using course_test::RecordingServer;
using course_test::SendPathTest;
using net::ServerOptions;
using net::SessionId;
using support::TcpClient;

TEST_P(SendPathTest, NagleAndTheSendBufferAreSet) {
  for (const bool nagle : {false, true}) {
    ServerOptions options = Options();
    options.socket_options.nagle = nagle;
    options.socket_options.send_buffer = 32 * 1024;
    RecordingServer server(options);
    ASSERT_EQ(server.Start().error(), "");
    TcpClient client(server.port());
    ASSERT_TRUE(server.AwaitJoins(1));
    const auto read_back = server.SocketOptionsOf(server.Joined().at(0));
    ASSERT_TRUE(read_back);
    EXPECT_EQ(read_back->nagle, nagle);
    EXPECT_GE(read_back->send_buffer, 32u * 1024);
    EXPECT_LE(read_back->send_buffer, 2 * 32u * 1024);  // Linux says twice as much
    ExpectCleanStop(server);
  }
}

TEST_P(SendPathTest, TheTrafficIsWhatHappened) {
  TASK_INPUT("04.4", "5 clients, 20 packets for each and an echo, mode " << GetParam().name);
  RecordingServer server(Options());
  server.echo = true;
  server.on_packet = [&](SessionId, const std::string&) { server.CountUpdate(); };
  ASSERT_EQ(server.Start().error(), "");
  for (int i = 0; i < 5; ++i) {
    TcpClient client(server.port());
    std::string all;
    for (int j = 0; j < 20; ++j) all += Packet("hello");
    ASSERT_TRUE(client.Send(all));
    ASSERT_EQ(client.Receive(all.size()), all);
  }
  ASSERT_TRUE(Eventually([&] { return server.traffic().send_packets == 100; }));
  const net::TrafficTotals totals = server.traffic();
  EXPECT_EQ(totals.accepts, 5u);
  EXPECT_EQ(totals.recv_packets, 100u);
  EXPECT_EQ(totals.updates, 100u);
  EXPECT_LE(totals.send_calls, 100u);
  EXPECT_EQ(totals.send_calls, static_cast<std::uint64_t>(probe_.sends()));
  ExpectCleanStop(server);
}

TEST(TpsReportTest, ALineSaysWhatHappenedInTheInterval) {
  const net::TrafficTotals before{10, 100, 1000, 100, 50};
  const net::TrafficTotals after{12, 300, 6000, 300, 150};
  EXPECT_EQ(net::TpsReport::Line(before, after, 2.0, 7),
            "tps accept=1 recv=100 send=2500 (25.0 a call) update=50 sessions=7");
  EXPECT_EQ(net::TpsReport::Line(after, after, 1.0, 0),
            "tps accept=0 recv=0 send=0 update=0 sessions=0");
}

TEST(TpsReportTest, PrintsAgainAndAgainAndEnds) {
  RecordingServer server;
  ASSERT_EQ(server.Start().error(), "");
  std::atomic<int> lines{0};
  {
    const net::TpsReport report(
        server, [&](const std::string& line) { lines += line.starts_with("tps accept=") ? 1 : 0; },
        std::chrono::milliseconds(5));
    EXPECT_TRUE(Eventually([&] { return lines >= 3; }));
  }
  const int at_the_end = lines;
  server.Stop();
  EXPECT_EQ(lines, at_the_end) << "printed after the end of the report";
}

TEST(SendOptionsTest, AbsurdValuesAreNamed) {
  ServerOptions options;
  options.send_packet_max = 0;
  EXPECT_EQ(options.Validate().error(), "send_packet_max is 0, allowed is 1 to 512");
  options = {};
  options.send_memory_max = 100;
  EXPECT_NE(options.Validate().error().find("send_memory_max is 100"), std::string::npos);
  options = {};
  options.linger_ms = 0;
  EXPECT_NE(options.Validate().error().find("linger_ms is 0"), std::string::npos);
  options = {};
  options.completion_batch = 1000;
  EXPECT_NE(options.Validate().error().find("completion_batch is 1000"), std::string::npos);
}

TEST(SessionSizeTest, AnIdleSessionOwnsNothingBesideItsSlot) {
  EXPECT_LE(sizeof(net::Session) + sizeof(std::uint32_t), 300u);
  EXPECT_EQ(sizeof(net::Session) % 64, 0u) << "two slots must not share a cache line";
}

}  // namespace
