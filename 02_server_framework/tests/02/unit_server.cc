// The server framework on real sockets, in both accept modes.
#include <gtest/gtest.h>

#include <future>
#include <set>

#include "tests/support/recording_server.h"
#include "tests/support/task_input.h"
#include "tests/support/tcp_client.h"
#include "tests/support/test_support.h"

namespace {

using course_test::Bytes;
using course_test::Packet;
using course_test::RecordingServer;
using course_test::Story;
using net::AcceptMode;
using net::SendResult;
using net::ServerOptions;
using net::SessionId;
using support::TcpClient;

class ServerTest : public testing::TestWithParam<AcceptMode> {
 protected:
  static ServerOptions Options() {
    ServerOptions options;
    options.accept_mode = GetParam();
    options.session_max = 64;
    options.worker_threads = 3;
    return options;
  }
  static void ExpectCleanStop(RecordingServer& server) {
    const net::StopReport report = server.Stop();
    EXPECT_EQ(report.live_sessions, 0u);
    EXPECT_EQ(report.outstanding_operations, 0u);
  }
};

INSTANTIATE_TEST_SUITE_P(Modes, ServerTest,
                         testing::Values(AcceptMode::kAcceptThread, AcceptMode::kAcceptEx),
                         [](const auto& mode) {
                           return mode.param == AcceptMode::kAcceptEx ? "AcceptEx" : "AcceptThread";
                         });

TEST_P(ServerTest, StartsAndStopsWithNobodyThere) {
  RecordingServer server(Options());
  ASSERT_EQ(server.Start().error(), "");
  EXPECT_NE(server.port(), 0);
  ExpectCleanStop(server);
  ExpectCleanStop(server);  // a second stop does nothing
}

TEST_P(ServerTest, EchoesAndTellsTheWholeStory) {
  TASK_INPUT("02.3", "one packet \"hello\", then a half-close");
  RecordingServer server(Options());
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(client.Send(Packet("hello")));
  EXPECT_EQ(client.Receive(7), Packet("hello"));
  client.Close();
  ASSERT_TRUE(server.AwaitLeaves(1));
  const SessionId id = server.Joined().at(0);
  EXPECT_EQ(server.StoryOf(id), (Story{"join", "hello", "leave: closed by the peer"}));
  EXPECT_EQ(server.SendPacket(id, Bytes(Packet("x"))), SendResult::kStaleId);
  EXPECT_FALSE(server.Disconnect(id));
  ExpectCleanStop(server);
}

TEST_P(ServerTest, SeveralPacketsInOneWriteAndOnePacketInSeveralWrites) {
  TASK_INPUT("02.3", "300 packets in one write, then one of 255 bytes byte by byte");
  RecordingServer server(Options());
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  std::string many;
  for (int i = 0; i < 300; ++i) many += Packet("number " + std::to_string(i));
  ASSERT_TRUE(client.Send(many));
  EXPECT_EQ(client.Receive(many.size()), many);
  const std::string longest = Packet(std::string(253, 'x'));
  for (const char byte : longest) ASSERT_TRUE(client.Send(std::string_view(&byte, 1)));
  EXPECT_EQ(client.Receive(longest.size()), longest);
  ExpectCleanStop(server);
}

TEST_P(ServerTest, AHostileLengthClosesThatSessionOnly) {
  TASK_INPUT("02.3", "a packet, then a length of 0");
  RecordingServer server(Options());
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  TcpClient good(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  TcpClient bad(server.port());
  ASSERT_TRUE(server.AwaitJoins(2));
  ASSERT_TRUE(bad.Send(Packet("ok") + std::string("\0garbage", 8)));
  ASSERT_TRUE(server.AwaitLeaves(1));
  EXPECT_EQ(server.StoryOf(server.Joined().at(1)),
            (Story{"join", "ok", "leave: bad packet length"}));
  EXPECT_TRUE(bad.ReceiveToEnd().closed);
  ASSERT_TRUE(good.Send(Packet("still here")));
  EXPECT_EQ(good.Receive(12), Packet("still here"));
  ExpectCleanStop(server);
}

// The packet is in the socket's buffer long before OnClientJoin returns; it must wait all the same.
TEST_P(ServerTest, AnEarlyPacketIsNotProcessedBeforeOnClientJoin) {
  TASK_INPUT("02.2", "a packet that arrives while OnClientJoin runs");
  RecordingServer server(Options());
  std::promise<void> sent;
  std::shared_future<void> client_has_sent = sent.get_future().share();
  std::atomic<bool> join_returned{false};
  std::atomic<bool> overtaken{false};
  server.on_join = [&](SessionId) {
    client_has_sent.wait_for(course_test::kDeadline);
    join_returned = true;
  };
  server.on_packet = [&](SessionId, const std::string&) {
    if (!join_returned) overtaken = true;
  };
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(client.Send(Packet("early")));
  ASSERT_TRUE(server.AwaitJoins(1));
  // What was in the queue before this request is with a worker when it is served.
  ASSERT_TRUE(server.PostInnerRequest(Bytes("x")));
  ASSERT_TRUE(server.Await([&] { return server.inner.size() == 1; }));
  sent.set_value();
  ASSERT_TRUE(server.Await([&] { return server.packets == 1; }));
  EXPECT_FALSE(overtaken) << "OnRecv ran while OnClientJoin was still running";
  EXPECT_EQ(server.StoryOf(server.Joined().at(0)), (Story{"join", "early"}));
  ExpectCleanStop(server);
}

TEST_P(ServerTest, OnConnectionRequestCanRefuse) {
  TASK_INPUT("02.2", "the first of two connections is not wanted");
  RecordingServer server(Options());
  std::atomic<int> asked{0};
  server.on_connection_request = [&](const net::PeerAddress& peer) {
    EXPECT_EQ(peer.ip, 0x7F000001u);
    EXPECT_NE(peer.port, 0);
    return ++asked != 1;
  };
  ASSERT_EQ(server.Start().error(), "");
  TcpClient refused(server.port());
  EXPECT_TRUE(refused.ReceiveToEnd().closed);
  TcpClient accepted(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  EXPECT_EQ(server.Joined().size(), 1u);
  ExpectCleanStop(server);
}

TEST_P(ServerTest, AFullServerRefusesTheNextPolitelyAndTakesTheOneAfter) {
  TASK_INPUT("02.2", "session_max 2, four clients");
  ServerOptions options = Options();
  options.session_max = 2;
  const std::string full = Packet("full");
  for (const std::byte byte : Bytes(full)) options.full_notice.push_back(byte);
  RecordingServer server(options);
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  TcpClient first(server.port());
  TcpClient second(server.port());
  ASSERT_TRUE(server.AwaitJoins(2));
  TcpClient third(server.port());
  const TcpClient::Rest rest = third.ReceiveToEnd();
  EXPECT_EQ(rest.data, Packet("full"));
  EXPECT_TRUE(rest.closed);
  EXPECT_FALSE(rest.reset) << "refused by a reset: not politely";
  first.Close();
  ASSERT_TRUE(server.AwaitLeaves(1));
  // The slot is free a moment after OnClientLeave; a client that comes too early is refused.
  ASSERT_TRUE(course_test::Eventually([&] { return server.live_sessions() == 1; }));
  TcpClient fourth(server.port());
  ASSERT_TRUE(fourth.Send(Packet("in")));
  EXPECT_EQ(fourth.Receive(4), Packet("in"));
  ExpectCleanStop(server);
}

TEST_P(ServerTest, ConnectAndResetBeforeTheFirstReceive) {
  TASK_INPUT("02.3", "a reset while OnClientJoin runs");
  RecordingServer server(Options());
  std::promise<void> reset_done;
  // The accept flow stands still meanwhile.
  server.on_join = [done = reset_done.get_future().share()](SessionId) { done.wait(); };
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  client.Reset();
  reset_done.set_value();
  ASSERT_TRUE(server.AwaitLeaves(1));
  const Story story = server.StoryOf(server.Joined().at(0));
  if (course_test::RunningUnderWine() && story.back() == "leave: closed by the peer") {
    // Wine 8 reports a reset that came before the first receive as 0 bytes (P26 is for pending
    // ones).
  } else {
    EXPECT_EQ(story, (Story{"join", "leave: connection lost"}));
  }
  TcpClient next(server.port());
  EXPECT_TRUE(server.AwaitJoins(2)) << "the acceptor lives on";
  ExpectCleanStop(server);
}

TEST_P(ServerTest, DisconnectFromAnotherThreadAndFromEachCallback) {
  RecordingServer server(Options());
  server.on_join = [&](SessionId id) {
    if (server.Joined().size() == 1) server.Disconnect(id, "in join");
  };
  server.on_packet = [&](SessionId id, const std::string& text) {
    if (text == "bye") server.Disconnect(id, "in recv");
  };
  server.on_leave = [&](SessionId id) { EXPECT_FALSE(server.Disconnect(id)); };
  ASSERT_EQ(server.Start().error(), "");
  TcpClient a(server.port());
  ASSERT_TRUE(server.AwaitLeaves(1));
  TcpClient b(server.port());
  ASSERT_TRUE(b.Send(Packet("bye") + Packet("never seen")));
  ASSERT_TRUE(server.AwaitLeaves(2));
  TcpClient c(server.port());
  ASSERT_TRUE(server.AwaitJoins(3));
  const std::vector<SessionId> ids = server.Joined();
  EXPECT_TRUE(server.Disconnect(ids.at(2), "by the test"));
  ASSERT_TRUE(server.AwaitLeaves(3));
  EXPECT_EQ(server.StoryOf(ids.at(0)), (Story{"join", "leave: in join"}));
  EXPECT_EQ(server.StoryOf(ids.at(1)), (Story{"join", "bye", "leave: in recv"}));
  EXPECT_EQ(server.StoryOf(ids.at(2)), (Story{"join", "leave: by the test"}));
  for (TcpClient* client : {&a, &b, &c}) EXPECT_TRUE(client->ReceiveToEnd().closed);
  ExpectCleanStop(server);
}

TEST_P(ServerTest, APacketToSendMustBeOneWholePacket) {
  RecordingServer server(Options());
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  const SessionId id = server.Joined().at(0);
  EXPECT_EQ(server.SendPacket(id, {}), SendResult::kBadLength);
  EXPECT_EQ(server.SendPacket(id, Bytes("\x01")), SendResult::kBadLength);
  EXPECT_EQ(server.SendPacket(id, Bytes(Packet("a") + "b")), SendResult::kBadLength);
  EXPECT_EQ(server.SendPacket(id, Bytes(Packet("a"))), SendResult::kOk);
  EXPECT_EQ(client.Receive(3), Packet("a"));
  ExpectCleanStop(server);
}

// An exception of the game on the accepting thread ends that session and nothing else.
TEST_P(ServerTest, AnExceptionInOnClientJoinClosesThatSession) {
  TASK_INPUT("02.2", "OnClientJoin throws for the first of two clients");
  RecordingServer server(Options());
  server.on_join = [&](SessionId) {
    if (server.Joined().size() == 1) throw std::runtime_error("from the game");
  };
  ASSERT_EQ(server.Start().error(), "");
  TcpClient first(server.port());
  ASSERT_TRUE(server.AwaitLeaves(1));
  EXPECT_EQ(server.StoryOf(server.Joined().at(0)), (Story{"join", "leave: a callback threw"}));
  TcpClient second(server.port());
  EXPECT_TRUE(server.AwaitJoins(2));
  ExpectCleanStop(server);
}

// Several sends are outstanding at once: each is whole, and they arrive in call order (P23, P24).
TEST_P(ServerTest, ManySendsArriveWholeAndInOrder) {
  TASK_INPUT("02.4", "5000 sends to one client");
  RecordingServer server(Options());
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  const SessionId id = server.Joined().at(0);
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    const std::string packet = Packet("send number " + std::to_string(i));
    expected += packet;
    ASSERT_EQ(server.SendPacket(id, Bytes(packet)), SendResult::kOk);
  }
  EXPECT_EQ(client.Receive(expected.size()), expected);
  ExpectCleanStop(server);
}

TEST_P(ServerTest, InnerRequestsGoThroughThePortToAWorker) {
  TASK_INPUT("02.4", "100 inner requests");
  RecordingServer server(Options());
  std::mutex lock;
  std::set<std::thread::id> threads;
  server.on_inner = [&](const std::string&) {
    const std::lock_guard guard(lock);
    threads.insert(std::this_thread::get_id());
  };
  EXPECT_FALSE(server.PostInnerRequest(Bytes("too early")));
  ASSERT_EQ(server.Start().error(), "");
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(server.PostInnerRequest(Bytes(std::to_string(i))));
  ASSERT_TRUE(server.Await([&] { return server.inner.size() == 100; }));
  std::set<std::string> seen;
  for (const std::string& text : server.Inner()) seen.insert(text);
  EXPECT_EQ(seen.size(), 100u);
  ExpectCleanStop(server);
  EXPECT_EQ(threads.count(std::this_thread::get_id()), 0u)
      << "a callback ran on the poster's thread";
  EXPECT_FALSE(server.PostInnerRequest(Bytes("too late")));
}

TEST_P(ServerTest, StopServesTheInnerRequestsThatWereAccepted) {
  TASK_INPUT("02.5", "1000 inner requests, then Stop");
  RecordingServer server(Options());
  ASSERT_EQ(server.Start().error(), "");
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(server.PostInnerRequest(Bytes("x")));
  ExpectCleanStop(server);
  EXPECT_EQ(server.Inner().size(), 1000u);
}

TEST_P(ServerTest, AnExceptionInACallbackClosesThatSessionAndTheWorkersLive) {
  TASK_INPUT("02.4", "10 inner requests and 5 packets whose callbacks throw");
  RecordingServer server(Options());
  server.echo = true;
  server.on_packet = [](SessionId, const std::string& text) {
    if (text == "throw") throw std::runtime_error("from the game");
  };
  server.on_inner = [](const std::string&) { throw 42; };
  ASSERT_EQ(server.Start().error(), "");
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(server.PostInnerRequest(Bytes("x")));  // > the workers
  for (std::size_t i = 1; i <= 5; ++i) {
    TcpClient client(server.port());
    ASSERT_TRUE(client.Send(Packet("throw")));
    ASSERT_TRUE(server.AwaitLeaves(i));
    EXPECT_EQ(server.StoryOf(server.Joined().back()),
              (Story{"join", "throw", "leave: a callback threw"}));
  }
  TcpClient client(server.port());
  ASSERT_TRUE(client.Send(Packet("hello")));
  EXPECT_EQ(client.Receive(7), Packet("hello"));
  ExpectCleanStop(server);
}

TEST_P(ServerTest, StopWithHalfOpenBusyAndSlowClients) {
  TASK_INPUT("02.5", "20 silent clients, one half packet, one that does not read; then Stop");
  RecordingServer server(Options());
  ASSERT_EQ(server.Start().error(), "");
  std::vector<TcpClient> silent;  // connected, never say a word
  for (int i = 0; i < 20; ++i) silent.emplace_back(server.port());
  TcpClient half(server.port());  // has sent half a packet
  ASSERT_TRUE(
      half.Send("\x10\x01"
                "half"));
  ASSERT_TRUE(server.AwaitJoins(21));
  // A client that does not read: its sends stay pending until the stop cancels them.
  TcpClient slow(server.port());
  ASSERT_TRUE(server.AwaitJoins(22));
  const SessionId slow_id = server.Joined().back();
  const std::string big = Packet(std::string(253, 'z'));
  // More than the system's buffers take (5 MB; under Wine, where a long queue is slow, 1 MB).
  const int sends = course_test::RunningUnderWine() ? 4'000 : 20'000;
  for (int i = 0; i < sends; ++i) server.SendPacket(slow_id, Bytes(big));
  ExpectCleanStop(server);
  for (const SessionId id : server.Joined()) {
    EXPECT_EQ(server.StoryOf(id), (Story{"join", "leave: server stops"}));
  }
}

// Many slots, so that sending everybody away takes a while: the first one is gone long before its
// end, and somebody tries to come in just then.
TEST_P(ServerTest, NobodyComesInWhileTheOthersAreSentAway) {
  TASK_INPUT("02.5", "20000 slots, one client; when it has left, another one connects");
  ServerOptions options = Options();
  options.session_max = 20'000;
  RecordingServer server(options);
  server.on_leave = [&](SessionId) {
    try {
      const TcpClient late(server.port());
      static_cast<void>(server.Await([&] { return server.joins == 2; }));
    } catch (const std::exception&) {
      return;  // refused: the listener is closed
    }
  };
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  ExpectCleanStop(server);
  EXPECT_EQ(server.Joined().size(), 1u) << "a client came in during the stop";
}

TEST_P(ServerTest, StartsAgainAfterAStopAndOldIdsStayStale) {
  TASK_INPUT("02.5", "Start, Stop, Start, Stop");
  RecordingServer server(Options());
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  TcpClient before(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  const SessionId old_id = server.Joined().at(0);
  ExpectCleanStop(server);
  ASSERT_EQ(server.Start().error(), "");
  TcpClient after(server.port());
  ASSERT_TRUE(server.AwaitJoins(2));
  EXPECT_EQ(server.SendPacket(old_id, Bytes(Packet("x"))), SendResult::kStaleId);
  ASSERT_TRUE(after.Send(Packet("again")));
  EXPECT_EQ(after.Receive(7), Packet("again"));
  ExpectCleanStop(server);
}

TEST_P(ServerTest, AnOccupiedPortIsOneClearLineAndLeavesNothingBehind) {
  const support::OccupiedPort occupied;
  ServerOptions options = Options();
  options.port = occupied.Port();
  RecordingServer server(options);
  const std::string error = server.Start().error();
  EXPECT_NE(error.find("127.0.0.1:" + std::to_string(occupied.Port())), std::string::npos) << error;
  EXPECT_NE(error.find("10048"), std::string::npos) << error;
}

TEST_P(ServerTest, BadOptionsDoNotStart) {
  ServerOptions options = Options();
  options.worker_threads = 100000;
  RecordingServer server(options);
  EXPECT_EQ(server.Start().error(), "worker_threads is 100000, allowed is 0 to 256");
}

// A broadcast under the game's lock while its receivers disconnect, and OnClientLeave takes the
// same lock: SendPacket must never call OnClientLeave itself.
TEST_P(ServerTest, SendingUnderALockThatOnClientLeaveTakes) {
  RecordingServer server(Options());
  std::mutex game;
  server.on_leave = [&](SessionId) { const std::lock_guard guard(game); };
  ASSERT_EQ(server.Start().error(), "");
  constexpr std::size_t kClients = 30;
  std::vector<TcpClient> clients;
  for (std::size_t i = 0; i < kClients; ++i) clients.emplace_back(server.port());
  ASSERT_TRUE(server.AwaitJoins(kClients));
  const std::vector<SessionId> ids = server.Joined();
  std::atomic<bool> stop{false};
  std::thread broadcaster([&] {
    while (!stop) {
      const std::lock_guard guard(game);
      for (const SessionId id : ids) server.SendPacket(id, Bytes(Packet("x")));
    }
  });
  for (TcpClient& client : clients) client.Reset();
  EXPECT_TRUE(server.AwaitLeaves(kClients));
  stop = true;
  broadcaster.join();
  ExpectCleanStop(server);
}

}  // namespace
