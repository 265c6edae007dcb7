// The receive path on real sockets: buffers only for sessions with bytes, refusals that
// hurt nobody else, and everything at once.
#include "tests/03/unit_receive.h"

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/task_input.h"
#include "tests/support/tcp_client.h"
#include "tests/support/test_support.h"
#include "tests/support/wire.h"

namespace {

using course_test::Eventually;
using course_test::Packet;
using course_test::ReceiveTest;
using course_test::RecordingServer;
using net::ServerOptions;
using support::TcpClient;
using wire::Bytes;

std::string AsText(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

// The `sequence`-th packet of a client.
std::string Numbered(std::uint32_t sequence, const std::string& text) {
  return AsText(wire::MakeFrame({1, sequence, Bytes(text.begin(), text.end())}));
}

// --- buffers -----------------------------------------------------------------------------------------

TEST_F(ReceiveTest, AnIdleSessionHoldsNoReceiveBuffer) {
  TASK_INPUT("03.5", "50 clients, a packet each, then silence");
  RecordingServer server(Options());
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  std::vector<TcpClient> clients;
  for (int i = 0; i < 50; ++i) clients.emplace_back(server.port());
  ASSERT_TRUE(server.AwaitJoins(50));
  EXPECT_EQ(ReceiveBuffers(), 0) << "nobody has sent anything yet";
  for (TcpClient& client : clients) ASSERT_TRUE(client.Send(Packet("hi")));
  for (TcpClient& client : clients) ASSERT_EQ(client.Receive(Packet("hi").size()), Packet("hi"));
  EXPECT_TRUE(Eventually([] { return ReceiveBuffers() == 0; }))
      << "a session without bytes must wait without a buffer";
  ExpectCleanStop(server);
}

TEST_F(ReceiveTest, APartOfAPacketHoldsABufferUntilItIsWhole) {
  TASK_INPUT("03.5", "4 bytes of a packet, then the rest");
  RecordingServer server(Options());
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  const std::string frame = Packet("in two parts");
  ASSERT_TRUE(client.Send(frame.substr(0, 4)));
  EXPECT_TRUE(Eventually([] { return ReceiveBuffers() == 1; }));
  ASSERT_TRUE(client.Send(frame.substr(4)));
  EXPECT_EQ(client.Receive(frame.size()), frame);
  EXPECT_TRUE(Eventually([] { return ReceiveBuffers() == 0; }));
  ExpectCleanStop(server);
}

TEST_F(ReceiveTest, ADisconnectInTheMiddleOfAPacketGivesTheBufferBack) {
  TASK_INPUT("03.5", "20 clients that leave after 6 bytes of a packet");
  RecordingServer server(Options());
  ASSERT_EQ(server.Start().error(), "");
  for (std::size_t i = 0; i < 20; ++i) {
    TcpClient client(server.port());
    ASSERT_TRUE(server.AwaitJoins(i + 1));
    ASSERT_TRUE(client.Send(Packet("never whole").substr(0, 6)));
    if (i % 2 == 0) client.Reset();
  }
  ASSERT_TRUE(server.AwaitLeaves(20));
  EXPECT_TRUE(Eventually([] { return ReceiveBuffers() == 0; }));
  ExpectCleanStop(server);
}

TEST_F(ReceiveTest, AHalfClosedClientStillGetsItsAnswer) {
  TASK_INPUT("03.5", "a packet, its echo, then a half-close");
  RecordingServer server(Options());
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(client.Send(Packet("last words")));
  EXPECT_EQ(client.Receive(Packet("last words").size()), Packet("last words"));
  client.FinishSending();
  ASSERT_TRUE(server.AwaitLeaves(1));
  EXPECT_EQ(server.StoryOf(server.Joined().at(0)).back(), "leave: closed by the peer");
  ExpectCleanStop(server);
}

// --- refusals ----------------------------------------------------------------------------------------

TEST_F(ReceiveTest, EveryGoldenRefusalClosesItsSessionAndNobodyElse) {
  RecordingServer server(Options(), /*check_sequence=*/true);
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  TcpClient good(server.port());
  std::uint32_t sequence = 0;
  std::size_t leaves = 0;
  for (const wire::Vector& vector : wire::LoadVectors()) {
    if (!vector.refused) continue;
    TASK_INPUT("03.3", "golden refusal " << vector.name << ": " << wire::ToHex(vector.bytes));
    TcpClient bad(server.port());
    ASSERT_TRUE(server.AwaitJoins(leaves + 2));
    ASSERT_TRUE(bad.Send(AsText(vector.bytes)));
    ASSERT_TRUE(server.AwaitLeaves(++leaves)) << "the stream was not refused";
    EXPECT_EQ(server.StoryOf(server.Joined().at(leaves)).back(), "leave: " + vector.reason);
    EXPECT_TRUE(bad.ReceiveToEnd().closed);
    ASSERT_TRUE(good.Send(Numbered(++sequence, "still here")));
    ASSERT_EQ(good.Receive(Packet("still here").size()), Packet("still here"));
  }
  EXPECT_GT(leaves, 12u);
  ExpectCleanStop(server);
}

TEST_F(ReceiveTest, EverySessionCountsItsOwnSequence) {
  RecordingServer server(Options(), /*check_sequence=*/true);
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  TcpClient a(server.port());
  TcpClient b(server.port());
  for (std::uint32_t i = 1; i <= 300; ++i) {
    ASSERT_TRUE(a.Send(Numbered(i, "a")));
    if (i % 3 == 0) {
      ASSERT_TRUE(b.Send(Numbered(i / 3, "b")));
    }
  }
  EXPECT_EQ(a.Receive(300 * Packet("a").size()).size(), 300 * Packet("a").size());
  EXPECT_EQ(b.Receive(100 * Packet("b").size()).size(), 100 * Packet("b").size());
  ExpectCleanStop(server);
}

// A slot's next tenant begins at 1 again, with a ring and a reassembler that remember nothing.
TEST_F(ReceiveTest, AReusedSlotStartsAfresh) {
  TASK_INPUT("03.5", "one slot, 20 tenants that leave in the middle");
  ServerOptions options = Options();
  options.session_max = 1;
  RecordingServer server(options, /*check_sequence=*/true);
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  for (std::size_t round = 1; round <= 20; ++round) {
    TcpClient client(server.port());
    ASSERT_TRUE(client.Send(Numbered(1, "first") + Numbered(2, "second")));
    ASSERT_EQ(client.Receive(Packet("first").size()), Packet("first"));
    // Leaves with a part of a packet, or refused.
    ASSERT_TRUE(client.Send(round % 2 == 0 ? Numbered(3, "part").substr(0, 5) : "garbage"));
    client.Close();
    ASSERT_TRUE(server.AwaitLeaves(round));
    ASSERT_TRUE(Eventually([&] { return server.live_sessions() == 0; }));
  }
  ExpectCleanStop(server);
}

// --- everything together -----------------------------------------------------------------------------

// Many clients, random packets, written in random pieces, while others break in with garbage: every
// packet comes back, in order, to the one who sent it.
TEST_F(ReceiveTest, RandomPiecesFromManyClients) {
  ServerOptions options = Options();
  options.packet_max = 700;
  options.receive_buffer = 705;  // rounded up to 1024: rings wrap often
  RecordingServer server(options);
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  const std::uint64_t seed = course_test::TestSeed();
  const int rounds = 30 * course_test::StressFactor();
  TASK_INPUT("03.5", "6 clients, packets in random pieces, seed " << seed);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (unsigned c = 0; c < 6; ++c) {
    threads.emplace_back([&, c] {
      std::mt19937_64 dice(seed + c);
      TcpClient client(server.port());
      for (int round = 0; round < rounds; ++round) {
        std::string stream;
        for (std::size_t i = 0, n = 1 + dice() % 8; i < n; ++i) {
          std::string body(dice() % 690, 'a');
          for (char& letter : body) letter = static_cast<char>('a' + dice() % 26);
          stream += Packet(body);
        }
        for (std::size_t at = 0; at < stream.size();) {
          const std::size_t part = std::min<std::size_t>(1 + dice() % 900, stream.size() - at);
          if (!client.Send(stream.substr(at, part))) ++wrong;
          at += part;
        }
        if (client.Receive(stream.size()) != stream) ++wrong;
      }
    });
  }
  threads.emplace_back([&] {
    std::mt19937_64 dice(seed + 99);
    for (int round = 0; round < rounds; ++round) {
      TcpClient bad(server.port());
      std::string garbage = Packet("x");
      garbage[dice() % garbage.size()] = static_cast<char>(dice());
      bad.Send(garbage + std::string(dice() % 2000, '\x34'));
      if (round % 3 == 0) bad.Reset();
    }
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
  ExpectCleanStop(server);
}

}  // namespace
