// The send path on real sockets (D1..D7, C6): gathering, turns, last packets, the memory bound.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "net/send_node.h"
#include "net/send_turn.h"
#include "net/tps_report.h"
#include "tests/recording_server.h"
#include "tests/support/tcp_client.h"
#include "tests/test_support.h"

namespace {

using course_test::Eventually;
using course_test::Packet;
using course_test::RecordingServer;
using net::PacketRef;
using net::SendResult;
using net::SendTurn;
using net::ServerOptions;
using net::SessionId;
using support::TcpClient;

// Counts the sends that are on their way, per session.
class CountingProbe : public net::SendProbe {
 public:
  void OnSendBegins(SessionId id) override {
    const std::lock_guard lock(lock_);
    if (++outstanding_[id] > 1) ++two_at_once_;
    ++sends_;
  }
  void OnSendEnded(SessionId id) override {
    const std::lock_guard lock(lock_);
    if (--outstanding_[id] < 0) ++two_at_once_;
  }
  int two_at_once() {
    const std::lock_guard lock(lock_);
    return two_at_once_;
  }
  int sends() {
    const std::lock_guard lock(lock_);
    return sends_;
  }

 private:
  std::mutex lock_;
  std::map<SessionId, int> outstanding_;  // guarded by lock_
  int two_at_once_ = 0;                   // guarded by lock_
  int sends_ = 0;                         // guarded by lock_
};

// How the port is used; every test must hold for each of them.
struct Mode {
  const char* name;
  bool skip_on_success;
  std::uint32_t completion_batch;
  std::uint32_t send_copy_max;
  net::AcceptMode accept_mode;
};
void PrintTo(const Mode& mode, std::ostream* out) {
  *out << mode.name;
}

class SendPathTest : public testing::TestWithParam<Mode> {
 protected:
  ServerOptions Options() {
    ServerOptions options;
    options.session_max = 64;
    options.worker_threads = 3;
    options.skip_on_success = GetParam().skip_on_success;
    options.completion_batch = GetParam().completion_batch;
    options.send_copy_max = GetParam().send_copy_max;
    options.accept_mode = GetParam().accept_mode;
    options.send_probe = &probe_;
    return options;
  }
  void ExpectCleanStop(RecordingServer& server) {
    const net::StopReport report = server.Stop();
    EXPECT_EQ(report.live_sessions, 0u);
    EXPECT_EQ(report.outstanding_operations, 0u);
    EXPECT_EQ(probe_.two_at_once(), 0) << "two sends of one session were outstanding";
  }
  void TearDown() override {
    EXPECT_EQ(net::LiveSendNodes(), 0) << "a node leaked";
    EXPECT_EQ(net::Packet::LiveCount(), 0) << "a packet leaked";
    EXPECT_EQ(net::LiveBlocks(net::BlockUse::kSendBuffer), 0) << "a send buffer leaked";
  }
  CountingProbe probe_;
};

INSTANTIATE_TEST_SUITE_P(
    Modes, SendPathTest,
    testing::Values(Mode{"Skip", true, 32, 512, net::AcceptMode::kAcceptThread},
                    Mode{"NoSkip", false, 32, 512, net::AcceptMode::kAcceptThread},
                    Mode{"OneByOne", false, 1, 0, net::AcceptMode::kAcceptEx},
                    Mode{"SkipGather", true, 8, 0, net::AcceptMode::kAcceptEx}),
    [](const auto& mode) { return mode.param.name; });

// A sealed packet with `text` as its body.
PacketRef MakePacket(const net::Server& server, const std::string& text) {
  PacketRef packet = net::Packet::Make(1, text.size());
  packet->Write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  EXPECT_TRUE(server.Seal(*packet));
  return packet;
}

std::string Frame(const PacketRef& packet) {
  return {reinterpret_cast<const char*>(packet->frame().data()), packet->frame().size()};
}

// --- gathering -------------------------------------------------------------------------------------

TEST_P(SendPathTest, WhatOneTurnProducesIsOneSend) {
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

TEST_P(SendPathTest, TheBatchIsBoundedAndNothingBeyondItIsLost) {
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
  EXPECT_EQ(client.Receive(expected.size()), expected) << "tasks 04.2, 04.3";
  ASSERT_TRUE(Eventually([&] { return server.traffic().send_packets == 1000; }));
  EXPECT_EQ(server.traffic().send_calls, 125u);
  ExpectCleanStop(server);
}

// All that a callback sends is part of the worker's turn.
TEST_P(SendPathTest, ACallbackSendsInOneTurn) {
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

// --- options and counters ----------------------------------------------------------------------------

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
