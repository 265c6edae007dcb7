// The game of the lecture: players on one board, everybody sees everybody.
//
// Threading: every function from any thread; one lock inside. The sender is called under that lock,
// so that all receivers see the same order (a player is put before it moves, and never moves after
// it was removed). That is allowed because net::Server::SendPacket neither blocks nor calls back.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "apps/move_protocol.h"
#include "net/session_id.h"

namespace game {

// kConnected: has a session, stands nowhere yet. kPlaying: on the board, seen by the others.
enum class PlayerState : std::uint8_t { kConnected, kPlaying };

// [player]
// The client object of the lecture (its socket lives in the net::Session that `session` names).
struct Player {
  std::uint32_t id =
      0;  // in the game; given once per connection, never reused while the server runs
  net::SessionId session;
  PlayerState state = PlayerState::kConnected;
  std::string name;
  int hp = 100;
  std::int16_t x = 0;
  std::int16_t y = 0;
};
// [/player]

class MoveGame {
 public:
  using Sender = std::function<void(net::SessionId, const net::PacketRef&)>;

  // `send` seals the packet if nobody has yet, and must neither block nor call back into this
  // object.
  explicit MoveGame(Sender send) : send_(std::move(send)) {}

  // A new player: first it is told itself, then the others it sees; the others are told it.
  // Returns its id in the game.
  std::uint32_t Join(net::SessionId session);
  // One step; at the edge of the board the player stays, and everybody is told where.
  // False: no such player.
  bool Move(net::SessionId session, Direction direction);
  // Tells those who remain. A session that never joined is ignored.
  void Leave(net::SessionId session);

  std::size_t player_count();

 private:
  void Broadcast(const net::PacketRef& packet);  // caller holds lock_

  const Sender send_;
  std::mutex lock_;
  std::map<net::SessionId, Player> players_;  // guarded by lock_
  std::uint32_t next_id_ = 1;                 // guarded by lock_
};

}  // namespace game
