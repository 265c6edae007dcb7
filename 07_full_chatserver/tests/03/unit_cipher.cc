#include <gtest/gtest.h>

#include <random>

#include "net/cipher.h"
#include "tests/support/task_input.h"
#include "tests/support/test_support.h"
#include "tests/support/wire.h"

namespace {

using wire::Bytes;

TEST(Cipher, AgreesWithTheProtocolPageForEveryKeyPair) {
  const std::uint64_t seed = course_test::TestSeed();
  std::mt19937_64 dice(seed);
  Bytes plain(130);
  for (std::uint8_t& byte : plain) byte = static_cast<std::uint8_t>(dice());
  for (int key = 0; key < 256; key += 5) {
    TASK_INPUT("03.2", "130 bytes, fixed key " << key << ", every random key, seed " << seed);
    for (int rand = 0; rand < 256; ++rand) {
      const auto k = static_cast<std::uint8_t>(key);
      const auto r = static_cast<std::uint8_t>(rand);
      Bytes run = plain;
      net::Encode(run, k, r);
      ASSERT_EQ(run, wire::NaiveEncode(plain, k, r)) << "fixed key " << key << " rand " << rand;
      net::Decode(run, k, r);
      ASSERT_EQ(run, plain) << "fixed key " << key << " rand " << rand;
    }
  }
}

TEST(Cipher, EveryLengthAroundTheBlocks) {
  const std::uint64_t seed = course_test::TestSeed();
  std::mt19937_64 dice(seed);
  for (std::size_t length = 0; length < 700; ++length) {
    TASK_INPUT("03.2", length << " bytes, keys A9 and FE, seed " << seed);
    Bytes plain(length);
    for (std::uint8_t& byte : plain) byte = static_cast<std::uint8_t>(dice());
    const Bytes coded = wire::NaiveEncode(plain, 0xA9, 0xFE);
    Bytes run = plain;
    net::Encode(run, 0xA9, 0xFE);
    ASSERT_EQ(run, coded);
    net::Decode(run, 0xA9, 0xFE);
    ASSERT_EQ(run, plain);
  }
}

TEST(Cipher, TheLongestRun) {
  TASK_INPUT("03.2", "65536 bytes of 5A, keys 1 and 2");
  Bytes plain(65536, 0x5A);
  Bytes run = plain;
  net::Encode(run, 0x01, 0x02);
  EXPECT_EQ(run, wire::NaiveEncode(plain, 0x01, 0x02));
  net::Decode(run, 0x01, 0x02);
  EXPECT_EQ(run, plain);
}

TEST(Cipher, ChecksumIsTheSumModulo256) {
  EXPECT_EQ(net::Checksum({}), 0);
  const Bytes bytes{200, 100, 1};
  EXPECT_EQ(net::Checksum(bytes), 45);
}

// The point of the chain: one changed byte on the wire changes what follows, so the checksum has
// something to see.
TEST(Cipher, AChangedByteSpreads) {
  TASK_INPUT("03.2", "40 zeros, one bit changed on the wire");
  const Bytes plain(40, 0);
  Bytes run = plain;
  net::Encode(run, 0xA9, 0x33);
  run[10] ^= 1;
  net::Decode(run, 0xA9, 0x33);
  EXPECT_EQ(Bytes(run.begin(), run.begin() + 10), Bytes(10, 0));
  EXPECT_NE(run[10], 0);
  EXPECT_NE(run[11], 0);
}

}  // namespace
