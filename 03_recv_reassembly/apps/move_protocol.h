// The packets of the move game, as bodies of frames (notes/en/protocol.md), little-endian:
//
//   C_ECHO           1   any bytes                         client: "send this back"
//   S_ECHO           2   the same bytes
//   C_MOVE           3   direction u8                      client: "I step there"
//   S_PUT_PLAYER     4   id u32, x i16, y i16              a player appears; the first is yourself
//   S_POSITION       5   id u32, x i16, y i16              a player stands there now
//   S_REMOVE_PLAYER  6   id u32                            a player has left
//   S_FULL           7   -                                 no room; the server closes then
//
// Pure functions, any thread. What the Encode functions make is not sealed yet. Decoding reads the
// body with >> and gives nothing unless it has exactly the right length.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "net/packet.h"

namespace game {

enum class PacketType : std::uint16_t {
  kEcho = 1,
  kEchoReply = 2,
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

net::PacketRef EncodeEcho(std::string_view text);
net::PacketRef EncodeEchoReply(const net::Packet& echo);
net::PacketRef EncodeMove(Direction direction);
net::PacketRef EncodePutPlayer(const Where& where);
net::PacketRef EncodePosition(const Where& where);
net::PacketRef EncodeRemovePlayer(std::uint32_t id);
net::PacketRef EncodeFull();

inline PacketType TypeOf(const net::Packet& packet) {
  return static_cast<PacketType>(packet.type());
}
std::optional<Direction> DecodeMove(net::Packet& packet);
std::optional<Where> DecodeWhere(net::Packet& packet);  // put-player, position
std::optional<std::uint32_t> DecodeRemovePlayer(net::Packet& packet);

}  // namespace game
