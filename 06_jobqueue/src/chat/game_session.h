// What the game knows of one connection: how far the client has come, its characters, its room.
//
// Threading: the framework's callbacks of one session come one after the other (net/server.h), and
// only they touch its GameSession. No lock. Other sessions' threads see its players only, which are
// immutable.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "chat/job_budget.h"
#include "chat/live_objects.h"
#include "chat/player.h"
#include "chat/world.h"
#include "net/session_id.h"

namespace chat {

// [states]
// What a client may do depends on how far it has come:
//
//   kConnected --C_LOGIN--> kLobby --C_ENTER_GAME--> kInRoom --C_LEAVE_GAME--> kLeaving
//                              ^------------S_LEAVE_GAME is on its way------------+
//
// The state changes on the worker, at once; the room follows when its jobs run, in the same order.
// Leaving is the exception: it takes until the room has given its last packet to the session.
//
// Anything else is refused with a reason and changes nothing. The client decides what it sends, and
// some clients are written by people who want to see what happens.
enum class SessionState : std::uint8_t { kConnected, kLobby, kInRoom, kLeaving };
// [/states]
[[nodiscard]] std::string_view ToString(SessionState state);

class GameSession {
 public:
  // `budget`: of the session's slot; outlives the jobs.
  GameSession(net::SessionId id, World& world, JobBudget& budget)
      : id_(id), world_(world), budget_(budget) {}
  GameSession(const GameSession&) = delete;
  GameSession& operator=(const GameSession&) = delete;
  ~GameSession() { Disconnected(); }

  [[nodiscard]] net::SessionId id() const { return id_; }
  [[nodiscard]] SessionState state();
  [[nodiscard]] World& world() { return world_; }
  [[nodiscard]] const std::vector<PlayerRef>& players() const { return players_; }
  // Null in kConnected and kLobby. What the client is told goes through the room while there is
  // one.
  [[nodiscard]] Room* room() const { return room_; }
  [[nodiscard]] const StayRef& stay() const { return stay_; }

  // kConnected -> kLobby
  void LogIn(std::vector<PlayerRef> players);
  // For one more job of this client. Empty: it has too many waiting.
  [[nodiscard]] JobBudget::Permit TakePermit() {
    return budget_.TryTake(world_.options().client_jobs);
  }

  // kLobby -> kInRoom
  void EnterRoom(const PlayerRef& player, Room& room, JobBudget::Permit permit);
  // The client says no more. It leaves its room, and the connection ends behind the last answer.
  void Finished();
  // The connection has ended: tells the room, if there is one.
  void Disconnected();
  // kInRoom -> kLeaving
  void LeaveRoom(JobBudget::Permit permit);

 private:
  LiveObjects<GameSession>::Token counted_;
  const net::SessionId id_;
  World& world_;
  JobBudget& budget_;
  SessionState state_ = SessionState::kConnected;
  std::vector<PlayerRef> players_;
  StayRef stay_;
  Room* room_ = nullptr;
};

}  // namespace chat
