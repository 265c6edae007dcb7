#include "chat/roster.h"

#include <algorithm>

#include "client_packet_handler.h"

namespace chat {

void Roster::Changed(std::size_t place) {
  if (place < kFirst) {
    auto& listed = *hello_.mutable_players();
    while (static_cast<std::size_t>(listed.size()) > place) listed.RemoveLast();
  } else if (const std::size_t part = (place - kFirst) / kPart; part < rest_.size()) {
    rest_[part] = {};
  }
}

net::PacketRef Roster::Hello(const Player& newcomer) {
  const std::size_t first = std::min(inside_.size(), kFirst);
  for (auto at = static_cast<std::size_t>(hello_.players_size()); at < first; ++at) {
    inside_.player(at).CopyTo(*hello_.add_players());
  }
  hello_.set_player_id(newcomer.id);
  newcomer.CopyTo(*hello_.add_players());
  net::PacketRef packet = ClientPacketHandler::MakeSendBuffer(hello_);
  hello_.mutable_players()->RemoveLast();
  sender_.Seal(*packet);
  return packet;
}

std::span<const net::PacketRef> Roster::Rest() {
  const std::size_t behind = inside_.size() - std::min(inside_.size(), kFirst);
  rest_.resize((behind + kPart - 1) / kPart);
  for (std::size_t part = 0; part < rest_.size(); ++part) {
    const std::size_t from = kFirst + part * kPart;
    if (!rest_[part]) rest_[part] = MakePart(from, std::min(from + kPart, inside_.size()));
  }
  return rest_;
}

net::PacketRef Roster::MakePart(std::size_t from, std::size_t until) {
  std::vector<net::PacketRef> packets;
  for (std::size_t at = from; at < until; ++at) {
    Protocol::S_PLAYER_JOINED joined;
    inside_.player(at).CopyTo(*joined.mutable_player());
    packets.push_back(ClientPacketHandler::MakeSendBuffer(joined));
    sender_.Seal(*packets.back());
  }
  return net::Packet::Join(packets);
}

}  // namespace chat
