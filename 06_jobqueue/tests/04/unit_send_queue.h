// The send queue and the send flag: what its tests share. Packets that say who made them.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>

#include "net/packet.h"
#include "net/send_node.h"
#include "net/send_queue.h"

namespace course_test {

class SendQueueTest : public ::testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(net::LiveSendNodes(), 0) << "a node leaked";
    EXPECT_EQ(net::Packet::LiveCount(), 0) << "a packet leaked";
  }
};

// A packet that says who made it, and its number there. It is not sealed, so that it can be read.
inline net::PacketRef MakeNumbered(std::uint32_t producer, std::uint32_t number) {
  net::PacketRef packet = net::Packet::Make(1);
  *packet << producer << number;
  return packet;
}

struct Numbered {
  std::uint32_t producer = 0;
  std::uint32_t number = 0;
};
inline Numbered Read(net::Packet& packet) {
  Numbered result;
  packet >> result.producer >> result.number;
  return result;
}

}  // namespace course_test
