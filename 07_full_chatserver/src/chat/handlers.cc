// What the server does with each packet of a client. The generator declares one function per
// message (client_packet_handler.h); leaving one out is a link error that names it.
//
// Every handler first asks "may this client do that now?" and "is this value in range?": never
// trust the client. A request that makes no sense is answered with a reason; the session lives on.
#include <string>
#include <utility>

#include "chat/answer.h"
#include "chat/text_rules.h"

namespace chat {

// [login]
bool Handle_C_LOGIN(GameSession& session, const Protocol::C_LOGIN& pkt) {
  // <student 05.6>
  using Reply = Protocol::S_LOGIN;
  if (session.state() != SessionState::kConnected) {
    return Refuse<Reply>(session, Protocol::REFUSAL_ALREADY_LOGGED_IN);
  }
  // The lobby answers, when the key store has. One that is too long for a key is not sent there: it
  // is as wrong as an empty one.
  const bool fits = pkt.session_key().size() <= kMostKeyBytes;
  if (!session.BeginLogin(pkt.account(), fits ? pkt.session_key() : std::string())) {
    return Refuse<Reply>(session, Protocol::REFUSAL_ALREADY_LOGGED_IN);
  }
  return true;
  // </student>
}
// [/login]

// [enter]
bool Handle_C_ENTER_GAME(GameSession& session, const Protocol::C_ENTER_GAME& pkt) {
  // <student 05.6>
  using Answer = Protocol::S_ENTER_GAME;
  Room* const room = session.world().FindRoom(pkt.room_id());
  if (session.state() == SessionState::kConnected)
    return Refuse<Answer>(session, Protocol::REFUSAL_NOT_LOGGED_IN);
  if (session.state() != SessionState::kLobby)
    return Refuse<Answer>(session, Protocol::REFUSAL_ALREADY_IN_ROOM);
  if (pkt.player_index() >= session.players().size()) {
    return Refuse<Answer>(session, Protocol::REFUSAL_BAD_PLAYER_INDEX);
  }
  if (room == nullptr) return Refuse<Answer>(session, Protocol::REFUSAL_BAD_ROOM);
  JobBudget::Permit permit = session.TakePermit();
  if (!permit) return Refuse<Answer>(session, Protocol::REFUSAL_TOO_MANY_REQUESTS);
  session.EnterRoom(session.players()[pkt.player_index()], *room, std::move(permit));
  return true;
  // </student>
}
// [/enter]

// [chat]
bool Handle_C_CHAT(GameSession& session, const Protocol::C_CHAT& pkt) {
  // <student 05.6>
  using Answer = Protocol::S_CHAT;
  if (session.state() == SessionState::kConnected)
    return Refuse<Answer>(session, Protocol::REFUSAL_NOT_LOGGED_IN);
  if (session.state() != SessionState::kInRoom)
    return Refuse<Answer>(session, Protocol::REFUSAL_NOT_IN_ROOM);
  const Protocol::Refusal reason =
      CheckMessage(pkt.msg(), session.world().options().max_message_bytes);
  if (reason != Protocol::REFUSAL_NONE) return Refuse<Answer>(session, reason);
  JobBudget::Permit permit = session.TakePermit();
  if (!permit) return Refuse<Answer>(session, Protocol::REFUSAL_TOO_MANY_REQUESTS);
  Room* const room = session.room();
  if (room == nullptr) return Refuse<Answer>(session, Protocol::REFUSAL_NOT_IN_ROOM);  // full
  room->Chat(session.stay(), pkt.msg(), std::move(permit));
  return true;
  // </student>
}
// [/chat]

bool Handle_C_LEAVE_GAME(GameSession& session, const Protocol::C_LEAVE_GAME&) {
  // <student 05.6>
  using Answer = Protocol::S_LEAVE_GAME;
  if (session.state() == SessionState::kConnected)
    return Refuse<Answer>(session, Protocol::REFUSAL_NOT_LOGGED_IN);
  if (session.state() != SessionState::kInRoom)
    return Refuse<Answer>(session, Protocol::REFUSAL_NOT_IN_ROOM);
  JobBudget::Permit permit = session.TakePermit();
  if (!permit) return Refuse<Answer>(session, Protocol::REFUSAL_TOO_MANY_REQUESTS);
  session.LeaveRoom(std::move(permit));  // the room answers, behind all that it has said before
  return true;
  // </student>
}

}  // namespace chat
