// A record as bytes: numbers and checksums, and what is torn or damaged.
#include "services/journal/record.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/task_input.h"

namespace {

using journal::Batch;
using journal::Parse;
using journal::ParseRecord;
using journal::Record;

std::string Hex(std::string_view bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

// Two records, 41 and 42.
std::string Sealed() {
  Batch batch;
  batch.Add(7, "hi");
  batch.Add(8, "");
  batch.Seal(41);
  return batch.bytes();
}

// The checksums by a program of another language.
TEST(Record, TheBytesAreThoseOfTheTable) {
  TASK_INPUT("07b.1", "kind 7 \"hi\", kind 8 \"\"; the first is number 41");
  EXPECT_EQ(Hex(Sealed()),
            "02000000"
            "f17bf60e"
            "2900000000000000"
            "07000000"
            "6869"
            "00000000"
            "3b36e66a"
            "2a00000000000000"
            "08000000");
}

TEST(Record, WhatWasSealedIsReadBackOneByOne) {
  TASK_INPUT("07b.1", "records 41 and 42, then nothing");
  const std::string bytes = Sealed();
  std::string_view rest = bytes;
  Record record;
  ASSERT_EQ(ParseRecord(rest, record), Parse::kRecord);
  EXPECT_EQ(record.id, 41U);
  EXPECT_EQ(record.kind, 7U);
  EXPECT_EQ(record.payload, "hi");
  ASSERT_EQ(ParseRecord(rest, record), Parse::kRecord);
  EXPECT_EQ(record.id, 42U);
  EXPECT_EQ(record.kind, 8U);
  EXPECT_EQ(record.payload, "");
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(ParseRecord(rest, record), Parse::kEnd);
}

TEST(Record, APartOfARecordIsTornAndStaysThere) {
  const std::string bytes = Sealed().substr(0, journal::kRecordHeader + 2);
  for (std::size_t length = 1; length < bytes.size(); ++length) {
    TASK_INPUT("07b.1", "the first " << length << " of " << bytes.size() << " bytes");
    std::string_view rest = std::string_view(bytes).substr(0, length);
    Record record;
    EXPECT_EQ(ParseRecord(rest, record), Parse::kTorn);
    EXPECT_EQ(rest.size(), length);
  }
}

TEST(Record, AFlippedBitIsNeverARecord) {
  const std::string bytes = Sealed().substr(0, journal::kRecordHeader + 2);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    TASK_INPUT("07b.1", "record 41 with bit " << bit << " flipped");
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    std::string_view rest = damaged;
    Record record;
    const Parse parse = ParseRecord(rest, record);
    EXPECT_NE(parse, Parse::kRecord);
    EXPECT_NE(parse, Parse::kEnd);
    EXPECT_EQ(rest.size(), damaged.size());
  }
}

// A length that cannot be is damage at once: waiting for that many bytes would be waiting for ever.
TEST(Record, ALengthThatCannotBeIsDamage) {
  TASK_INPUT("07b.1", "length 1048577 (one more than kPayloadMax), nothing behind the header");
  std::string bytes = Sealed().substr(0, journal::kRecordHeader);
  journal::PutInteger(bytes.data(), static_cast<std::uint32_t>(journal::kPayloadMax + 1));
  std::string_view rest = bytes;
  Record record;
  EXPECT_EQ(ParseRecord(rest, record), Parse::kDamaged);
}

}  // namespace
