// The packets of the move game, in the lecture's format: length u8 | type u8 | data, little-endian.
//
//   C_MOVE           3   direction u8                      client: "I step there"
//   S_PUT_PLAYER     4   id u32, x i16, y i16              a player appears; the first one is
//   yourself S_POSITION       5   id u32, x i16, y i16              a player stands there now
//   S_REMOVE_PLAYER  6   id u32                            a player has left
//   S_FULL           7   -                                 no room; the server closes the
//   connection
//
// Pure functions, any thread. Decoding gives nothing unless the packet has exactly the right
// length.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace game {

enum class PacketType : std::uint8_t {
  kMove = 3,
  kPutPlayer = 4,
  kPosition = 5,
  kRemovePlayer = 6,
  kFull = 7,
};

enum class Direction : std::uint8_t { kUp = 0, kDown = 1, kLeft = 2, kRight = 3 };

inline constexpr int kBoardWidth = 60;
inline constexpr int kBoardHeight = 18;

struct Where {
  std::uint32_t id = 0;
  std::int16_t x = 0;  // 0 .. kBoardWidth-1, to the right
  std::int16_t y = 0;  // 0 .. kBoardHeight-1, downwards
  friend bool operator==(const Where&, const Where&) = default;
};

using PacketBytes = std::vector<std::byte>;

PacketBytes EncodeMove(Direction direction);
PacketBytes EncodePutPlayer(const Where& where);
PacketBytes EncodePosition(const Where& where);
PacketBytes EncodeRemovePlayer(std::uint32_t id);
PacketBytes EncodeFull();

// `packet` is whole: at least its two header bytes (net::NextFrame has cut it).
PacketType TypeOf(std::span<const std::byte> packet);
std::optional<Direction> DecodeMove(std::span<const std::byte> packet);
std::optional<Where> DecodeWhere(std::span<const std::byte> packet);  // put-player, position
std::optional<std::uint32_t> DecodeRemovePlayer(std::span<const std::byte> packet);

}  // namespace game
