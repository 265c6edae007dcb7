// What keeps the bytes of who is behind: the room's log, the queue of a connection, the room's
// turn.
#include <gtest/gtest.h>

#include <string>

#include "peers/room_log.h"
#include "peers/room_turn.h"
#include "peers/send_queue.h"

namespace {

net::PacketRef PacketOf(std::size_t body) {
  net::PacketRef packet = net::Packet::Make(1005, body);
  for (std::size_t i = 0; i < body; ++i) *packet << static_cast<std::uint8_t>(i);
  packet->Seal(net::kDefaultFixedKey, 1);
  return packet;
}

TEST(RoomLog, GivesEachMemberWhatItHasNotHeard) {
  peers::RoomLog log;
  const std::vector<std::uint8_t> bytes = {1, 2, 3, 4, 5, 6};
  log.Append(bytes);
  EXPECT_EQ(log.From(0).size(), 6U);
  EXPECT_EQ(log.From(4)[0], 5);
  EXPECT_TRUE(log.From(6).empty());
  log.Forget(6);
  EXPECT_EQ(log.begin(), 6U);
  log.Append(bytes);
  EXPECT_EQ(log.end(), 12U);
  EXPECT_EQ(log.From(7)[0], 2);
}

TEST(RoomLog, ForgetsWhenMostOfItIsUnused) {
  peers::RoomLog log;
  log.Append(std::vector<std::uint8_t>(100));
  log.Forget(49);
  EXPECT_EQ(log.begin(), 0U) << "moving 51 bytes to be rid of 49";
  log.Forget(50);
  EXPECT_EQ(log.begin(), 50U);
  EXPECT_EQ(log.end(), 100U);
}

TEST(SendQueue, DropsWhatWasSentAcrossPackets) {
  peers::SendQueue queue;
  const auto packet = PacketOf(9);  // 20 bytes
  ASSERT_EQ(packet->frame().size(), 20U);
  for (int i = 0; i < 3; ++i) queue.Push({packet});
  queue.Drop(25);
  EXPECT_EQ(queue.bytes(), 35U);
  ASSERT_EQ(queue.pieces().size(), 2U);
  EXPECT_EQ(queue.pieces()[0].bytes().data(), packet->frame().data() + 5);
  queue.Drop(35);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(SendQueue, MovesAsManyAsWanted) {
  peers::SendQueue queue;
  for (std::size_t i = 0; i < 5; ++i) queue.Push({PacketOf(i)});
  std::vector<peers::Piece> sending;
  queue.MoveTo(sending, 2);
  ASSERT_EQ(sending.size(), 2U);
  EXPECT_EQ(sending[1].bytes().size(), 12U);
  EXPECT_EQ(queue.bytes(), 13U + 14U + 15U);
  sending.clear();
  queue.MoveTo(sending, 100);
  ASSERT_EQ(sending.size(), 3U);
  EXPECT_EQ(sending[0].bytes().size(), 13U);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(SendQueue, KeepsNoPacketThatWasSent) {
  const std::int64_t before = net::Packet::LiveCount();
  peers::SendQueue queue;
  for (int i = 0; i < 100; ++i) queue.Push({PacketOf(1)});
  queue.Drop(queue.bytes() - 12);
  EXPECT_EQ(net::Packet::LiveCount(), before + 1);
}

TEST(RoomTurn, JoinsWhatWasSaid) {
  peers::RoomTurn turn;
  turn.Say(PacketOf(1));
  EXPECT_EQ(turn.Take()->frame().size(), 12U);
  EXPECT_TRUE(turn.empty());
  turn.Say(PacketOf(1));
  turn.Say(PacketOf(2));
  EXPECT_EQ(turn.bytes(), 25U);
  EXPECT_EQ(turn.Take()->frame().size(), 25U);
  EXPECT_EQ(turn.bytes(), 0U);
}

}  // namespace
