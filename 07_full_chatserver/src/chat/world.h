// What the handlers share: the lobby, the rooms, the sector grid, the in-game ids, the limits and
// the way out to the network. One per server.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

#include "chat/chronicle.h"
#include "chat/lobby.h"
#include "chat/room.h"
#include "chat/sector_grid.h"
#include "chat/sector_host.h"
#include "chat/session_sender.h"
#include "chat/world_options.h"

namespace chat {

class World {
 public:
  // All of it must outlive the world. Throws std::invalid_argument with Validate()'s line.
  World(const WorldOptions& options, SessionSender& sender, Chronicle& chronicle, KeyLookup& keys,
        LobbyPort& desk, job::UpdateThreads& threads)
      : options_(options),
        sender_(sender),
        sector_host_(sender, chronicle),
        lobby_(std::make_shared<Lobby>(threads.Ready(), options.lobby, keys, desk)),
        grid_(std::make_shared<SectorGrid>(threads.Ready(), options.sector, sector_host_,
                                           FanOut(options), *options.lobby.clock)),
        room_options_{options.flush_interval,   options.news_interval, options.most_unsent,
                      options.room_members_max, FanOut(options),       options.start,
                      options.lobby.clock} {
    if (const auto wrong = options_.Validate()) throw std::invalid_argument(*wrong);
    for (std::uint32_t id = 0; id < options.rooms; ++id) {
      rooms_.push_back(
          std::make_shared<Room>(id, room_options_, sender, chronicle, *grid_, threads));
    }
  }

  [[nodiscard]] const WorldOptions& options() const { return options_; }
  [[nodiscard]] PacketSender& sender() { return sender_; }

  [[nodiscard]] Lobby& lobby() { return *lobby_; }
  [[nodiscard]] SectorGrid& grid() { return *grid_; }
  [[nodiscard]] bool Inside(Position at) const { return options_.Inside(at); }

  // nullptr: there is no room of this number.
  [[nodiscard]] Room* FindRoom(std::uint32_t id) const {
    return id < rooms_.size() ? rooms_[id].get() : nullptr;
  }

  // A fresh in-game id. Any thread.
  [[nodiscard]] std::uint64_t NewPlayerId() {
    return next_player_id_.fetch_add(1, std::memory_order_relaxed);
  }

 private:
  // A bucket that holds what is said in a second.
  static Rate FanOut(const WorldOptions& options) {
    return {options.fan_out_bytes_per_second, options.fan_out_bytes_per_second};
  }

  const WorldOptions options_;
  PacketSender& sender_;
  SectorHost sector_host_;
  const std::shared_ptr<Lobby> lobby_;
  const std::shared_ptr<SectorGrid> grid_;
  const RoomOptions room_options_;
  std::vector<std::shared_ptr<Room>> rooms_;  // constant after construction; each room is an actor
  std::atomic<std::uint64_t> next_player_id_{1};
};

}  // namespace chat
