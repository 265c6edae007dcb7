#include "load/wire.h"

#include <gtest/gtest.h>

#include <string>

#include "protocol.pb.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes ChatFrame(std::uint32_t sequence, const std::string& text) {
  Protocol::S_CHAT chat;
  chat.set_player_id(7);
  chat.set_msg(text);
  const auto packet = load::MakeFrame(Protocol::PACKET_S_CHAT, chat, sequence);
  return Bytes(packet->frame().begin(), packet->frame().end());
}

TEST(PeekFrame, ReadsTypeAndSequenceWithoutTheRest) {
  for (const std::uint32_t sequence : {0U, 1U, 255U, 256U, 0x01020304U, 0xFFFFFFFFU}) {
    Bytes frame = ChatFrame(sequence, "hello");
    frame.back() ^= 0xFF;  // nobody looks there
    load::FrameHead head;
    ASSERT_EQ(load::PeekFrame(frame, head), load::Peek::kFrame);
    EXPECT_EQ(head.type, Protocol::PACKET_S_CHAT);
    EXPECT_EQ(head.sequence, sequence);
    EXPECT_EQ(head.size, frame.size());
  }
}

TEST(PeekFrame, WaitsForAWholeFrame) {
  const Bytes frame = ChatFrame(1, "hello");
  load::FrameHead head;
  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_EQ(load::PeekFrame(std::span(frame).first(size), head), load::Peek::kNeedMore) << size;
  }
}

TEST(PeekFrame, KnowsAStreamThatIsNone) {
  Bytes frame = ChatFrame(1, "hello");
  load::FrameHead head;
  frame[0] = 0;
  EXPECT_EQ(load::PeekFrame(std::span(frame).first(1), head), load::Peek::kBroken);
  frame = ChatFrame(1, "hello");
  frame[1] = 5;  // less than type and sequence
  frame[2] = 0;
  EXPECT_EQ(load::PeekFrame(frame, head), load::Peek::kBroken);
}

TEST(DecodeFrame, GivesTheBodyOrSaysThatItIsBroken) {
  Bytes frame = ChatFrame(3, "hello");
  std::vector<std::uint8_t> run;
  const auto body = load::DecodeFrame(frame, run);
  ASSERT_TRUE(body);
  Protocol::S_CHAT chat;
  ASSERT_TRUE(chat.ParseFromArray(body->data(), static_cast<int>(body->size())));
  EXPECT_EQ(chat.msg(), "hello");
  frame.back() ^= 1;
  EXPECT_FALSE(load::DecodeFrame(frame, run));
}

}  // namespace
