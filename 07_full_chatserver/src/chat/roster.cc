#include "chat/roster.h"

#include "client_packet_handler.h"

namespace chat {

void Roster::Changed(std::size_t place) {
  auto& listed = *hello_.mutable_players();
  while (static_cast<std::size_t>(listed.size()) > place) listed.RemoveLast();
}

net::PacketRef Roster::Hello(const Player& newcomer) {
  const std::size_t named = std::min(inside_.size(), named_max_);
  for (auto at = static_cast<std::size_t>(hello_.players_size()); at < named; ++at) {
    inside_.player(at).CopyTo(*hello_.add_players());
  }
  hello_.set_unnamed(static_cast<std::uint32_t>(inside_.size() - named));
  hello_.set_player_id(newcomer.id);
  newcomer.CopyTo(*hello_.add_players());
  net::PacketRef packet = ClientPacketHandler::MakeSendBuffer(hello_);
  hello_.mutable_players()->RemoveLast();
  sender_.Seal(*packet);
  return packet;
}

}  // namespace chat
