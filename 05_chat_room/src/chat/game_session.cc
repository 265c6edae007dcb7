#include "chat/game_session.h"

#include <cassert>
#include <utility>

namespace chat {

std::string_view ToString(SessionState state) {
  switch (state) {
    case SessionState::kConnected:
      return "connected";
    case SessionState::kLobby:
      return "lobby";
    case SessionState::kInRoom:
      return "in room";
  }
  return "?";
}

void GameSession::LogIn(std::vector<PlayerRef> players) {
  // <student 05.5>
  assert(state_ == SessionState::kConnected);
  players_ = std::move(players);
  state_ = SessionState::kLobby;
  // </student>
}

void GameSession::EnterRoom(const PlayerRef& player, Room& room) {
  // <student 05.5>
  assert(state_ == SessionState::kLobby);
  player_ = player;
  room_ = &room;
  state_ = SessionState::kInRoom;
  room.Enter(player);
  // </student>
}

// [leave]
void GameSession::LeaveRoom() {
  if (room_ == nullptr) return;
  // <student 05.5>
  room_->Leave(*player_);
  room_ = nullptr;
  player_ = nullptr;
  state_ = SessionState::kLobby;
  // </student>
}
// [/leave]

}  // namespace chat
