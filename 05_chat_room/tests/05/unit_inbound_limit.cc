// What a client may send: the meter's arithmetic, and the pause on real sockets.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "net/inbound_meter.h"
#include "net/session.h"
#include "tests/03/unit_receive.h"
#include "tests/support/tcp_client.h"
#include "tests/support/test_support.h"

namespace {

using course_test::Eventually;
using course_test::Packet;
using course_test::ReceiveTest;
using course_test::RecordingServer;
using net::InboundMeter;
using net::ServerOptions;
using support::TcpClient;

// --- the meter ---------------------------------------------------------------------------------------

class Meter : public testing::Test {
 protected:
  InboundMeter::Verdict Send(std::uint32_t packets, std::uint32_t bytes, std::uint32_t now) {
    for (std::uint32_t i = 0; i < packets; ++i) meter_.AddPacket();
    meter_.AddBytes(bytes);
    return meter_.Settle(options_, now);
  }

  ServerOptions options_;
  InboundMeter meter_;
};

TEST_F(Meter, NoLimitNoPause) {
  meter_.Open(0);
  EXPECT_EQ(Send(1'000'000, 1'000'000'000, 1).wait_ms, 0u);
}

TEST_F(Meter, ASecondsWorthAtOnceThenTheRate) {
  options_.receive_packets_per_second = 100;
  meter_.Open(5000);
  EXPECT_EQ(Send(100, 0, 5000).wait_ms, 0u);
  EXPECT_EQ(Send(1, 0, 5000).wait_ms, 10u);
  EXPECT_EQ(Send(0, 0, 5010).wait_ms, 0u) << "even again";
  EXPECT_EQ(Send(0, 0, 5010).wait_ms, 0u);
  EXPECT_EQ(Send(50, 0, 5010).wait_ms, 500u);
  EXPECT_EQ(Send(100, 0, 60'000).wait_ms, 0u) << "full after a second, and not fuller";
  EXPECT_EQ(Send(1, 0, 60'000).wait_ms, 10u);
}

TEST_F(Meter, TheSlowerBucketDecides) {
  options_.receive_packets_per_second = 10;
  options_.receive_bytes_per_second = 1000;
  meter_.Open(0);
  EXPECT_EQ(Send(1, 3000, 0).wait_ms, 2000u);
  EXPECT_EQ(Send(15, 0, 2000).wait_ms, 500u);
}

TEST_F(Meter, NothingIsLostToRounding) {
  options_.receive_packets_per_second = 3;
  meter_.Open(0);
  ASSERT_EQ(Send(3, 0, 0).wait_ms, 0u);
  std::uint32_t packets = 3;
  std::uint32_t now = 0;
  for (; now < 100'000;) {
    const std::uint32_t wait = Send(1, 0, now).wait_ms;
    ++packets;
    now += wait == 0 ? 1 : wait;
  }
  EXPECT_NEAR(packets, 3 + 300, 2);
}

TEST_F(Meter, WhoIsHeldBackWithoutASecondOfPeaceForTooLongIsToGo) {
  options_.receive_packets_per_second = 100;
  options_.receive_overspeed_ms = 5000;
  meter_.Open(0xFFFFF000);  // the clock wraps meanwhile
  std::uint32_t now = 0xFFFFF000;
  ASSERT_EQ(Send(100, 0, now).wait_ms, 0u);
  const std::uint32_t begin = now;
  for (;;) {
    const InboundMeter::Verdict verdict = Send(50, 0, now);
    if (verdict.too_long) break;
    ASSERT_EQ(verdict.wait_ms, 500u);
    ASSERT_LE(now - begin, 5000u);
    now += verdict.wait_ms;
  }
  EXPECT_EQ(now - begin, 5000u);
}

TEST_F(Meter, AMomentOfPeaceIsForgiveness) {
  options_.receive_packets_per_second = 100;
  options_.receive_overspeed_ms = 5000;
  meter_.Open(0);
  std::uint32_t now = 0;
  for (int burst = 0; burst < 100; ++burst) {
    const InboundMeter::Verdict verdict = Send(300, 0, now);
    ASSERT_FALSE(verdict.too_long) << burst;
    ASSERT_EQ(verdict.wait_ms, 2000u);
    now += verdict.wait_ms + 1001;
  }
  options_.receive_overspeed_ms = 0;
  for (int burst = 0; burst < 100; ++burst) {
    const InboundMeter::Verdict verdict = Send(300, 0, now);
    ASSERT_FALSE(verdict.too_long) << "0 = never";
    now += verdict.wait_ms;
  }
}

// --- on real sockets ---------------------------------------------------------------------------------

class InboundLimit : public ReceiveTest {
 protected:
  static ServerOptions Limited() {
    ServerOptions options = Options();
    options.receive_packets_per_second = 200;
    options.receive_overspeed_ms = 0;
    return options;
  }
};

TEST_F(InboundLimit, AFloodIsHeldBackByTheNetworkAndTheOthersAreServed) {
  RecordingServer server(Limited());
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  const auto begin = std::chrono::steady_clock::now();
  TcpClient flood(server.port());
  const std::string packets = Packet(std::string(100, 'x')) + Packet(std::string(100, 'x'));
  // Until the window is closed: then the client waits, not the server.
  std::size_t sent = 0;
  while (flood.Send(packets, std::chrono::milliseconds(300))) ++sent;
  EXPECT_GT(sent, 1000u);
  TcpClient good(server.port());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(good.Send(Packet("hello")));
    ASSERT_EQ(good.Receive(Packet("hello").size()), Packet("hello"));
  }
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
  const std::uint64_t ring = server.options().receive_buffer / Packet(std::string(100, 'x')).size();
  EXPECT_LE(server.traffic().recv_packets,
            200 + static_cast<std::uint64_t>(200 * passed.count()) + ring + 21);
  EXPECT_EQ(server.live_sessions(), 2u) << "back-pressure alone ends nobody";
  ExpectCleanStop(server);  // with the flood's receive still waiting
}

TEST_F(InboundLimit, WhatWasHeldBackArrivesCompleteAndInOrder) {
  RecordingServer server(Limited());
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  constexpr int kPackets = 500;
  std::string all;
  for (int i = 0; i < kPackets; ++i) all += Packet(std::to_string(i));
  ASSERT_TRUE(client.Send(all));
  ASSERT_TRUE(server.Await([&] { return server.packets == kPackets; }));
  const course_test::Story story = server.StoryOf(server.Joined().at(0));
  for (int i = 0; i < kPackets; ++i) {
    ASSERT_EQ(story.at(static_cast<std::size_t>(i) + 1), std::to_string(i));
  }
  ExpectCleanStop(server);
}

TEST_F(InboundLimit, WhoGoesOnIsDisconnectedWithAReason) {
  ServerOptions options = Limited();
  options.receive_overspeed_ms = 500;
  RecordingServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  TcpClient flood(server.port());
  const std::string packet = Packet(std::string(100, 'x'));
  while (flood.Send(packet, std::chrono::milliseconds(2000))) {
  }
  ASSERT_TRUE(server.AwaitLeaves(1));
  EXPECT_EQ(server.StoryOf(server.Joined().at(0)).back(), "leave: sends too fast");
  ExpectCleanStop(server);
}

TEST_F(InboundLimit, ASessionThatIsHeldBackCanBeClosed) {
  ServerOptions options = Limited();
  options.receive_packets_per_second = 1;  // held back for minutes
  RecordingServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  std::string all;
  for (int i = 0; i < 500; ++i) all += Packet("x");
  ASSERT_TRUE(client.Send(all));
  ASSERT_TRUE(server.Await([&] { return server.packets > 1; }));
  EXPECT_TRUE(server.Disconnect(server.Joined().at(0), "enough"));
  ASSERT_TRUE(server.AwaitLeaves(1));
  EXPECT_EQ(server.StoryOf(server.Joined().at(0)).back(), "leave: enough");
  ExpectCleanStop(server);
}

TEST(InboundLimitOptions, AnIdleSessionStaysSmall) {
  EXPECT_LE(sizeof(net::Session) + sizeof(InboundMeter) + sizeof(std::uint32_t), 300u);
}

TEST(InboundLimitOptions, AreChecked) {
  ServerOptions options;
  options.receive_packets_per_second = 10'000'001;
  EXPECT_EQ(options.Validate().error(),
            "receive_packets_per_second is 10000001, allowed is 0 to 10000000");
  options = {};
  options.receive_overspeed_ms = 600'001;
  EXPECT_EQ(options.Validate().error(), "receive_overspeed_ms is 600001, allowed is 0 to 600000");
}

}  // namespace
