#include "peers/frame_input.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "load/wire.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

struct Answers final : peers::Output {
  void Answer(peers::Member&, net::PacketRef) override { ++count; }
  void Broadcast(peers::Room&, net::PacketRef) override {}
  void Entered(peers::Member&) override {}
  int count = 0;
};

class FrameInputTest : public testing::Test {
 protected:
  // Gives the stream in pieces of that size; false: it was refused.
  bool Give(const Bytes& stream, std::size_t piece) {
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      const std::size_t size = std::min(piece, stream.size() - at);
      const auto room = input_.Prepare(rest_);
      std::copy_n(stream.begin() + static_cast<std::ptrdiff_t>(at), size, room.begin());
      if (!input_.Take(core_, member_, rest_, size)) return false;
    }
    return true;
  }
  static Bytes Logins(std::uint32_t first, std::uint32_t last) {
    Bytes stream;
    for (std::uint32_t sequence = first; sequence <= last; ++sequence) {
      const auto packet = load::MakeFrame(Protocol::PACKET_C_LOGIN, Protocol::C_LOGIN(), sequence);
      stream.insert(stream.end(), packet->frame().begin(), packet->frame().end());
    }
    return stream;
  }

  Answers answers_;
  peers::ChatCore core_{answers_, 1};
  peers::FrameInput input_;
  peers::Member member_;
  Bytes rest_;
};

TEST_F(FrameInputTest, TakesFramesHoweverTheStreamIsCut) {
  std::uint32_t next = 1;
  for (const std::size_t piece : {1U, 2U, 5U, 11U, 12U, 1000U}) {
    const int before = answers_.count;
    ASSERT_TRUE(Give(Logins(next, next + 9), piece)) << piece;
    EXPECT_EQ(answers_.count, before + 10) << piece;
    EXPECT_TRUE(rest_.empty());
    next += 10;
  }
}

TEST_F(FrameInputTest, RefusesWhatIsNotTheProtocol) {
  EXPECT_FALSE(Give({0x33}, 1)) << "code";
  rest_.clear();
  EXPECT_FALSE(Give({net::kPacketCode, 0xFF, 0xFF}, 3)) << "length";
  rest_.clear();
  EXPECT_FALSE(Give(Logins(2, 2), 100)) << "sequence";
  rest_.clear();
  Bytes broken = Logins(1, 1);
  broken.back() ^= 1;
  EXPECT_FALSE(Give(broken, 100)) << "checksum";
  rest_.clear();
  const auto strange = load::MakeFrame(Protocol::PACKET_S_CHAT, Protocol::S_CHAT(), 1);
  EXPECT_FALSE(Give(Bytes(strange->frame().begin(), strange->frame().end()), 100)) << "packet";
}

}  // namespace
