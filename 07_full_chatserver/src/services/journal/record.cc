#include "services/journal/record.h"

#include <array>
#include <cstdlib>
#include <iostream>

namespace journal {

namespace {

// Castagnoli's polynomial, bits reversed.
constexpr std::array<std::uint32_t, 256> MakeTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82F63B78U : 0U);
    table[i] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kTable = MakeTable();

std::uint32_t RecordCrc(std::string_view record) {
  return Crc32c(record.substr(8), Crc32c(record.substr(0, 4)));
}

}  // namespace

std::uint32_t Crc32c(std::string_view data, std::uint32_t crc) {
  crc = ~crc;
  for (const char c : data) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~crc;
}

void Batch::Add(std::uint32_t kind, std::string_view payload) {
  if (payload.size() > kPayloadMax) {
    std::cerr << "journal: a payload of " << payload.size() << " bytes\n";
    std::abort();
  }
  char header[kRecordHeader] = {};
  PutInteger(header, static_cast<std::uint32_t>(payload.size()));
  PutInteger(header + 16, kind);
  bytes_.append(header, sizeof header);
  bytes_.append(payload);
  ++count_;
}

// [seal]
void Batch::Seal(std::uint64_t first_id) {
  // <student 07b.1>
  std::uint64_t id = first_id;
  for (std::size_t at = 0; at < bytes_.size();) {
    char* const record = bytes_.data() + at;
    const std::size_t size = kRecordHeader + GetInteger<std::uint32_t>(record);
    PutInteger(record + 8, id++);
    PutInteger(record + 4, RecordCrc({record, size}));
    at += size;
  }
  // </student>
}
// [/seal]

// [parse]
Parse ParseRecord(std::string_view& bytes, Record& record) {
  // <student 07b.1>
  if (bytes.empty()) return Parse::kEnd;
  if (bytes.size() < kRecordHeader) return Parse::kTorn;
  const std::size_t length = GetInteger<std::uint32_t>(bytes.data());
  if (length > kPayloadMax) return Parse::kDamaged;
  if (bytes.size() < kRecordHeader + length) return Parse::kTorn;
  const std::string_view whole = bytes.substr(0, kRecordHeader + length);
  if (RecordCrc(whole) != GetInteger<std::uint32_t>(bytes.data() + 4)) return Parse::kDamaged;
  record.id = GetInteger<std::uint64_t>(bytes.data() + 8);
  record.kind = GetInteger<std::uint32_t>(bytes.data() + 16);
  record.payload = whole.substr(kRecordHeader);
  bytes.remove_prefix(whole.size());
  return Parse::kRecord;
  // </student>
}
// [/parse]

}  // namespace journal
