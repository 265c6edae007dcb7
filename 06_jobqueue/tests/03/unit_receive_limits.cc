// The receive path's limits on real sockets: the memory bound, the timeouts, the options.
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "net/receive.h"
#include "tests/03/unit_receive.h"
#include "tests/support/task_input.h"
#include "tests/support/tcp_client.h"
#include "tests/support/test_support.h"

namespace {

using course_test::Eventually;
using course_test::Packet;
using course_test::ReceiveTest;
using course_test::RecordingServer;
using course_test::Story;
using net::ServerOptions;
using net::SessionId;
using support::TcpClient;

// --- the memory bound --------------------------------------------------------------------------------

// A game that keeps every packet: its queue is stuck.
class HoardingServer : public RecordingServer {
 public:
  using RecordingServer::RecordingServer;
  ~HoardingServer() override {
    Stop();
    Forget();
  }
  std::size_t Held() {
    const std::lock_guard lock(lock_);
    return packets_.size();
  }
  void Forget() {
    const std::lock_guard lock(lock_);
    packets_.clear();
  }

 protected:
  void OnRecv(SessionId id, const net::PacketRef& packet) override {
    if (packet->type() == 7) {
      const std::lock_guard lock(lock_);
      packets_.push_back(packet);
    }
    RecordingServer::OnRecv(id, packet);
  }

 private:
  std::mutex lock_;
  std::vector<net::PacketRef> packets_;  // guarded by lock_
};

TEST_F(ReceiveTest, AClientThatOutrunsTheGameIsDisconnectedAtTheBound) {
  TASK_INPUT("03.5", "a game that keeps every packet");
  ServerOptions options = Options();
  options.receive_memory_max = 100'000;
  HoardingServer server(options);
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  TcpClient good(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  TcpClient flood(server.port());
  ASSERT_TRUE(server.AwaitJoins(2));
  const std::string big = Packet(std::string(900, 'x'), 7);
  for (int i = 0; i < 5000 && flood.Send(big, std::chrono::milliseconds(200)); ++i) {
  }
  ASSERT_TRUE(server.AwaitLeaves(1));
  EXPECT_EQ(server.StoryOf(server.Joined().at(1)).back(), "leave: receive memory exceeded");
  EXPECT_LE(server.Held() * 1024, 100'000u) << "no more than the bound was kept";
  EXPECT_GE(server.Held(), 30u);
  ASSERT_TRUE(good.Send(Packet("still here")));
  EXPECT_EQ(good.Receive(Packet("still here").size()), Packet("still here"));
  ExpectCleanStop(server);
  server.Forget();
}

TEST_F(ReceiveTest, PacketsThatAreReleasedDoNotCount) {
  TASK_INPUT("03.5", "a game that keeps nothing");
  ServerOptions options = Options();
  options.receive_memory_max = 50'000;
  RecordingServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  const std::string big = Packet(std::string(900, 'x'));
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(client.Send(big));
  EXPECT_TRUE(server.Await([&] { return server.packets == 500; }));
  ExpectCleanStop(server);
}

// --- timeouts ----------------------------------------------------------------------------------------

TEST(Timeout, CountsFromTheLastWholePacket) {
  EXPECT_EQ(net::Overdue(true, 1000, 1999, 500, 1000), nullptr);
  EXPECT_STREQ(net::Overdue(true, 1000, 2000, 500, 1000), "idle timeout");
  EXPECT_EQ(net::Overdue(false, 1000, 1499, 500, 1000), nullptr);
  EXPECT_STREQ(net::Overdue(false, 1000, 1500, 500, 1000), "first packet timeout");
  EXPECT_EQ(net::Overdue(true, 1000, 900'000, 500, 0), nullptr) << "0 = no limit";
  EXPECT_EQ(net::Overdue(false, 1000, 900'000, 0, 1000), nullptr);
  EXPECT_EQ(net::Overdue(true, 1001, 1000, 1, 1), nullptr) << "a packet after the clock was read";
  EXPECT_EQ(net::Overdue(true, 0xFFFFFF00, 0x10, 500, 1000), nullptr) << "the clock has wrapped";
  EXPECT_STREQ(net::Overdue(true, 0xFFFFFF00, 0x400, 500, 1000), "idle timeout");
}

// One byte at a time, never a whole packet. True: the server has closed before the last byte.
bool ClosedWhileItDrips(TcpClient& client) {
  const std::string frame = Packet(std::string(4000, 'x'));
  for (std::size_t i = 0; i + 1 < frame.size(); ++i) {
    if (!client.Send(frame.substr(i, 1))) return true;
    if (client.ReceiveToEnd(std::chrono::milliseconds(5)).closed) return true;
  }
  return false;
}

// Bytes are no sign of life.
TEST_F(ReceiveTest, TheSlowDripAndTheSilentClientMeetTheFirstPacketTimeout) {
  ServerOptions options = Options();
  options.first_packet_timeout_ms = 150;
  options.idle_timeout_ms = 0;
  RecordingServer server(options);
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  // The one who talks says its first packet at the first opportunity, before the clock can strike:
  // retried, for a busy machine may need longer for that than the timeout.
  std::optional<TcpClient> good;
  std::string answer;
  do {
    good.emplace(server.port());
    if (!good->Send(Packet("hello"))) continue;
    answer = good->Receive(Packet("hello").size());
  } while (answer != Packet("hello"));

  const std::size_t before = server.Joined().size();
  TcpClient silent(server.port());
  TcpClient drip(server.port());
  EXPECT_TRUE(ClosedWhileItDrips(drip)) << "each byte bought it more time";
  EXPECT_TRUE(silent.ReceiveToEnd().closed);
  EXPECT_TRUE(drip.ReceiveToEnd().closed);
  ASSERT_TRUE(Eventually([&] { return server.live_sessions() == 1; }));
  for (std::size_t i = before; i < before + 2; ++i) {
    EXPECT_EQ(server.StoryOf(server.Joined().at(i)).back(), "leave: first packet timeout");
  }
  ASSERT_TRUE(good->Send(Packet("still here")));
  EXPECT_EQ(good->Receive(Packet("still here").size()), Packet("still here"));
  ExpectCleanStop(server);
}

TEST_F(ReceiveTest, ADripAfterAWholePacketMeetsTheIdleTimeout) {
  TASK_INPUT("03.5", "a packet, then a byte now and then");
  ServerOptions options = Options();
  options.first_packet_timeout_ms = 0;
  options.idle_timeout_ms = 150;
  RecordingServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(client.Send(Packet("hello")));
  EXPECT_TRUE(ClosedWhileItDrips(client)) << "each byte bought it more time";
  EXPECT_TRUE(client.ReceiveToEnd().closed);
  ASSERT_TRUE(server.AwaitLeaves(1));
  EXPECT_EQ(server.StoryOf(server.Joined().at(0)), (Story{"join", "hello", "leave: idle timeout"}));
  ExpectCleanStop(server);
}

// --- options -----------------------------------------------------------------------------------------

TEST(ReceiveOptions, SaysWhatIsWrong) {
  const auto error = [](auto change) {
    ServerOptions options;
    change(options);
    return options.Validate().error();
  };
  EXPECT_EQ(error([](ServerOptions&) {}), "");
  EXPECT_EQ(error([](ServerOptions& o) { o.packet_max = 5; }),
            "packet_max is 5, allowed is 6 to 65535");
  EXPECT_EQ(error([](ServerOptions& o) { o.packet_max = 8188; }),
            "receive_buffer is 8192, allowed is 8193 to 1048576");
  EXPECT_EQ(error([](ServerOptions& o) { o.receive_memory_max = 1000; }),
            "receive_memory_max is 1000, allowed is 32896 to 1073741824");
  EXPECT_EQ(error([](ServerOptions& o) { o.idle_timeout_ms = 86'400'001; }),
            "idle_timeout_ms is 86400001, allowed is 0 to 86400000");
}

}  // namespace
