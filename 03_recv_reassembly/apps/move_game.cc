#include "apps/move_game.h"

#include <algorithm>

namespace game {

namespace {
Where WhereIs(const Player& player) {
  return {player.id, player.x, player.y};
}
}  // namespace

std::uint32_t MoveGame::Join(net::SessionId session) {
  const std::lock_guard lock(lock_);
  Player player;
  player.id = next_id_++;
  player.session = session;
  player.name = "player " + std::to_string(player.id);
  player.x = static_cast<std::int16_t>(player.id * 7 % kBoardWidth);
  player.y = static_cast<std::int16_t>(player.id * 5 % kBoardHeight);

  send_(session, EncodePutPlayer(WhereIs(player)));
  for (const auto& [other, seen] : players_) send_(session, EncodePutPlayer(WhereIs(seen)));
  Broadcast(EncodePutPlayer(WhereIs(player)));
  player.state = PlayerState::kPlaying;
  players_.emplace(session, player);
  return player.id;
}

bool MoveGame::Move(net::SessionId session, Direction direction) {
  const std::lock_guard lock(lock_);
  const auto found = players_.find(session);
  if (found == players_.end()) return false;
  Player& player = found->second;
  int x = player.x;
  int y = player.y;
  switch (direction) {
    case Direction::kUp:
      --y;
      break;
    case Direction::kDown:
      ++y;
      break;
    case Direction::kLeft:
      --x;
      break;
    case Direction::kRight:
      ++x;
      break;
  }
  player.x = static_cast<std::int16_t>(std::clamp(x, 0, kBoardWidth - 1));
  player.y = static_cast<std::int16_t>(std::clamp(y, 0, kBoardHeight - 1));
  Broadcast(EncodePosition(WhereIs(player)));
  return true;
}

void MoveGame::Leave(net::SessionId session) {
  const std::lock_guard lock(lock_);
  const auto found = players_.find(session);
  if (found == players_.end()) return;
  const std::uint32_t id = found->second.id;
  players_.erase(found);
  Broadcast(EncodeRemovePlayer(id));
}

std::size_t MoveGame::player_count() {
  const std::lock_guard lock(lock_);
  return players_.size();
}

// One packet, sealed at the first receiver; all others share its bytes.
void MoveGame::Broadcast(const net::PacketRef& packet) {
  for (const auto& [session, player] : players_) send_(session, packet);
}

}  // namespace game
