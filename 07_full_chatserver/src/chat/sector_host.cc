#include "chat/sector_host.h"

#include "client_packet_handler.h"

namespace chat {

bool SectorHost::Record(std::span<const SectorTalk> turn) {
  records_.clear();
  for (const SectorTalk& talk : turn) {
    records_.push_back(
        {talk.account, talk.speaker, talk.name, talk.message, talk.sector, true, talk.number});
  }
  return chronicle_.Record(records_);
}

net::PacketRef SectorHost::MakeTalk(const SectorTalk& talk, std::uint32_t number,
                                    std::uint32_t sector_number) {
  Protocol::S_SECTOR_CHAT chat;
  chat.set_player_id(talk.player_id);
  chat.set_name(talk.name.data(), talk.name.size());
  chat.set_msg(talk.message.data(), talk.message.size());
  chat.set_sector(talk.sector);
  chat.set_sector_number(sector_number);
  net::PacketRef packet = ClientPacketHandler::MakeSendBuffer(chat, number);
  sender_.Seal(*packet);  // once, not once per receiver
  return packet;
}

net::PacketRef SectorHost::MakeAnswer(const SectorAnswer& answer) {
  Protocol::S_MOVE_SECTOR moved;
  moved.set_success(answer.success);
  if (!answer.success) moved.set_reason(Protocol::REFUSAL_BAD_POSITION);
  moved.set_x(answer.at.x);
  moved.set_y(answer.at.y);
  for (const SectorMark& mark : answer.heard) {
    Protocol::SectorMark& heard = *moved.add_heard();
    heard.set_sector(mark.sector);
    heard.set_next(mark.next);
  }
  net::PacketRef packet = ClientPacketHandler::MakeSendBuffer(moved);
  sender_.Seal(*packet);
  return packet;
}

net::PacketRef SectorHost::MakeRefusal(net::SessionId, SectorRefusal why) {
  Protocol::S_SECTOR_CHAT refusal;
  refusal.set_reason(why == SectorRefusal::kNotRecorded ? Protocol::REFUSAL_NOT_STORED
                     : why == SectorRefusal::kBusy      ? Protocol::REFUSAL_ROOM_BUSY
                                                        : Protocol::REFUSAL_NOT_IN_ROOM);
  net::PacketRef packet = ClientPacketHandler::MakeSendBuffer(refusal);
  sender_.Seal(*packet);
  return packet;
}

void SectorHost::Send(std::span<const SectorDelivery> deliveries) {
  if (deliveries.empty()) return;
  const auto turn = sender_.BeginTurn();  // what one session gets leaves as one send
  for (const SectorDelivery& delivery : deliveries) sender_.Send(delivery.to, delivery.packet);
}

}  // namespace chat
