#include "apps/move_protocol.h"

namespace game {

namespace {

// Byte by byte: the same on every machine, whatever its byte order and alignment.
class Writer {
 public:
  explicit Writer(PacketType type) : bytes_{std::byte{0}, static_cast<std::byte>(type)} {}

  Writer& Put(std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_.push_back(static_cast<std::byte>(value >> (8 * i)));
    return *this;
  }
  PacketBytes Finish() {
    bytes_[0] = static_cast<std::byte>(bytes_.size());
    return std::move(bytes_);
  }

 private:
  PacketBytes bytes_;
};

std::uint32_t Get(std::span<const std::byte> bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value |= std::to_integer<std::uint32_t>(bytes[at + i]) << (8 * i);
  }
  return value;
}

PacketBytes EncodeWhere(PacketType type, const Where& where) {
  return Writer(type)
      .Put(where.id, 4)
      .Put(static_cast<std::uint16_t>(where.x), 2)
      .Put(static_cast<std::uint16_t>(where.y), 2)
      .Finish();
}

}  // namespace

PacketBytes EncodeMove(Direction direction) {
  return Writer(PacketType::kMove).Put(static_cast<std::uint32_t>(direction), 1).Finish();
}

PacketBytes EncodePutPlayer(const Where& where) {
  return EncodeWhere(PacketType::kPutPlayer, where);
}

PacketBytes EncodePosition(const Where& where) {
  return EncodeWhere(PacketType::kPosition, where);
}

PacketBytes EncodeRemovePlayer(std::uint32_t id) {
  return Writer(PacketType::kRemovePlayer).Put(id, 4).Finish();
}

PacketBytes EncodeFull() {
  return Writer(PacketType::kFull).Finish();
}

PacketType TypeOf(std::span<const std::byte> packet) {
  return static_cast<PacketType>(packet[1]);
}

std::optional<Direction> DecodeMove(std::span<const std::byte> packet) {
  if (packet.size() != 3 || std::to_integer<int>(packet[2]) > 3) return std::nullopt;
  return static_cast<Direction>(packet[2]);
}

std::optional<Where> DecodeWhere(std::span<const std::byte> packet) {
  if (packet.size() != 10) return std::nullopt;
  return Where{Get(packet, 2, 4), static_cast<std::int16_t>(Get(packet, 6, 2)),
               static_cast<std::int16_t>(Get(packet, 8, 2))};
}

std::optional<std::uint32_t> DecodeRemovePlayer(std::span<const std::byte> packet) {
  if (packet.size() != 6) return std::nullopt;
  return Get(packet, 2, 4);
}

}  // namespace game
