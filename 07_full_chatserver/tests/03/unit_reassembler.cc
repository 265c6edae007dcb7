#include <gtest/gtest.h>

#include <random>

#include "net/reassembler.h"
#include "tests/support/task_input.h"
#include "tests/support/test_support.h"
#include "tests/support/wire.h"

// Every test here feeds a stream through a ring, cut in some way, and compares with the naive
// decoder's reading of the whole stream: how the bytes were cut must never matter.

namespace {

using net::FrameRules;
using net::Packet;
using net::PacketRef;
using net::Reassembler;
using net::RingBuffer;
using wire::Bytes;
using wire::Meaning;

constexpr std::uint8_t kKey = 0xA9;

// A receiver as a session has one: ring, rules, reassembler.
class Receiver {
 public:
  explicit Receiver(std::size_t capacity, FrameRules rules = {})
      : storage_(capacity), rules_(rules) {
    ring_.Attach(storage_);
  }

  // Moves the ring's front to `offset` (below the capacity), so that the stream begins there.
  void StartAt(std::size_t offset) {
    if (offset == 0) return;
    ring_.Commit(offset + 1);
    ring_.Consume(offset);
    spare_ = 1;  // keeps the ring from starting over until the first bytes are here
  }

  // One completed receive of `bytes`; takes all packets out. The bytes must fit.
  void Receive(const std::uint8_t* bytes, std::size_t count) {
    WSABUF spans[2]{};
    const DWORD pieces = ring_.FreeSpans(spans);
    std::size_t done = 0;
    for (DWORD i = 0; i < pieces && done < count; ++i) {
      const std::size_t part = std::min<std::size_t>(spans[i].len, count - done);
      std::copy_n(bytes + done, part, spans[i].buf);
      done += part;
    }
    ASSERT_EQ(done, count) << "the ring is full: reassembly does not take bytes out";
    ring_.Commit(count);
    if (spare_ > 0) {
      if (count == 0) return;
      ring_.Consume(spare_);
      spare_ = 0;
    }
    PacketRef packet;
    Reassembler::Step step;
    while ((step = reassembler_.Next(ring_, rules_, packet)) == Reassembler::Step::kPacket) {
      meaning_.frames.push_back(
          {packet->type(), packet->sequence(), {packet->body().begin(), packet->body().end()}});
    }
    if (step == Reassembler::Step::kRefused) meaning_.refusal = ToString(reassembler_.refusal());
  }
  void Receive(const Bytes& bytes) { Receive(bytes.data(), bytes.size()); }

  // As the server does: as much as has room, until everything is in or the stream is refused.
  void ReceiveAll(const Bytes& bytes, std::size_t at_most) {
    for (std::size_t at = 0; at < bytes.size() && meaning_.refusal.empty();) {
      const std::size_t part = std::min({at_most, bytes.size() - at, ring_.free_size()});
      ASSERT_GT(part, 0u) << "no room and no progress";
      Receive(bytes.data() + at, part);
      at += part;
    }
  }

  const Meaning& meaning() const { return meaning_; }
  const RingBuffer& ring() const { return ring_; }

 private:
  std::vector<std::byte> storage_;
  RingBuffer ring_;
  FrameRules rules_;
  Reassembler reassembler_;
  Meaning meaning_;
  std::size_t spare_ = 0;
};

Bytes Join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes ThreePackets() {
  return Join({wire::MakeFrame({3, 1, {2}}),
               wire::MakeFrame({1, 2, {'h', 'e', 'l', 'l', 'o'}}, kKey, 9),
               wire::MakeFrame({3, 3, {}}, kKey, 200)});
}

class ReassemblerTest : public ::testing::Test {
 protected:
  void SetUp() override { live_before_ = Packet::LiveCount(); }
  void TearDown() override { EXPECT_EQ(Packet::LiveCount(), live_before_) << "a packet leaked"; }

 private:
  std::int64_t live_before_ = 0;
};

// --- the golden vectors --------------------------------------------------------------------------

TEST_F(ReassemblerTest, GoldenFramesAreEncodedAndDecoded) {
  int seen = 0;
  for (const wire::Vector& vector : wire::LoadVectors()) {
    if (vector.refused) continue;
    TASK_INPUT("03.4", "golden frame " << vector.name << ": " << wire::ToHex(vector.bytes));
    const PacketRef packet = Packet::Make(vector.frame.type, vector.frame.body.size());
    packet->SetSequence(vector.frame.sequence);
    packet->Write(vector.frame.body);
    packet->Seal(vector.fixed_key, vector.rand_key);
    EXPECT_EQ(wire::ToHex({packet->frame().begin(), packet->frame().end()}),
              wire::ToHex(vector.bytes));

    FrameRules rules;
    rules.fixed_key = vector.fixed_key;
    rules.check_sequence = false;
    Receiver receiver(8192, rules);
    receiver.Receive(vector.bytes);
    EXPECT_EQ(receiver.meaning(), (Meaning{{vector.frame}, ""}));
    EXPECT_TRUE(receiver.ring().empty());
    ++seen;
  }
  EXPECT_GT(seen, 30);
}

TEST_F(ReassemblerTest, GoldenRefusalsAreRefusedForTheirReason) {
  int seen = 0;
  for (const wire::Vector& vector : wire::LoadVectors()) {
    if (!vector.refused) continue;
    TASK_INPUT("03.3", "golden refusal " << vector.name << ": " << wire::ToHex(vector.bytes));
    Receiver whole(8192);
    whole.Receive(vector.bytes);
    EXPECT_EQ(whole.meaning().refusal, vector.reason);
    Receiver drip(8192);
    drip.ReceiveAll(vector.bytes, 1);
    EXPECT_EQ(drip.meaning(), whole.meaning());
    ++seen;
  }
  EXPECT_GT(seen, 12);
}

TEST_F(ReassemblerTest, GoldenFramesInEveryTwoPieces) {
  for (const wire::Vector& vector : wire::LoadVectors()) {
    if (vector.refused) continue;
    FrameRules rules;
    rules.fixed_key = vector.fixed_key;
    rules.check_sequence = false;
    const Meaning expected{{vector.frame}, ""};
    for (std::size_t cut = 0; cut <= vector.bytes.size(); ++cut) {
      Receiver receiver(vector.bytes.size() + 3, rules);
      receiver.Receive(vector.bytes.data(), cut);
      receiver.Receive(vector.bytes.data() + cut, vector.bytes.size() - cut);
      ASSERT_EQ(receiver.meaning(), expected) << vector.name << " cut at " << cut;
    }
  }
}

// --- cuts, drips, many in one, wraps -------------------------------------------------------------

TEST_F(ReassemblerTest, SeveralPacketsInOneReceive) {
  TASK_INPUT("03.4", "three packets in one receive: " << wire::ToHex(ThreePackets()));
  Receiver receiver(256);
  receiver.Receive(ThreePackets());
  EXPECT_EQ(receiver.meaning().frames.size(), 3u);
  EXPECT_EQ(receiver.meaning(), wire::NaiveRead(ThreePackets(), kKey, 4096));
}

TEST_F(ReassemblerTest, AThousandPacketsInOneReceive) {
  TASK_INPUT("03.4", "1000 packets in one receive");
  Bytes stream;
  for (std::uint32_t i = 1; i <= 1000; ++i) {
    const Bytes frame =
        wire::MakeFrame({3, i, {static_cast<std::uint8_t>(i)}}, kKey, static_cast<std::uint8_t>(i));
    stream.insert(stream.end(), frame.begin(), frame.end());
  }
  Receiver receiver(stream.size());
  receiver.Receive(stream);
  EXPECT_EQ(receiver.meaning().frames.size(), 1000u);
}

TEST_F(ReassemblerTest, OneByteAtATime) {
  TASK_INPUT("03.4", "one byte at a time: " << wire::ToHex(ThreePackets()));
  Receiver receiver(64);
  receiver.ReceiveAll(ThreePackets(), 1);
  EXPECT_EQ(receiver.meaning(), wire::NaiveRead(ThreePackets(), kKey, 4096));
}

TEST_F(ReassemblerTest, EveryTwoCuts) {
  TASK_INPUT("03.4", "cut at every two places: " << wire::ToHex(ThreePackets()));
  const Bytes stream = ThreePackets();
  const Meaning expected = wire::NaiveRead(stream, kKey, 4096);
  for (std::size_t a = 0; a <= stream.size(); ++a) {
    for (std::size_t b = a; b <= stream.size(); ++b) {
      Receiver receiver(64);
      receiver.Receive(stream.data(), a);
      receiver.Receive(stream.data() + a, b - a);
      receiver.Receive(stream.data() + b, stream.size() - b);
      ASSERT_EQ(receiver.meaning(), expected) << "cuts at " << a << " and " << b;
    }
  }
}

TEST_F(ReassemblerTest, EveryWrapOffsetAndEveryCut) {
  TASK_INPUT("03.4", "at every place of the ring: " << wire::ToHex(ThreePackets()));
  const Bytes stream = ThreePackets();
  const Meaning expected = wire::NaiveRead(stream, kKey, 4096);
  const std::size_t capacity = stream.size() + 1;
  for (std::size_t offset = 0; offset + 1 < capacity; ++offset) {
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
      Receiver receiver(capacity);
      receiver.StartAt(offset);
      receiver.Receive(stream.data(), cut);
      receiver.Receive(stream.data() + cut, stream.size() - cut);
      ASSERT_EQ(receiver.meaning(), expected) << "ring starts at " << offset << ", cut at " << cut;
    }
  }
}

TEST_F(ReassemblerTest, APacketExactlyAsLargeAsTheRing) {
  TASK_INPUT("03.3", "a frame of 61 bytes, a ring of 61");
  const Bytes frame = wire::MakeFrame({1, 1, Bytes(50, 7)});
  Receiver receiver(frame.size());
  receiver.ReceiveAll(frame, 7);
  EXPECT_EQ(receiver.meaning().frames.size(), 1u);
}

// --- refusals ------------------------------------------------------------------------------------

TEST_F(ReassemblerTest, APacketThatTheRingCanNeverHoldIsRefusedAtOnce) {
  TASK_INPUT("03.3", "the first 3 bytes of a frame of 61, a ring of 60");
  const Bytes frame = wire::MakeFrame({1, 1, Bytes(50, 7)});
  Receiver receiver(frame.size() - 1);
  receiver.Receive(frame.data(), 3);
  EXPECT_EQ(receiver.meaning().refusal, "packet too long");
}

// The longest payload that the server's limit allows, and one byte more; the shortest, and one
// less.
TEST_F(ReassemblerTest, TheLimitsOfTheLengthAreWhereTheyAre) {
  for (const std::uint32_t length : {5U, 6U, 20U, 21U}) {
    TASK_INPUT("03.3", "code and length " << length << " with a limit of 20, then nothing");
    FrameRules rules;
    rules.max_payload = 20;
    Receiver receiver(256, rules);
    receiver.Receive({net::kPacketCode, static_cast<std::uint8_t>(length)});
    EXPECT_EQ(receiver.meaning().refusal, "") << "half of the length says nothing yet";
    receiver.Receive({0});
    EXPECT_EQ(receiver.meaning().refusal, length == 5    ? "bad length"
                                          : length == 21 ? "packet too long"
                                                         : "");
  }
}

TEST_F(ReassemblerTest, ThePacketsBeforeGarbageAreDelivered) {
  TASK_INPUT("03.4", "three packets, then de ad");
  const Bytes stream = Join({ThreePackets(), {0xDE, 0xAD}});
  Receiver receiver(256);
  receiver.Receive(stream);
  EXPECT_EQ(receiver.meaning().frames.size(), 3u);
  EXPECT_EQ(receiver.meaning().refusal, "bad packet code");
}

TEST_F(ReassemblerTest, ARefusedStreamStaysRefused) {
  TASK_INPUT("03.4", "00, then a good packet");
  std::vector<std::byte> storage(256);
  RingBuffer ring;
  ring.Attach(storage);
  const Bytes good = wire::MakeFrame({3, 1, {}});
  WSABUF spans[2]{};
  ASSERT_EQ(ring.FreeSpans(spans), 1u);
  spans[0].buf[0] = 0;
  std::copy(good.begin(), good.end(), spans[0].buf + 1);
  ring.Commit(1 + good.size());
  Reassembler reassembler;
  PacketRef packet;
  ASSERT_EQ(reassembler.Next(ring, {}, packet), Reassembler::Step::kRefused);
  ring.Consume(1);
  EXPECT_EQ(reassembler.Next(ring, {}, packet), Reassembler::Step::kRefused)
      << "no resynchronising";
  EXPECT_FALSE(packet);
  reassembler.Reset();
  EXPECT_EQ(reassembler.Next(ring, {}, packet), Reassembler::Step::kPacket);
}

TEST_F(ReassemblerTest, EverySingleBitErrorIsRefusedOrChangesTheMeaning) {
  // Obfuscation and a checksum of one byte are no authentication: some errors pass as another
  // packet. None may pass as the same packet, and all must be read as the naive decoder reads them.
  const Bytes good = wire::MakeFrame({3, 1, {1, 2, 3}});
  const Meaning original = wire::NaiveRead(good, kKey, 4096);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1 << (bit % 8)));
    Receiver receiver(8192);
    receiver.Receive(bad);
    ASSERT_EQ(receiver.meaning(), wire::NaiveRead(bad, kKey, 4096)) << "bit " << bit;
    ASSERT_NE(receiver.meaning(), original) << "bit " << bit;
  }
}

// --- property ------------------------------------------------------------------------------------

// Random streams (mostly good, some with a defect), random rings, random cuts.
TEST_F(ReassemblerTest, ReadsAnyStreamAsTheNaiveDecoderDoes) {
  const std::uint64_t seed = course_test::TestSeed();
  std::mt19937_64 dice(seed);
  int refused = 0;
  for (int round = 0; round < 1500 * course_test::StressFactor(); ++round) {
    const auto key = static_cast<std::uint8_t>(dice());
    const std::uint32_t max_payload = 6 + static_cast<std::uint32_t>(dice() % 300);
    Bytes stream;
    for (std::uint32_t i = 1, n = static_cast<std::uint32_t>(dice() % 20); i <= n; ++i) {
      wire::Frame frame{static_cast<std::uint16_t>(dice()), i, Bytes(dice() % (max_payload - 5))};
      for (std::uint8_t& byte : frame.body) byte = static_cast<std::uint8_t>(dice());
      if (dice() % 60 == 0) frame.sequence += static_cast<std::uint32_t>(dice() % 3) - 1;
      const Bytes bytes = wire::MakeFrame(frame, key, static_cast<std::uint8_t>(dice()));
      stream.insert(stream.end(), bytes.begin(), bytes.end());
    }
    if (dice() % 3 == 0 && !stream.empty()) {
      std::uint8_t& victim = stream[dice() % stream.size()];
      victim = static_cast<std::uint8_t>(victim ^ (1 + dice() % 255));
    }
    if (dice() % 3 == 0)
      stream.resize(stream.size() - std::min<std::size_t>(stream.size(), dice() % 12));

    TASK_INPUT("03.4",
               "round " << round << ", seed " << seed << ", stream " << wire::ToHex(stream));
    FrameRules rules;
    rules.fixed_key = key;
    rules.max_payload = max_payload;
    Receiver receiver(5 + max_payload + dice() % 200, rules);
    if (dice() % 2 == 0) receiver.StartAt(dice() % (5 + max_payload - 1));
    receiver.ReceiveAll(stream, 1 + dice() % 400);
    ASSERT_EQ(receiver.meaning(), wire::NaiveRead(stream, key, max_payload));
    if (!receiver.meaning().refusal.empty()) ++refused;
  }
  EXPECT_GT(refused, 50) << "the generator makes too few bad streams to be a test";
}

}  // namespace
