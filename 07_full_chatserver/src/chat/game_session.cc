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

// Behind all that it has asked: of the grid, of its room, of the lobby, one after the other.
void GameSession::Finished() {
  Room* const inside = InRoom() ? room_ : nullptr;
  auto then = [room = inside, stay = std::exchange(stay_, nullptr), &lobby = world_.lobby(),
               id = id_] {
    if (room != nullptr) {
      room->Finish(stay);
    } else {
      lobby.Finish(id);
    }
  };
  world_.grid().Leave(id_, std::move(then));
}

void GameSession::Disconnected() {
  Depart();
  if (!std::exchange(lobby_told_, true)) world_.lobby().Leave(id_);
}

void GameSession::Depart() {
  if (InRoom()) room_->Gone(stay_);
  stay_ = nullptr;
}

// [leaving]
SessionState GameSession::state() const {
  if (login_->state.load(std::memory_order_acquire) != LoginState::kIn) {
    return SessionState::kConnected;
  }
  if (!InRoom()) return SessionState::kLobby;
  return leaving_ ? SessionState::kLeaving : SessionState::kInRoom;
}
// [/leaving]

bool GameSession::BeginLogin(std::uint64_t account, const std::string& key) {
  if (!login_->Change(LoginState::kOut, LoginState::kLoggingIn)) return false;
  world_.lobby().Login(id_, account, key);
  return true;
}

Allowance GameSession::Ask(std::uint16_t packet_type) {
  const WorldOptions& options = world_.options();
  RequestBudget& budget = login_->state.load(std::memory_order_acquire) == LoginState::kIn
                              ? *login_->account_requests
                              : login_->requests;
  return budget.Ask(options.limits, options.lobby.clock->Now(), CostOf(packet_type));
}

// The lobby needs to know it once a second, not for every packet.
void GameSession::Heard() {
  if (state() == SessionState::kConnected) return;
  const job::TimePoint now = world_.options().lobby.clock->Now();
  if (now - told_lobby_ < std::chrono::seconds(1)) return;
  told_lobby_ = now;
  world_.lobby().Heard(id_);
}

void GameSession::MoveTo(Position to, JobBudget::Permit permit) {
  world_.grid().Move(id_, to, std::move(permit));
}

void GameSession::EnterRoom(const PlayerRef& player, Room& room, JobBudget::Permit permit) {
  // <student 05.5>
  assert(state() == SessionState::kLobby);
  stay_ = std::make_shared<Stay>(player);
  room_ = &room;
  leaving_ = false;
  room.Enter(stay_, std::move(permit));
  // </student>
}

void GameSession::LeaveRoom(JobBudget::Permit permit) {
  // <student 05.5>
  assert(stay_ != nullptr);
  leaving_ = true;
  room_->Leave(stay_, std::move(permit));
  // </student>
}

}  // namespace chat
