// The client library, and whether the dummy clients notice a server that makes mistakes.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "net/server.h"
#include "proto/send_buffer.h"
#include "support/client/dummy_crowd.h"
#include "tests/support/test_support.h"

namespace {

using client::Latency;
using course_test::kDeadline;

// --- Latency -------------------------------------------------------------------------------------

TEST(LatencyTest, SmallValuesAreExact) {
  Latency latency;
  EXPECT_EQ(latency.Percentile(50), 0u);
  for (std::uint64_t value = 1; value <= 20; ++value) latency.Add(value);
  EXPECT_EQ(latency.count(), 20u);
  EXPECT_EQ(latency.Percentile(50), 10u);
  EXPECT_EQ(latency.Percentile(100), 20u);
  EXPECT_EQ(latency.Percentile(0.1), 1u);
}

TEST(LatencyTest, LargeValuesAreCloseAndNeverTooSmall) {
  std::mt19937_64 dice(7);
  for (int round = 0; round < 1000; ++round) {
    Latency latency;
    const std::uint64_t value = dice() >> (dice() % 64);
    latency.Add(value);
    latency.Add(~std::uint64_t{0});  // so that the maximum does not help
    const std::uint64_t told = latency.Percentile(50);
    ASSERT_GE(told, value);
    ASSERT_LE(told - value, value / 32 + 1);
  }
}

// --- a server that makes one mistake -------------------------------------------------------------

enum class Mistake { kNone, kLose, kRepeat, kSwap, kAlter, kWrongSpeaker, kDisconnect };

// One room, and a mistake that hits one member once, at the fifth message.
class CarelessServer final : public net::Server {
 public:
  explicit CarelessServer(Mistake mistake) : Server(net::ServerOptions{}), mistake_(mistake) {}
  ~CarelessServer() override { Stop(); }

  // What kSwap holds back while nobody says more.
  void SendLate() {
    const std::lock_guard lock(lock_);
    SendPacket(members_[0], std::exchange(late_, {}));
  }

 private:
  template <typename Message>
  net::PacketRef Packet(std::uint16_t id, const Message& message, std::uint32_t number = 0) {
    net::PacketRef packet = proto::MakeSendBuffer(id, message, number);
    Seal(*packet);
    return packet;
  }

  void OnClientJoin(net::SessionId) override {}
  void OnClientLeave(net::SessionId, std::string_view) override {}
  void OnRecv(net::SessionId id, const net::PacketRef& packet) override {
    const std::lock_guard lock(lock_);
    if (packet->type() == Protocol::PACKET_C_LOGIN) {
      Protocol::S_LOGIN answer;
      answer.set_success(true);
      answer.add_players()->set_id(id.value);
      SendPacket(id, Packet(Protocol::PACKET_S_LOGIN, answer));
    } else if (packet->type() == Protocol::PACKET_C_ENTER_GAME) {
      members_.push_back(id);
      Protocol::S_ENTER_GAME answer;
      answer.set_success(true);
      answer.set_player_id(id.value);
      SendPacket(id, Packet(Protocol::PACKET_S_ENTER_GAME, answer));
    } else {
      Protocol::C_CHAT said;
      ASSERT_TRUE(
          said.ParseFromArray(packet->body().data(), static_cast<int>(packet->body().size())));
      Broadcast(id, said.msg());
    }
  }

  void Broadcast(net::SessionId speaker, const std::string& text) {
    Protocol::S_CHAT chat;
    chat.set_player_id(speaker.value);
    chat.set_msg(text);
    ++number_;
    const net::PacketRef good = Packet(Protocol::PACKET_S_CHAT, chat, number_);
    for (const net::SessionId member : members_) {
      if (member == members_[0] && number_ == 5) {
        DoMistake(member, chat, good);
      } else {
        SendPacket(member, good);
        if (member == members_[0] && late_) SendPacket(member, std::exchange(late_, {}));
      }
    }
  }

  void DoMistake(net::SessionId member, Protocol::S_CHAT chat, const net::PacketRef& good) {
    switch (mistake_) {
      case Mistake::kNone:
        SendPacket(member, good);
        break;
      case Mistake::kLose:
        break;
      case Mistake::kRepeat:
        SendPacket(member, good);
        SendPacket(member, good);
        break;
      case Mistake::kSwap:
        late_ = good;  // after the next one
        break;
      case Mistake::kAlter:
        chat.mutable_msg()->append("?");
        SendPacket(member, Packet(Protocol::PACKET_S_CHAT, chat, number_));
        break;
      case Mistake::kWrongSpeaker:
        chat.set_player_id(chat.player_id() + 1);
        SendPacket(member, Packet(Protocol::PACKET_S_CHAT, chat, number_));
        break;
      case Mistake::kDisconnect:
        Disconnect(member, "a mistake");
        break;
    }
  }

  const Mistake mistake_;
  std::mutex lock_;
  std::vector<net::SessionId> members_;  // guarded by lock_
  std::uint32_t number_ = 0;             // guarded by lock_
  net::PacketRef late_;                  // guarded by lock_
};

client::CrowdReport TalkTo(Mistake mistake) {
  CarelessServer server(mistake);
  EXPECT_EQ(server.Start().error(), "");
  client::CrowdOptions options;
  options.server = {0x7F000001, server.port()};
  options.sessions = 4;
  options.text_bytes = 60;
  client::DummyCrowd crowd(options);
  EXPECT_EQ(crowd.Enter(kDeadline).error(), "");
  crowd.Talk(100, 0.1);  // 40 messages
  const bool all_arrive =
      mistake == Mistake::kNone || mistake == Mistake::kRepeat || mistake == Mistake::kSwap;
  if (mistake == Mistake::kDisconnect || all_arrive) {
    EXPECT_EQ(crowd.AwaitEverything(kDeadline), all_arrive);
  } else {
    // All but the one: then no more waiting helps.
    EXPECT_TRUE(course_test::Eventually([&crowd] { return crowd.received() == 159; }));
    EXPECT_FALSE(crowd.AwaitEverything(std::chrono::milliseconds(50)));
  }
  return crowd.Report();
}

TEST(DummyCrowdTest, IsContentWithAServerThatMakesNoMistake) {
  const client::CrowdReport report = TalkTo(Mistake::kNone);
  EXPECT_TRUE(report.clean());
  EXPECT_EQ(report.sent, 40u);
  EXPECT_EQ(report.expected, 160u);
  EXPECT_EQ(report.received, 160u);
}

TEST(DummyCrowdTest, NoticesALostPacket) {
  const client::CrowdReport report = TalkTo(Mistake::kLose);
  EXPECT_EQ(report.missing, 1u);
  EXPECT_FALSE(report.clean());
}

TEST(DummyCrowdTest, NoticesARepeatedPacket) {
  const client::CrowdReport report = TalkTo(Mistake::kRepeat);
  EXPECT_EQ(report.duplicated, 1u);
  EXPECT_EQ(report.missing, 0u);
  EXPECT_FALSE(report.clean());
}

TEST(DummyCrowdTest, NoticesASwappedPacket) {
  const client::CrowdReport report = TalkTo(Mistake::kSwap);
  EXPECT_EQ(report.out_of_order, 1u);
  EXPECT_EQ(report.missing, 0u);
  EXPECT_FALSE(report.clean());
}

TEST(DummyCrowdTest, NoticesAnAlteredText) {
  const client::CrowdReport report = TalkTo(Mistake::kAlter);
  EXPECT_EQ(report.corrupted, 1u);
  EXPECT_FALSE(report.clean());
}

TEST(DummyCrowdTest, NoticesAWrongSpeaker) {
  const client::CrowdReport report = TalkTo(Mistake::kWrongSpeaker);
  EXPECT_EQ(report.corrupted, 1u);
  EXPECT_FALSE(report.clean());
}

TEST(DummyCrowdTest, NoticesALostConnection) {
  const client::CrowdReport report = TalkTo(Mistake::kDisconnect);
  EXPECT_EQ(report.disconnected, 1u);
  EXPECT_FALSE(report.clean());
}

TEST(DummyCrowdTest, WhoStopsEarlyStillHearsWhatWasSaid) {
  CarelessServer server(Mistake::kSwap);
  ASSERT_EQ(server.Start().error(), "");
  client::CrowdOptions options;
  options.server = {0x7F000001, server.port()};
  options.sessions = 4;
  client::DummyCrowd crowd(options);
  ASSERT_EQ(crowd.Enter(kDeadline).error(), "");
  crowd.Talk(100, 0.0125);  // 5 messages, the last of which one member has not got yet
  ASSERT_TRUE(course_test::Eventually([&crowd] { return crowd.received() == 19; }));
  crowd.Interrupt();
  std::thread later([&server] { server.SendLate(); });
  EXPECT_TRUE(crowd.AwaitEverything(kDeadline));
  later.join();
  crowd.Talk(100, 10);  // ends at once
  const client::CrowdReport report = crowd.Report();
  EXPECT_TRUE(report.clean());
  EXPECT_EQ(report.sent, 5u);
}

TEST(DummyCrowdTest, SaysWhyItCannotEnter) {
  client::CrowdOptions options;
  options.server = {0x7F000001, 1};  // nobody listens there
  client::DummyCrowd crowd(options);
  EXPECT_NE(crowd.Enter(kDeadline).error().find("cannot connect to 127.0.0.1:1"),
            std::string::npos);
}

}  // namespace
