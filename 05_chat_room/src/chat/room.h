// A room: who is inside, and what everybody inside hears, in one order for all.
//
// Stage 05 guards it with a lock. That is correct and easy to see, and it is the lesson's
// bottleneck: every broadcast walks all members while the other workers wait (labs/lock_lab
// measures the waiting). Stage 06 turns the room into an actor.
//
// Threading: every function from any thread. Nothing calls back under the lock (PacketSender
// promises that), so no path takes the lock twice.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string_view>

#include "chat/packet_sender.h"
#include "chat/player.h"

namespace chat {

class Room {
 public:
  // The player list of S_ENTER_GAME must fit into one packet; how many are inside beyond it is a
  // number.
  static constexpr std::size_t kMostListed = 500;

  Room(std::uint32_t id, PacketSender& sender) : id_(id), sender_(sender) {}
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  // Answers S_ENTER_GAME with the members and tells the others, in one step: the newcomer misses
  // nothing that is said after the list was made, and gets nothing from before it.
  void Enter(const PlayerRef& player);
  // Tells the others. Leaving a room one is not in does nothing.
  void Leave(const Player& player);
  // To everybody inside, the speaker included.
  void Chat(const Player& speaker, std::string_view message);

  [[nodiscard]] std::uint32_t id() const { return id_; }
  [[nodiscard]] std::size_t size() const;

  // What the lock of this room has cost since the start (lock_lab).
  struct LockCost {
    std::uint64_t times;        // it was taken
    std::uint64_t waits;        // of those, somebody else had it
    std::uint64_t nanoseconds;  // all those waits together
  };
  [[nodiscard]] LockCost lock_cost() const;

 private:
  class Lock;  // std::mutex with a clock on it

  // Stamps the next number and sends to all members. Under lock_.
  void Broadcast(const net::PacketRef& packet);

  const std::uint32_t id_;
  PacketSender& sender_;

  mutable std::mutex lock_;
  std::map<std::uint64_t, PlayerRef> players_;  // guarded by lock_; by in-game id
  std::uint32_t next_sequence_ = 1;             // guarded by lock_

  // atomic: written by threads that have got the lock, read by anybody
  std::atomic<std::uint64_t> times_locked_{0};
  std::atomic<std::uint64_t> waits_{0};
  std::atomic<std::uint64_t> waited_ns_{0};
};

}  // namespace chat
