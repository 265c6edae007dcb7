#include <gtest/gtest.h>

#include <deque>
#include <numeric>
#include <random>
#include <vector>

#include "net/ring_buffer.h"
#include "tests/support/task_input.h"
#include "tests/support/test_support.h"
#include "tests/support/wire.h"

namespace {

using net::RingBuffer;

// A ring with its storage, and the operations of a receive: bytes appear in the WSABUFs, then
// Commit.
struct TestRing {
  explicit TestRing(std::size_t capacity) : storage(capacity) { ring.Attach(storage); }

  // Writes through the WSABUFs, as the kernel does. Returns how many buffers were used.
  DWORD Receive(const std::vector<std::uint8_t>& bytes) {
    WSABUF spans[2];
    const DWORD count = ring.FreeSpans(spans);
    std::size_t done = 0;
    DWORD used = 0;
    for (DWORD i = 0; i < count && done < bytes.size(); ++i) {
      const std::size_t part = std::min<std::size_t>(spans[i].len, bytes.size() - done);
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(done), part, spans[i].buf);
      done += part;
      ++used;
    }
    EXPECT_EQ(done, bytes.size());
    ring.Commit(done);
    return used;
  }

  std::vector<std::uint8_t> Take(std::size_t count) {
    std::vector<std::uint8_t> bytes(count);
    ring.Peek(bytes.data(), count);
    ring.Consume(count);
    return bytes;
  }

  std::vector<std::byte> storage;
  RingBuffer ring;
};

std::vector<std::uint8_t> Numbered(std::size_t count, std::size_t first = 0) {
  std::vector<std::uint8_t> bytes(count);
  std::iota(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(first));
  return bytes;
}

TEST(RingBuffer, AnEmptyRingOffersOnePieceFromTheBeginning) {
  TASK_INPUT("03.1", "capacity 16, empty");
  TestRing t(16);
  WSABUF spans[2];
  ASSERT_EQ(t.ring.FreeSpans(spans), 1u);
  EXPECT_EQ(spans[0].len, 16u);
  EXPECT_EQ(static_cast<void*>(spans[0].buf), t.storage.data());
}

TEST(RingBuffer, AFullRingOffersNothing) {
  TASK_INPUT("03.1", "capacity 16, 16 bytes in it");
  TestRing t(16);
  t.Receive(Numbered(16));
  WSABUF spans[2];
  EXPECT_EQ(t.ring.FreeSpans(spans), 0u);
  EXPECT_EQ(t.ring.free_size(), 0u);
}

TEST(RingBuffer, TheFreeSpaceIsTailPartThenHeadPart) {
  TASK_INPUT("03.1", "capacity 16, 10 bytes in, 6 out");
  TestRing t(16);
  t.Receive(Numbered(10));
  t.ring.Consume(6);
  WSABUF spans[2];
  ASSERT_EQ(t.ring.FreeSpans(spans), 2u)
      << "readable bytes are 6..9 of 16, so free are 10..15 and 0..5";
  EXPECT_EQ(static_cast<void*>(spans[0].buf), t.storage.data() + 10);
  EXPECT_EQ(spans[0].len, 6u);
  EXPECT_EQ(static_cast<void*>(spans[1].buf), t.storage.data());
  EXPECT_EQ(spans[1].len, 6u);
}

TEST(RingBuffer, OneReceiveFillsBothPartsInOrder) {
  TASK_INPUT("03.1", "capacity 16, 10 bytes in, 6 out, 12 in");
  TestRing t(16);
  t.Receive(Numbered(10));
  t.ring.Consume(6);
  EXPECT_EQ(t.Receive(Numbered(12, 10)), 2u);
  EXPECT_EQ(t.ring.size(), 16u);
  const RingBuffer::Readable readable = t.ring.readable();
  EXPECT_EQ(readable.first.size(), 10u);
  EXPECT_EQ(readable.second.size(), 6u);
  EXPECT_EQ(t.Take(16), Numbered(16, 6));
}

TEST(RingBuffer, AnEmptiedRingStartsOver) {
  TASK_INPUT("03.1", "capacity 16, 9 bytes in, 9 out");
  TestRing t(16);
  t.Receive(Numbered(9));
  t.ring.Consume(9);
  WSABUF spans[2];
  ASSERT_EQ(t.ring.FreeSpans(spans), 1u);
  EXPECT_EQ(spans[0].len, 16u);
}

TEST(RingBuffer, AttachAndDetachGiveTheSameStorage) {
  std::vector<std::byte> storage(8);
  RingBuffer ring;
  EXPECT_FALSE(ring.attached());
  ring.Attach(storage);
  EXPECT_TRUE(ring.attached());
  const std::span<std::byte> back = ring.Detach();
  EXPECT_EQ(back.data(), storage.data());
  EXPECT_EQ(back.size(), storage.size());
  EXPECT_FALSE(ring.attached());
  EXPECT_EQ(ring.capacity(), 0u);
}

// Every state that a ring can have (front, size), and from it every length: the free spans are
// exactly the bytes that are not readable, in order, and what is written there is read back in
// order behind what was there.
TEST(RingBuffer, EveryOffsetEveryFillingEveryLength) {
  constexpr std::size_t kCapacity = 13;
  for (std::size_t front = 0; front < kCapacity; ++front) {
    for (std::size_t held = 0; held <= kCapacity; ++held) {
      for (std::size_t length = 0; length <= kCapacity - held; ++length) {
        TASK_INPUT("03.1", "capacity 13, front " << front << ", " << held << " bytes in it, then "
                                                 << length << " more");
        TestRing t(kCapacity);
        if (front > 0) {
          // Brings the front to its place: one byte must stay, or the ring would start over.
          t.Receive(Numbered(front + (held == 0 ? 0 : 1)));
          t.ring.Consume(front);
          if (held > 0) t.Receive(Numbered(held - 1, front + 1));
        } else {
          t.Receive(Numbered(held));
        }
        ASSERT_EQ(t.ring.size(), held);
        WSABUF spans[2];
        std::size_t free = 0;
        for (DWORD i = 0, n = t.ring.FreeSpans(spans); i < n; ++i) {
          ASSERT_GT(spans[i].len, 0u);
          free += spans[i].len;
        }
        ASSERT_EQ(free, kCapacity - held);
        t.Receive(Numbered(length, front + held));
        ASSERT_EQ(t.Take(held + length), Numbered(held + length, front));
      }
    }
  }
}

// Random use against std::deque: same bytes, same sizes, always.
TEST(RingBuffer, BehavesAsADeque) {
  const std::uint64_t seed = course_test::TestSeed();
  std::mt19937_64 dice(seed);
  for (int round = 0; round < 200 * course_test::StressFactor(); ++round) {
    const std::size_t capacity = 1 + dice() % 97;
    TASK_INPUT("03.1", "round " << round << ", capacity " << capacity << ", seed " << seed);
    TestRing t(capacity);
    std::deque<std::uint8_t> model;
    for (int step = 0; step < 300; ++step) {
      if (dice() % 2 == 0) {
        std::vector<std::uint8_t> bytes(dice() % (t.ring.free_size() + 1));
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(dice());
        t.Receive(bytes);
        model.insert(model.end(), bytes.begin(), bytes.end());
      } else {
        const std::size_t offset = dice() % (model.size() + 1);
        const std::size_t count = dice() % (model.size() - offset + 1);
        const auto from = model.begin() + static_cast<std::ptrdiff_t>(offset);
        std::vector<std::uint8_t> seen(count);
        t.ring.Peek(seen.data(), count, offset);
        ASSERT_TRUE(std::equal(seen.begin(), seen.end(), from));
        t.ring.Consume(offset);
        model.erase(model.begin(), from);
      }
      ASSERT_EQ(t.ring.size(), model.size());
      const RingBuffer::Readable readable = t.ring.readable();
      std::vector<std::uint8_t> all;
      for (const std::byte byte : readable.first) all.push_back(static_cast<std::uint8_t>(byte));
      for (const std::byte byte : readable.second) all.push_back(static_cast<std::uint8_t>(byte));
      ASSERT_TRUE(std::equal(all.begin(), all.end(), model.begin(), model.end()));
    }
  }
}

}  // namespace
