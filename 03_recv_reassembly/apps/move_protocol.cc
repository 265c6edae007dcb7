#include "apps/move_protocol.h"

namespace game {

namespace {

net::PacketRef Make(PacketType type, std::size_t body_capacity = 16) {
  return net::Packet::Make(static_cast<std::uint16_t>(type), body_capacity);
}

// [encode-where]
net::PacketRef EncodeWhere(PacketType type, const Where& where) {
  net::PacketRef packet = Make(type);
  *packet << where.id << where.x << where.y;
  return packet;
}
// [/encode-where]

// Everything was there, and nothing more.
bool Complete(const net::Packet& packet) {
  return packet.ok() && packet.unread().empty();
}

}  // namespace

net::PacketRef EncodeEcho(std::string_view text) {
  net::PacketRef packet = Make(PacketType::kEcho, text.size());
  packet->Write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  return packet;
}

net::PacketRef EncodeEchoReply(const net::Packet& echo) {
  net::PacketRef packet = Make(PacketType::kEchoReply, echo.body().size());
  packet->Write(echo.body());
  return packet;
}

net::PacketRef EncodeMove(Direction direction) {
  net::PacketRef packet = Make(PacketType::kMove);
  *packet << direction;
  return packet;
}

net::PacketRef EncodePutPlayer(const Where& where) {
  return EncodeWhere(PacketType::kPutPlayer, where);
}

net::PacketRef EncodePosition(const Where& where) {
  return EncodeWhere(PacketType::kPosition, where);
}

net::PacketRef EncodeRemovePlayer(std::uint32_t id) {
  net::PacketRef packet = Make(PacketType::kRemovePlayer);
  *packet << id;
  return packet;
}

net::PacketRef EncodeFull() {
  return Make(PacketType::kFull);
}

std::optional<Direction> DecodeMove(net::Packet& packet) {
  std::uint8_t direction = 0;
  packet >> direction;
  if (!Complete(packet) || direction > 3) return std::nullopt;
  return static_cast<Direction>(direction);
}

std::optional<Where> DecodeWhere(net::Packet& packet) {
  Where where;
  packet >> where.id >> where.x >> where.y;
  if (!Complete(packet)) return std::nullopt;
  return where;
}

std::optional<std::uint32_t> DecodeRemovePlayer(net::Packet& packet) {
  std::uint32_t id = 0;
  packet >> id;
  if (!Complete(packet)) return std::nullopt;
  return id;
}

}  // namespace game
