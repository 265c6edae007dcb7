// What the game knows of one connection: how far the client has come, its characters, its room.
//
// Threading: the framework's callbacks of one session come one after the other (net/server.h), and
// only they touch its GameSession. No lock. Other sessions' threads see its players only, which are
// immutable.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "chat/live_objects.h"
#include "chat/player.h"
#include "chat/world.h"
#include "net/session_id.h"

namespace chat {

// [states]
// What a client may do depends on how far it has come:
//
//   kConnected --C_LOGIN--> kLobby --C_ENTER_GAME--> kInRoom
//                              ^------C_LEAVE_GAME------+
//
// Anything else is refused with a reason and changes nothing. The client decides what it sends, and
// some clients are written by people who want to see what happens.
enum class SessionState : std::uint8_t { kConnected, kLobby, kInRoom };
// [/states]
[[nodiscard]] std::string_view ToString(SessionState state);

class GameSession {
 public:
  GameSession(net::SessionId id, World& world) : id_(id), world_(world) {}
  GameSession(const GameSession&) = delete;
  GameSession& operator=(const GameSession&) = delete;
  ~GameSession() { LeaveRoom(); }  // the connection is gone: tell the room

  [[nodiscard]] net::SessionId id() const { return id_; }
  [[nodiscard]] SessionState state() const { return state_; }
  [[nodiscard]] World& world() { return world_; }
  [[nodiscard]] const std::vector<PlayerRef>& players() const { return players_; }
  [[nodiscard]] const PlayerRef& player() const { return player_; }  // null outside of a room
  [[nodiscard]] Room* room() const { return room_; }                 // null outside of a room

  // kConnected -> kLobby
  void LogIn(std::vector<PlayerRef> players);
  // kLobby -> kInRoom
  void EnterRoom(const PlayerRef& player, Room& room);
  // kInRoom -> kLobby; elsewhere it does nothing
  void LeaveRoom();

 private:
  LiveObjects<GameSession>::Token counted_;
  const net::SessionId id_;
  World& world_;
  SessionState state_ = SessionState::kConnected;
  std::vector<PlayerRef> players_;
  PlayerRef player_;
  Room* room_ = nullptr;
};

}  // namespace chat
