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
    case SessionState::kLeaving:
      return "leaving";
  }
  return "?";
}

void GameSession::Finished() {
  if (Room* const room = std::exchange(room_, nullptr)) {
    room->Finish(std::move(stay_));  // behind what it has asked of the room
  } else {
    world_.sender().Finish(id_);  // everything was answered at once
  }
}

void GameSession::Disconnected() {
  if (Room* const room = std::exchange(room_, nullptr)) room->Gone(std::move(stay_));
}

// [leaving]
SessionState GameSession::state() {
  if (state_ == SessionState::kLeaving && stay_->over.load(std::memory_order_acquire)) {
    stay_ = nullptr;
    room_ = nullptr;
    state_ = SessionState::kLobby;
  }
  return state_;
}
// [/leaving]

void GameSession::LogIn(std::vector<PlayerRef> players) {
  // <student 05.5>
  assert(state_ == SessionState::kConnected);
  players_ = std::move(players);
  state_ = SessionState::kLobby;
  // </student>
}

void GameSession::EnterRoom(const PlayerRef& player, Room& room, JobBudget::Permit permit) {
  // <student 05.5>
  assert(state_ == SessionState::kLobby);
  stay_ = std::make_shared<Stay>(player);
  room_ = &room;
  state_ = SessionState::kInRoom;
  room.Enter(stay_, std::move(permit));
  // </student>
}

void GameSession::LeaveRoom(JobBudget::Permit permit) {
  // <student 05.5>
  assert(state_ == SessionState::kInRoom);
  state_ = SessionState::kLeaving;
  room_->Leave(stay_, std::move(permit));
  // </student>
}

}  // namespace chat
