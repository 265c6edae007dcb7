// What the game knows of one connection: how far the client has come, its characters, its room.
//
// Threading: the framework's callbacks of one session come one after the other (net/server.h), and
// only they touch its GameSession. No lock. Other sessions' threads see its players only, which are
// immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chat/job_budget.h"
#include "chat/live_objects.h"
#include "chat/login_slot.h"
#include "chat/player.h"
#include "chat/world.h"
#include "net/session_id.h"

namespace chat {

// [states]
// What a client may do depends on how far it has come:
//
//   kConnected --C_LOGIN, and the lobby agrees--> kLobby
//                                 kLobby --C_ENTER_GAME--> kInRoom --C_LEAVE_GAME--> kLeaving
//                                   ^------------S_LEAVE_GAME is on its way------------+
//
// None of it is stored here. How far the log-in has come is what the lobby has written into the
// LoginSlot; where the player is follows from its Stay, which the worker begins at once and the
// room ends: when it is full, or when its last packet for the session is on its way.
//
// Anything else is refused with a reason and changes nothing. The client decides what it sends, and
// some clients are written by people who want to see what happens.
enum class SessionState : std::uint8_t { kConnected, kLobby, kInRoom, kLeaving };
// [/states]
[[nodiscard]] std::string_view ToString(SessionState state);

class GameSession {
 public:
  // `budget`: of the session's slot; outlives the jobs.
  GameSession(std::shared_ptr<LoginSlot> login, World& world, JobBudget& budget)
      : id_(login->owner), login_(std::move(login)), world_(world), budget_(budget) {}
  GameSession(const GameSession&) = delete;
  GameSession& operator=(const GameSession&) = delete;
  ~GameSession() { Disconnected(); }

  [[nodiscard]] net::SessionId id() const { return id_; }
  [[nodiscard]] SessionState state() const;
  [[nodiscard]] World& world() { return world_; }
  // When it is logged in.
  [[nodiscard]] const std::vector<PlayerRef>& players() const { return login_->players; }
  // Null in kConnected and kLobby. What the client is told goes through the room while there is
  // one. The room may end the stay at any moment: ask once.
  [[nodiscard]] Room* room() const { return InRoom() ? room_ : nullptr; }
  [[nodiscard]] const StayRef& stay() const { return stay_; }

  // Asks the lobby. False: logged in, or asked, already.
  bool BeginLogin(std::uint64_t account, const std::string& key);
  // A packet of this client has come: it lives.
  void Heard();
  // Pays for a packet of this type.
  [[nodiscard]] Allowance Ask(std::uint16_t packet_type);
  // The lobby has ended the session: what its client still says is not heard.
  [[nodiscard]] bool dropped() const { return login_->over(); }
  void Drop() { login_->Drop(); }
  // In the room only. `to` is inside of the world.
  void MoveTo(Position to, JobBudget::Permit permit);

  // For one more job of this client. Empty: it has too many waiting.
  [[nodiscard]] JobBudget::Permit TakePermit() {
    return budget_.TryTake(world_.options().client_jobs);
  }

  // kLobby -> kInRoom
  void EnterRoom(const PlayerRef& player, Room& room, JobBudget::Permit permit);
  // The client says no more. It leaves its room, and the connection ends behind the last answer.
  void Finished();
  // The connection has ended: the room, if there is one, and the lobby are told.
  void Disconnected();
  // Out of its room, without a word to the client.
  void Depart();
  // kInRoom -> kLeaving
  void LeaveRoom(JobBudget::Permit permit);

 private:
  [[nodiscard]] bool InRoom() const {
    return stay_ != nullptr && !stay_->over.load(std::memory_order_acquire);
  }

  LiveObjects<GameSession>::Token counted_;
  const net::SessionId id_;
  const std::shared_ptr<LoginSlot> login_;  // shared with the lobby's jobs
  World& world_;
  JobBudget& budget_;
  StayRef stay_;  // the latest one; null: none yet
  Room* room_ = nullptr;
  bool leaving_ = false;         // has asked to leave the room
  bool lobby_told_ = false;      // that the connection has ended
  job::TimePoint told_lobby_{};  // that the client lives, the last time
};

}  // namespace chat
