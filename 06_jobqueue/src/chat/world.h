// What the handlers share: the rooms, the in-game ids, the limits and the way out to the network.
// One per server.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "chat/packet_sender.h"
#include "chat/room.h"

namespace chat {

struct WorldOptions {
  std::uint32_t rooms = 1024;            // numbered 0 .. rooms - 1
  std::size_t max_message_bytes = 1000;  // of one chat message, UTF-8
  std::uint32_t client_jobs = 256;       // that one client may have waiting; above it is refused
  job::Duration flush_interval{0};       // how long a room collects what it sends; 0: one slice
  std::size_t most_unsent = 128 * 1024;  // bytes that a room collects at most
  // How long it may take in a room of many until those inside hear who has come and gone.
  job::Duration news_interval = std::chrono::milliseconds(100);
};

class World {
 public:
  // `threads` must outlive the world.
  World(const WorldOptions& options, PacketSender& sender, job::UpdateThreads& threads)
      : options_(options), sender_(sender) {
    for (std::uint32_t id = 0; id < options.rooms; ++id) {
      rooms_.push_back(std::make_shared<Room>(id, sender, threads, options.flush_interval,
                                              options.news_interval, options.most_unsent));
    }
  }

  [[nodiscard]] const WorldOptions& options() const { return options_; }
  [[nodiscard]] PacketSender& sender() { return sender_; }

  // nullptr: there is no room of this number.
  [[nodiscard]] Room* FindRoom(std::uint32_t id) {
    return id < rooms_.size() ? rooms_[id].get() : nullptr;
  }

  // A fresh in-game id. Any thread.
  [[nodiscard]] std::uint64_t NewPlayerId() {
    return next_player_id_.fetch_add(1, std::memory_order_relaxed);
  }

 private:
  const WorldOptions options_;
  PacketSender& sender_;
  std::vector<std::shared_ptr<Room>> rooms_;  // constant after construction; each room is an actor
  std::atomic<std::uint64_t> next_player_id_{1};
};

}  // namespace chat
