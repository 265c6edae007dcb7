// What the server does with each packet of a client. The generator declares one function per
// message (client_packet_handler.h); leaving one out is a link error that names it.
//
// Every handler first asks "may this client do that now?" and "is this value in range?": never
// trust the client. A request that makes no sense is answered with a reason; the session lives on.
#include <string>

#include "chat/game_session.h"
#include "chat/text_rules.h"
#include "client_packet_handler.h"

namespace chat {

namespace {

template <typename Message>
void Send(GameSession& session, const Message& message) {
  session.world().sender().Send(session.id(), ClientPacketHandler::MakeSendBuffer(message));
}

template <typename Answer>
bool Refuse(GameSession& session, Protocol::Refusal reason) {
  Answer answer;
  if constexpr (requires { answer.set_success(false); }) answer.set_success(false);
  answer.set_reason(reason);
  Send(session, answer);
  return true;
}

PlayerRef MakePlayer(GameSession& session, const char* kind, Protocol::PlayerType type) {
  const std::uint64_t id = session.world().NewPlayerId();
  return std::make_shared<const Player>(Player{id, kind + std::to_string(id), type, session.id()});
}

}  // namespace

bool Handle_C_LOGIN(GameSession& session, const Protocol::C_LOGIN&) {
  // <student 05.6>
  if (session.state() != SessionState::kConnected) {
    return Refuse<Protocol::S_LOGIN>(session, Protocol::REFUSAL_ALREADY_LOGGED_IN);
  }
  // Stage 05 has no accounts yet: everybody owns the same two kinds of characters.
  session.LogIn({MakePlayer(session, "Knight", Protocol::PLAYER_TYPE_KNIGHT),
                 MakePlayer(session, "Mage", Protocol::PLAYER_TYPE_MAGE)});
  Protocol::S_LOGIN answer;
  answer.set_success(true);
  for (const PlayerRef& player : session.players()) player->CopyTo(*answer.add_players());
  Send(session, answer);
  return true;
  // </student>
}

// [enter]
bool Handle_C_ENTER_GAME(GameSession& session, const Protocol::C_ENTER_GAME& pkt) {
  // <student 05.6>
  using Answer = Protocol::S_ENTER_GAME;
  Room* const room = session.world().FindRoom(pkt.room_id());
  if (session.state() == SessionState::kConnected)
    return Refuse<Answer>(session, Protocol::REFUSAL_NOT_LOGGED_IN);
  if (session.state() == SessionState::kInRoom)
    return Refuse<Answer>(session, Protocol::REFUSAL_ALREADY_IN_ROOM);
  if (pkt.player_index() >= session.players().size()) {
    return Refuse<Answer>(session, Protocol::REFUSAL_BAD_PLAYER_INDEX);
  }
  if (room == nullptr) return Refuse<Answer>(session, Protocol::REFUSAL_BAD_ROOM);
  session.EnterRoom(session.players()[pkt.player_index()], *room);
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
  session.room()->Chat(*session.player(), pkt.msg());
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
  session.LeaveRoom();
  Answer answer;
  answer.set_success(true);
  Send(session, answer);
  return true;
  // </student>
}

}  // namespace chat
