// The frame of the wire protocol (notes/en/protocol.md): what stands where, and nothing else.
//
//   offset  0     1        3         4          5        7          11
//           code  length   rand_key  checksum | type     sequence   body ...
//           u8    u16      u8        u8       | u16      u32
//           '---------- header ------------'   '--- payload: `length` bytes ---'
//
// All integers are little-endian. Everything behind rand_key is encoded (cipher.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace net {

inline constexpr std::uint8_t kPacketCode = 52;
inline constexpr std::uint8_t kDefaultFixedKey = 0xA9;

inline constexpr std::size_t kFrameHeaderSize = 5;
inline constexpr std::size_t kPayloadHeaderSize = 6;  // type + sequence
inline constexpr std::size_t kFrameOverhead = kFrameHeaderSize + kPayloadHeaderSize;

// The `length` field counts the bytes behind the header.
inline constexpr std::uint32_t kMinPayload = kPayloadHeaderSize;
inline constexpr std::uint32_t kMaxPayload = 65535;
inline constexpr std::uint32_t kDefaultMaxPayload = 4096;  // from a client; a server option

// Offsets in the frame.
inline constexpr std::size_t kCodeAt = 0;
inline constexpr std::size_t kLengthAt = 1;
inline constexpr std::size_t kRandKeyAt = 3;
inline constexpr std::size_t kChecksumAt = 4;
inline constexpr std::size_t kTypeAt = 5;
inline constexpr std::size_t kSequenceAt = 7;
inline constexpr std::size_t kBodyAt = 11;

// Little-endian, on any machine and at any alignment.
[[nodiscard]] inline std::uint16_t LoadU16(const std::uint8_t* from) {
  return static_cast<std::uint16_t>(from[0] | from[1] << 8);
}
[[nodiscard]] inline std::uint32_t LoadU32(const std::uint8_t* from) {
  return static_cast<std::uint32_t>(LoadU16(from)) | static_cast<std::uint32_t>(LoadU16(from + 2))
                                                         << 16;
}
inline void StoreU16(std::uint8_t* to, std::uint16_t value) {
  to[0] = static_cast<std::uint8_t>(value);
  to[1] = static_cast<std::uint8_t>(value >> 8);
}
inline void StoreU32(std::uint8_t* to, std::uint32_t value) {
  StoreU16(to, static_cast<std::uint16_t>(value));
  StoreU16(to + 2, static_cast<std::uint16_t>(value >> 16));
}

}  // namespace net
