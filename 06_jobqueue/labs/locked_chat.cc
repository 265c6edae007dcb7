#include "labs/locked_chat.h"

#include "chat/text_rules.h"
#include "client_packet_handler.h"

namespace apps {

LockedChat::LockedChat(const net::ServerOptions& options, std::uint32_t rooms)
    : Server(options), clients_(options.session_max) {
  chat::PacketSender& sender = *this;  // private base: only here is the conversion allowed
  for (std::uint32_t id = 0; id < rooms; ++id) rooms_.emplace_back(id, sender);
}

std::uint64_t LockedChat::waited_ns() const {
  std::uint64_t sum = 0;
  for (const LockedRoom& room : rooms_) sum += room.waited_ns();
  return sum;
}

void LockedChat::OnClientJoin(net::SessionId id) {
  const std::uint64_t player = id.index() + std::uint64_t{1};
  clients_[id.index()] =
      Client{this,
             std::make_shared<const chat::Player>(chat::Player{
                 player, "Knight" + std::to_string(player), Protocol::PLAYER_TYPE_KNIGHT, id}),
             nullptr};
}

void LockedChat::OnClientLeave(net::SessionId id, std::string_view) {
  Client& client = clients_[id.index()];
  if (client.room != nullptr) client.room->Leave(*client.player);
  client = Client{};
}

void LockedChat::OnRecv(net::SessionId id, const net::PacketRef& packet) {
  Client& client = clients_[id.index()];
  proto::Dispatched result = proto::Dispatched::kUnknownId;
  switch (packet->type()) {
    case Protocol::PACKET_C_LOGIN: {
      Protocol::S_LOGIN answer;
      answer.set_success(true);
      client.player->CopyTo(*answer.add_players());
      Send(id, ClientPacketHandler::MakeSendBuffer(answer));
      result = proto::Dispatched::kHandled;
      break;
    }
    case Protocol::PACKET_C_ENTER_GAME:
      result = proto::ParseAndCall<Protocol::C_ENTER_GAME, Client>(
          client, packet->body(), [](Client& mine, const Protocol::C_ENTER_GAME& pkt) {
            if (mine.room != nullptr || pkt.room_id() >= mine.chat->rooms_.size()) return false;
            mine.room = &mine.chat->rooms_[pkt.room_id()];
            mine.room->Enter(mine.player);
            return true;
          });
      break;
    case Protocol::PACKET_C_CHAT:
      result = proto::ParseAndCall<Protocol::C_CHAT, Client>(
          client, packet->body(), [](Client& mine, const Protocol::C_CHAT& pkt) {
            if (mine.room == nullptr) return false;
            if (chat::CheckMessage(pkt.msg(), 1000) != Protocol::REFUSAL_NONE) return false;
            mine.room->Chat(*mine.player, pkt.msg());
            return true;
          });
      break;
    default:
      break;
  }
  if (result == proto::Dispatched::kHandled) {
    CountUpdate();
  } else {
    Expel(id, proto::ToString(result).data());
  }
}

void LockedChat::Send(net::SessionId to, const net::PacketRef& packet) {
  if (!packet->sealed()) Seal(*packet);
  SendPacket(to, packet);
}

}  // namespace apps
