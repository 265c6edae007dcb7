#include "chat/game_session.h"

#include <algorithm>
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

// Behind all that it has asked: of the grid, of its room, of the lobby, one after the other.
void GameSession::Finished() {
  on_grid_ = false;
  auto then = [room = std::exchange(room_, nullptr), stay = std::move(stay_),
               &lobby = world_.lobby(), id = id_] {
    if (room != nullptr) {
      room->Finish(stay);
    } else {
      lobby.Finish(id);
    }
  };
  world_.grid().Leave(id_, std::move(then));
}

void GameSession::Disconnected() {
  LeaveGrid();
  if (Room* const room = std::exchange(room_, nullptr)) room->Gone(std::move(stay_));
  if (!std::exchange(lobby_told_, true)) world_.lobby().Leave(id_);
}

// [leaving]
SessionState GameSession::state() {
  if (state_ == SessionState::kConnected &&
      login_->state.load(std::memory_order_acquire) == LoginState::kIn) {
    state_ = SessionState::kLobby;
  }
  // Over before the client has asked to leave: the room was full.
  if (stay_ != nullptr && stay_->over.load(std::memory_order_acquire)) {
    LeaveGrid();
    stay_ = nullptr;
    room_ = nullptr;
    state_ = SessionState::kLobby;
  }
  return state_;
}
// [/leaving]

bool GameSession::BeginLogin(std::uint64_t account, const std::string& key) {
  if (!login_->Change(LoginState::kOut, LoginState::kLoggingIn)) return false;
  world_.lobby().Login(id_, account, key);
  return true;
}

// The lobby needs to know it once a second, not for every packet.
void GameSession::Heard() {
  if (state_ == SessionState::kConnected) return;
  const Clock::time_point now = Clock::now();
  if (now - told_lobby_ < std::chrono::seconds(1)) return;
  told_lobby_ = now;
  world_.lobby().Heard(id_);
}

// A bucket that holds one second's worth.
bool GameSession::TakeToken() {
  const double rate = world_.options().messages_per_second;
  if (rate <= 0) return true;
  const Clock::time_point now = Clock::now();
  const std::chrono::duration<double> passed = now - tokens_since_;
  tokens_since_ = now;
  tokens_ = std::min(rate, tokens_ + passed.count() * rate);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

void GameSession::MoveTo(Position to) {
  position_ = to;
  world_.grid().Move(id_, to);
}

void GameSession::LeaveGrid() {
  if (std::exchange(on_grid_, false)) world_.grid().Leave(id_);
}

void GameSession::EnterRoom(const PlayerRef& player, Room& room, JobBudget::Permit permit) {
  assert(state_ == SessionState::kLobby);
  stay_ = std::make_shared<Stay>(player);
  room_ = &room;
  state_ = SessionState::kInRoom;
  last_room_ = room.id();
  position_ = world_.options().start;
  on_grid_ = true;
  room.Enter(stay_, std::move(permit));
  world_.grid().Join(id_, player->id, player->name, position_, player->account);
}

void GameSession::LeaveRoom(JobBudget::Permit permit) {
  assert(state_ == SessionState::kInRoom);
  LeaveGrid();
  state_ = SessionState::kLeaving;
  room_->Leave(stay_, std::move(permit));
}

}  // namespace chat
