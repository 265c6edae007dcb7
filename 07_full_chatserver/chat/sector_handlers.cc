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
  if (!session.TakeToken()) return Refuse<Reply>(session, Protocol::REFUSAL_TOO_MANY_REQUESTS);
  const Position to{pkt.x(), pkt.y()};
  if (!session.world().Inside(to)) {
    return Refuse<Reply>(session, Protocol::REFUSAL_BAD_POSITION);
  }
  session.MoveTo(to);
  return true;
}

bool Handle_C_SECTOR_CHAT(GameSession& session, const Protocol::C_SECTOR_CHAT& pkt) {
  using Reply = Protocol::S_SECTOR_CHAT;
  if (session.state() != SessionState::kInRoom) {
    return Refuse<Reply>(session, session.state() == SessionState::kLobby
                                      ? Protocol::REFUSAL_NOT_IN_ROOM
                                      : Protocol::REFUSAL_NOT_LOGGED_IN);
  }
  if (!session.TakeToken()) return Refuse<Reply>(session, Protocol::REFUSAL_TOO_MANY_REQUESTS);
  const Protocol::Refusal reason =
      CheckMessage(pkt.msg(), session.world().options().max_message_bytes);
  if (reason != Protocol::REFUSAL_NONE) return Refuse<Reply>(session, reason);
  session.world().grid().Talk(session.id(), pkt.msg());
  return true;
}

// Every packet is a sign of life (GameSession::Heard); this one is for clients with nothing to say.
bool Handle_C_HEARTBEAT(GameSession& session, const Protocol::C_HEARTBEAT& pkt) {
  Protocol::S_HEARTBEAT answer;
  answer.set_client_time(pkt.client_time());
  Send(session, answer);
  return true;
}

}  // namespace chat
