// Stage 05's room, kept for job_lab: the way that the actor is measured against.
//
// The same member list, numbers and packets as chat/room.h, but under a lock that every worker
// takes to broadcast. Nothing else uses it.
//
// Threading: every function from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string_view>

#include "chat/packet_sender.h"
#include "chat/player.h"

namespace apps {

class LockedRoom {
 public:
  LockedRoom(std::uint32_t id, chat::PacketSender& sender) : id_(id), sender_(sender) {}
  LockedRoom(const LockedRoom&) = delete;
  LockedRoom& operator=(const LockedRoom&) = delete;

  void Enter(const chat::PlayerRef& player);
  void Leave(const chat::Player& player);
  void Chat(const chat::Player& speaker, std::string_view message);

  // How long threads have waited for the lock so far.
  [[nodiscard]] std::uint64_t waited_ns() const {
    return waited_ns_.load(std::memory_order_relaxed);
  }

 private:
  std::unique_lock<std::mutex> Lock();
  // Stamps the next number and queues the packet for every member. Under lock_.
  void Broadcast(const net::PacketRef& packet);

  const std::uint32_t id_;
  chat::PacketSender& sender_;
  std::mutex lock_;
  std::map<std::uint64_t, chat::PlayerRef> players_;  // guarded by lock_; by in-game id
  std::uint32_t next_sequence_ = 1;                   // guarded by lock_
  // atomic: written by threads that have got the lock, read by anybody
  std::atomic<std::uint64_t> waited_ns_{0};
};

}  // namespace apps
