// What the fuzzers of the services share: packets in their inputs, and what comes back.
//
// A packet in an input: [0] its type's place in kPacketIds (the last: a type that does not exist),
// [1] the body's length, body. It is encoded here, or the fuzzer would never get behind the
// checksum.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "enum.pb.h"
#include "tests/fuzz/input.h"
#include "tests/support/wire.h"

namespace fuzz {

// As enum.proto has them.
inline const std::vector<std::uint16_t>& PacketIds() {
  static const std::vector<std::uint16_t> ids = [] {
    std::vector<std::uint16_t> found;
    const auto* const all = Protocol::PacketId_descriptor();
    for (int i = 0; i < all->value_count(); ++i) {
      found.push_back(static_cast<std::uint16_t>(all->value(i)->number()));
    }
    found.push_back(65535);
    return found;
  }();
  return ids;
}

inline wire::Frame TakePacket(Input& input) {
  wire::Frame frame;
  frame.type = PacketIds()[input.Byte() % PacketIds().size()];
  const std::string body = input.Bytes(input.Byte());
  frame.body.assign(body.begin(), body.end());
  return frame;
}

inline void PutPacket(wire::Bytes& seed, std::uint16_t type, const std::string& body) {
  const auto& ids = PacketIds();
  const auto place = std::find(ids.begin(), ids.end(), type) - ids.begin();
  Require(body.size() < 256);
  seed.push_back(static_cast<std::uint8_t>(place));
  seed.push_back(static_cast<std::uint8_t>(body.size()));
  seed.insert(seed.end(), body.begin(), body.end());
}

template <typename Message>
bool ParseBody(const wire::Frame& frame, Message& message) {
  return message.ParseFromArray(frame.body.data(), static_cast<int>(frame.body.size()));
}

// A packet of a server must be one that the protocol has, from a server, and its message.
inline void RequireServerPacket(const wire::Frame& frame) {
  constexpr std::string_view kPrefix = "PACKET_";
  Require(Protocol::PacketId_IsValid(frame.type));
  const std::string name = Protocol::PacketId_Name(frame.type).substr(kPrefix.size());
  Require(name.starts_with("S_"));
  const auto* const type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName("Protocol." + name);
  Require(type != nullptr);
  const std::unique_ptr<google::protobuf::Message> message(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  Require(ParseBody(frame, *message));
}

}  // namespace fuzz
