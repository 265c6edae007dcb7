#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "net/block_pool.h"
#include "net/packet.h"
#include "tests/support/task_input.h"
#include "tests/support/test_support.h"
#include "tests/support/wire.h"

namespace {

using net::Packet;
using net::PacketRef;
using wire::Bytes;

// Every test leaves the pool as it found it.
class PacketTest : public ::testing::Test {
 protected:
  void SetUp() override { live_before_ = Packet::LiveCount(); }
  void TearDown() override { EXPECT_EQ(Packet::LiveCount(), live_before_) << "a packet leaked"; }

 private:
  std::int64_t live_before_ = 0;
};

Bytes BodyOf(const Packet& packet) {
  return {packet.body().begin(), packet.body().end()};
}

TEST_F(PacketTest, NumbersAreLittleEndian) {
  const PacketRef packet = Packet::Make(3);
  *packet << std::uint8_t{0x01} << std::uint16_t{0x0203} << std::uint32_t{0x04050607}
          << std::uint64_t{0x08090A0B0C0D0E0F};
  EXPECT_EQ(BodyOf(*packet), (Bytes{1, 3, 2, 7, 6, 5, 4, 15, 14, 13, 12, 11, 10, 9, 8}));
}

enum class Colour : std::uint16_t { kRed = 7 };

TEST_F(PacketTest, WhatIsWrittenIsRead) {
  const PacketRef packet = Packet::Make(3);
  const double half = 0.5;
  const float infinity = std::numeric_limits<float>::infinity();
  *packet << std::int8_t{-1} << std::int16_t{-2} << std::int32_t{-3}
          << std::numeric_limits<std::int64_t>::min() << half << infinity << true << Colour::kRed
          << "안녕" << std::string() << std::string_view("x\0y", 3);
  ASSERT_TRUE(packet->ok());
  std::int8_t a;
  std::int16_t b;
  std::int32_t c;
  std::int64_t d;
  double e;
  float f;
  bool g;
  Colour h;
  std::string i;
  std::string j;
  std::string_view k;
  *packet >> a >> b >> c >> d >> e >> f >> g >> h >> i >> j >> k;
  ASSERT_TRUE(packet->ok());
  EXPECT_EQ(a, -1);
  EXPECT_EQ(b, -2);
  EXPECT_EQ(c, -3);
  EXPECT_EQ(d, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(e, half);
  EXPECT_EQ(f, infinity);
  EXPECT_TRUE(g);
  EXPECT_EQ(h, Colour::kRed);
  EXPECT_EQ(i, "안녕");
  EXPECT_EQ(j, "");
  EXPECT_EQ(k, std::string_view("x\0y", 3));
  EXPECT_TRUE(packet->unread().empty());
}

TEST_F(PacketTest, ReadingPastTheEndIsAnErrorStateAndGivesZeros) {
  const PacketRef packet = Packet::Make(3);
  *packet << std::uint16_t{0xFFFF};
  std::uint32_t wide = 77;
  std::string text = "old";
  std::uint16_t narrow = 88;
  *packet >> wide;
  EXPECT_FALSE(packet->ok());
  EXPECT_EQ(wide, 0u);
  *packet >> narrow >> text;
  EXPECT_FALSE(packet->ok()) << "the error state stays";
  EXPECT_EQ(narrow, 0) << "there were two bytes, but nothing is read after an error";
  EXPECT_EQ(text, "");
}

TEST_F(PacketTest, AStringLengthThatLiesIsAnErrorState) {
  TASK_INPUT("03.6", "a string that says 5 and has 4 bytes");
  const PacketRef packet = Packet::Make(3);
  *packet << std::uint16_t{5};
  packet->Write(Bytes{'a', 'b', 'c', 'd'});
  std::string_view text = "old";
  *packet >> text;
  EXPECT_FALSE(packet->ok());
  EXPECT_TRUE(text.empty());
}

// As it comes from a client: 11 bytes of frame, and a length that reaches far behind them.
TEST_F(PacketTest, AStringHoldsNothingThatIsNotOfItsPacket) {
  TASK_INPUT("03.6", "a received packet of 3 bytes: a string that says 60000, and \"x\"");
  const PacketRef packet = Packet::MakeForReceive(net::kPayloadHeaderSize + 3);
  const std::span<std::uint8_t> run = packet->run();
  const std::uint8_t body[3] = {60000 & 0xFF, 60000 >> 8, 'x'};
  std::copy_n(body, 3, run.begin() + 1 + net::kPayloadHeaderSize);
  std::string text = "old";
  *packet >> text;
  EXPECT_FALSE(packet->ok());
  EXPECT_EQ(text.size(), 0u) << "the rest would be somebody else's memory";
  std::uint32_t number = 7;
  *packet >> number;
  EXPECT_EQ(number, 0u) << "nor does what is read next";
}

TEST_F(PacketTest, WritingPastTheCapacityIsAnErrorStateAndWritesNothing) {
  const PacketRef packet = Packet::Make(3);
  while (packet->ok()) *packet << std::uint64_t{1};
  const std::size_t size = packet->payload_size();
  *packet << std::uint8_t{1} << "text";
  EXPECT_FALSE(packet->ok());
  EXPECT_EQ(packet->payload_size(), size);
  EXPECT_GE(packet->body().size(), Packet::kDefaultBodyCapacity);
}

TEST_F(PacketTest, AStringTooLongForItsPrefixIsRefusedWhole) {
  const PacketRef packet = Packet::Make(3, 60000);
  *packet << std::string(65536, 'x');
  EXPECT_FALSE(packet->ok());
  EXPECT_TRUE(packet->body().empty());
}

TEST_F(PacketTest, ThePayloadNeverOutgrowsItsLengthField) {
  const PacketRef packet = Packet::Make(3, net::kMaxPayload - net::kPayloadHeaderSize);
  const Bytes kilobyte(1024, 1);
  while (packet->ok()) packet->Write(kilobyte);
  EXPECT_LE(packet->payload_size(), net::kMaxPayload);
}

// Nobody's number may end the process, whoever chose it.
TEST_F(PacketTest, WhatNoBlockAndNoFrameCanHoldIsAnError) {
  EXPECT_THROW(
      static_cast<void>(net::AllocateBlock(net::BlockUse::kReceiveBuffer, net::kBlockMax + 1)),
      std::bad_alloc);
  const PacketRef packet = Packet::Make(1, std::size_t{4} << 20);
  EXPECT_TRUE(packet->frame().empty()) << "not sealed, so there is nothing to send";
  packet->Write(std::vector<std::uint8_t>(net::kMaxPayload - net::kPayloadHeaderSize));
  EXPECT_TRUE(packet->ok());
  *packet << std::uint8_t{1};
  EXPECT_FALSE(packet->ok());
}

TEST_F(PacketTest, SealMakesTheFrameOfTheProtocolPage) {
  const PacketRef packet = Packet::Make(5);
  *packet << std::uint32_t{9} << std::uint8_t{1};
  packet->SetSequence(0x01020304);
  packet->Seal(0xA9, 0x66);
  const Bytes frame(packet->frame().begin(), packet->frame().end());
  EXPECT_EQ(frame, wire::MakeFrame({5, 0x01020304, {9, 0, 0, 0, 1}}, 0xA9, 0x66));
}

TEST_F(PacketTest, ReferencesAreCounted) {
  const std::int64_t before = Packet::LiveCount();
  {
    PacketRef first = Packet::Make(1);
    EXPECT_EQ(Packet::LiveCount(), before + 1);
    PacketRef second = first;
    const PacketRef third = std::move(first);
    EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): the moved-from state is the test
    second = third;
    PacketRef& alias = second;
    second = alias;
    EXPECT_EQ(second.get(), third.get());
    EXPECT_EQ(Packet::LiveCount(), before + 1);
  }
  EXPECT_EQ(Packet::LiveCount(), before);
}

TEST_F(PacketTest, AUseCanTravelAsARawPointer) {
  const std::int64_t before = Packet::LiveCount();
  Packet* const raw = Packet::Make(1).Detach();
  EXPECT_EQ(Packet::LiveCount(), before + 1);
  raw->AddRef();
  raw->Release();
  EXPECT_EQ(Packet::LiveCount(), before + 1);
  { const PacketRef again = PacketRef::Adopt(raw); }
  EXPECT_EQ(Packet::LiveCount(), before);
}

TEST_F(PacketTest, AnAccountIsChargedWhileThePacketLives) {
  std::atomic<std::uint32_t> account{0};
  {
    const PacketRef packet = Packet::Make(1, 1000);
    packet->ChargeTo(&account);
    EXPECT_GE(account.load(), 1000u);
  }
  EXPECT_EQ(account.load(), 0u);
}

TEST_F(PacketTest, SteadyStateAsksTheHeapForNothing) {
  for (int i = 0; i < 100; ++i) static_cast<void>(Packet::Make(1));
  const std::uint64_t before = net::HeapAllocations();
  for (int i = 0; i < 100000; ++i) static_cast<void>(Packet::Make(1));
  EXPECT_EQ(net::HeapAllocations(), before);
}

TEST_F(PacketTest, ABlockOfEverySizeIsLargeEnoughAndComesBack) {
  const std::int64_t before = net::LiveBlocks(net::BlockUse::kReceiveBuffer);
  for (std::size_t size = 1; size <= net::kBlockMax; size = size * 3 / 2 + 1) {
    const net::Block block = net::AllocateBlock(net::BlockUse::kReceiveBuffer, size);
    ASSERT_GE(block.size, size);
    std::fill_n(block.data, block.size, std::byte{0x5A});
    net::FreeBlock(net::BlockUse::kReceiveBuffer, block);
  }
  EXPECT_EQ(net::LiveBlocks(net::BlockUse::kReceiveBuffer), before);
}

// One packet sent by many threads at once (a broadcast), many times: every use is given back, the
// last one by whichever thread comes last, and the contents never change.
TEST_F(PacketTest, ManyThreadsShareAPacket) {
  constexpr int kThreads = 4;
  const int rounds = 2000 * course_test::StressFactor();
  const std::int64_t before = Packet::LiveCount();
  std::atomic<int> wrong{0};
  for (int round = 0; round < rounds; round += 100) {
    std::vector<PacketRef> shared;
    for (int i = 0; i < 100; ++i) {
      shared.push_back(Packet::Make(static_cast<std::uint16_t>(i)));
      *shared.back() << std::uint64_t{0x1122334455667788};
      shared.back()->Seal(0xA9, static_cast<std::uint8_t>(i));
    }
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([mine = shared, &wrong]() mutable {
        for (PacketRef& packet : mine) {
          const PacketRef again = packet;
          const std::span<const std::uint8_t> frame = again->frame();
          if (frame.size() != 19 || frame[0] != net::kPacketCode) wrong.fetch_add(1);
          packet = PacketRef();
        }
      });
    }
    shared.clear();
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(Packet::LiveCount(), before);
}

// Packets made by one thread and released by another, so blocks travel through the shared store.
TEST_F(PacketTest, BlocksTravelBetweenThreads) {
  const std::int64_t before = Packet::LiveCount();
  const std::uint64_t heap_before = net::HeapAllocations();
  for (int round = 0; round < 50; ++round) {
    std::vector<PacketRef> made;
    std::thread([&made] {
      for (int i = 0; i < 200; ++i) made.push_back(Packet::Make(1));
    }).join();
    std::thread([&made] { made.clear(); }).join();
  }
  EXPECT_EQ(Packet::LiveCount(), before);
  EXPECT_LE(net::HeapAllocations() - heap_before, 400u)
      << "the second round and later reuse blocks";
}

}  // namespace
