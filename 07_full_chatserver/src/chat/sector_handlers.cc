// What the server does with the packets of the sectors, and with the heartbeat.
#include "chat/answer.h"
#include "chat/text_rules.h"

namespace chat {

bool Handle_C_MOVE_SECTOR(GameSession& session, const Protocol::C_MOVE_SECTOR& pkt) {
  using Reply = Protocol::S_MOVE_SECTOR;
  if (session.state() != SessionState::kInRoom) {
    return Refuse<Reply>(session, session.state() == SessionState::kLobby
                                      ? Protocol::REFUSAL_NOT_IN_ROOM
                                      : Protocol::REFUSAL_NOT_LOGGED_IN);
  }
  const Position to{pkt.x(), pkt.y()};
  if (!session.world().Inside(to)) {
    return Refuse<Reply>(session, Protocol::REFUSAL_BAD_POSITION);
  }
  JobBudget::Permit permit = session.TakePermit();
  if (!permit) return Refuse<Reply>(session, Protocol::REFUSAL_TOO_MANY_REQUESTS);
  session.MoveTo(to, std::move(permit));
  return true;
}

bool Handle_C_SECTOR_CHAT(GameSession& session, const Protocol::C_SECTOR_CHAT& pkt) {
  using Reply = Protocol::S_SECTOR_CHAT;
  if (session.state() != SessionState::kInRoom) {
    return Refuse<Reply>(session, session.state() == SessionState::kLobby
                                      ? Protocol::REFUSAL_NOT_IN_ROOM
                                      : Protocol::REFUSAL_NOT_LOGGED_IN);
  }
  const Protocol::Refusal reason =
      CheckMessage(pkt.msg(), session.world().options().max_message_bytes);
  if (reason != Protocol::REFUSAL_NONE) return Refuse<Reply>(session, reason);
  JobBudget::Permit permit = session.TakePermit();
  if (!permit) return Refuse<Reply>(session, Protocol::REFUSAL_TOO_MANY_REQUESTS);
  session.world().grid().Talk(session.id(), pkt.msg(), std::move(permit));
  return true;
}

// The client has asked for more than it may. The answer that its request would have got, once a
// second; nothing for a heartbeat.
void RefuseTooFast(GameSession& session, std::uint16_t packet_type) {
  constexpr Protocol::Refusal kReason = Protocol::REFUSAL_TOO_FAST;
  switch (packet_type) {
    case Protocol::PACKET_C_LOGIN:
      Refuse<Protocol::S_LOGIN>(session, kReason);
      break;
    case Protocol::PACKET_C_ENTER_GAME:
      Refuse<Protocol::S_ENTER_GAME>(session, kReason);
      break;
    case Protocol::PACKET_C_LEAVE_GAME:
      Refuse<Protocol::S_LEAVE_GAME>(session, kReason);
      break;
    case Protocol::PACKET_C_CHAT:
      Refuse<Protocol::S_CHAT>(session, kReason);
      break;
    case Protocol::PACKET_C_MOVE_SECTOR:
      Refuse<Protocol::S_MOVE_SECTOR>(session, kReason);
      break;
    case Protocol::PACKET_C_SECTOR_CHAT:
      Refuse<Protocol::S_SECTOR_CHAT>(session, kReason);
      break;
    default:
      break;
  }
}

// Every packet is a sign of life (GameSession::Heard); this one is for clients with nothing to say.
bool Handle_C_HEARTBEAT(GameSession& session, const Protocol::C_HEARTBEAT& pkt) {
  Protocol::S_HEARTBEAT answer;
  answer.set_client_time(pkt.client_time());
  Send(session, answer);
  return true;
}

}  // namespace chat
