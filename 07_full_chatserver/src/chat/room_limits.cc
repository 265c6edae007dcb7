// What a room makes of too much talk: it refuses what it cannot send to everybody inside.
#include <chrono>
#include <utility>
#include <vector>

#include "chat/room.h"
#include "client_packet_handler.h"

namespace chat {

// One speaker cannot use the room up for the others: the last half of the bucket is for those who
// have been silent for a second.
// [fan-out]
void Room::LimitTalk() {
  if (options_.fan_out.per_second <= 0) return;
  const job::TimePoint now = options_.clock->Now();
  std::erase_if(talk_, [&](const Talk& talk) {
    Stay& speaker = *talk.speaker;
    const double bytes = static_cast<double>(talk.packet->payload_size() * turn_.size());
    const bool rarely = now - std::exchange(speaker.spoke, now) >= std::chrono::seconds(1);
    if (fan_out_.Take(options_.fan_out, now, bytes, rarely ? 0 : options_.fan_out.burst / 2)) {
      return false;
    }
    if (now - speaker.told_busy >= std::chrono::seconds(1)) {
      speaker.told_busy = now;
      RefuseTalk(talk.speaker, Protocol::REFUSAL_ROOM_BUSY);
    }
    return true;
  });
}
// [/fan-out]

void Room::RefuseTalk(const StayRef& speaker, Protocol::Refusal reason) {
  Protocol::S_CHAT refusal;
  refusal.set_reason(reason);
  net::PacketRef packet = ClientPacketHandler::MakeSendBuffer(refusal);
  sender_.Seal(*packet);
  turn_.Tell(speaker, std::move(packet));
}

}  // namespace chat
