// What the handlers share: the rooms, the in-game ids, the limits and the way out to the network.
// One per server.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "chat/packet_sender.h"
#include "chat/room.h"

namespace chat {

struct WorldOptions {
  std::uint32_t rooms = 1024;            // numbered 0 .. rooms - 1
  std::size_t max_message_bytes = 1000;  // of one chat message, UTF-8
};

class World {
 public:
  World(const WorldOptions& options, PacketSender& sender) : options_(options), sender_(sender) {
    for (std::uint32_t id = 0; id < options.rooms; ++id) rooms_.emplace_back(id, sender);
  }

  [[nodiscard]] const WorldOptions& options() const { return options_; }
  [[nodiscard]] PacketSender& sender() { return sender_; }

  // nullptr: there is no room of this number.
  [[nodiscard]] Room* FindRoom(std::uint32_t id) {
    return id < rooms_.size() ? &rooms_[id] : nullptr;
  }

  // A fresh in-game id. Any thread.
  [[nodiscard]] std::uint64_t NewPlayerId() {
    return next_player_id_.fetch_add(1, std::memory_order_relaxed);
  }

 private:
  const WorldOptions options_;
  PacketSender& sender_;
  std::deque<Room> rooms_;  // constant after construction; each room guards itself
  std::atomic<std::uint64_t> next_player_id_{1};
};

}  // namespace chat
