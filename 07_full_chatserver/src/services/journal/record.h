// A record of the journal, as bytes:
//
//   0   length u32   of the payload
//   4   crc    u32   CRC-32C of everything else: length, id, kind, payload
//   8   id     u64   consecutive in a journal folder, the first is 1
//   16  kind   u32   what the payload is; the journal does not look into it
//   20  payload
//
// All integers little-endian. A Batch collects the records of one turn (one thread); its ids and
// CRCs are put in by Journal::Append, which writes it with one system call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace journal {

inline constexpr std::size_t kRecordHeader = 20;
inline constexpr std::size_t kPayloadMax = 1 << 20;

struct Record {
  std::uint64_t id = 0;
  std::uint32_t kind = 0;
  std::string_view payload;  // inside the bytes that were parsed
};

class Batch {
 public:
  // `payload` has kPayloadMax bytes at the most (aborts otherwise: the caller bounds its messages).
  void Add(std::uint32_t kind, std::string_view payload);
  void Clear() {
    bytes_.clear();
    count_ = 0;
  }

  bool empty() const { return count_ == 0; }
  std::size_t count() const { return count_; }
  const std::string& bytes() const { return bytes_; }

  // Gives the records their ids, first_id and on, and their CRCs.
  void Seal(std::uint64_t first_id);

 private:
  std::string bytes_;
  std::size_t count_ = 0;
};

enum class Parse : unsigned char {
  kRecord,
  kEnd,      // no byte left
  kTorn,     // fewer bytes than the record says
  kDamaged,  // a length or a CRC that cannot be
};

// The record at the front of `bytes`; on kRecord it is cut off from `bytes`.
Parse ParseRecord(std::string_view& bytes, Record& record);

// CRC-32C, of `crc`'s data followed by these bytes.
std::uint32_t Crc32c(std::string_view data, std::uint32_t crc = 0);

// --- little-endian integers -------------------------------------------------------------------------

inline void PutInteger(char* to, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i)
    to[i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
}
template <class Integer>
void PutInteger(char* to, Integer value) {
  PutInteger(to, value, sizeof(Integer));
}

inline std::uint64_t GetInteger(const char* from, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value |= std::uint64_t{static_cast<unsigned char>(from[i])} << (8 * i);
  return value;
}
template <class Integer>
Integer GetInteger(const char* from) {
  return static_cast<Integer>(GetInteger(from, sizeof(Integer)));
}

}  // namespace journal
