// What the handlers share: the lobby, the rooms, the sector grid, the in-game ids, the limits and
// the way out to the network. One per server.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "chat/chronicle.h"
#include "chat/lobby.h"
#include "chat/request_budget.h"
#include "chat/room.h"
#include "chat/sector_grid.h"
#include "chat/sector_host.h"
#include "chat/session_sender.h"

namespace chat {

struct WorldOptions {
  std::uint32_t room_members_max = 1000;
  RequestLimits limits{};
  // Of one room, and of one sector: bytes that are said, times those who hear them. 0: no limit.
  double fan_out_bytes_per_second = 64e6;
  SectorOptions sector{};
  Position start{};  // where a player stands when it comes into the game
  LobbyOptions lobby{};
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
  // All of it must outlive the world. Throws std::invalid_argument for sectors that make no sense.
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
    for (std::uint32_t id = 0; id < options.rooms; ++id) {
      rooms_.push_back(
          std::make_shared<Room>(id, room_options_, sender, chronicle, *grid_, threads));
    }
  }

  [[nodiscard]] const WorldOptions& options() const { return options_; }
  [[nodiscard]] PacketSender& sender() { return sender_; }

  [[nodiscard]] Lobby& lobby() { return *lobby_; }
  [[nodiscard]] SectorGrid& grid() { return *grid_; }
  [[nodiscard]] bool Inside(Position at) const {
    const SectorOptions& sector = options_.sector;
    return at.x < std::uint64_t{sector.columns} * sector.sector_size &&
           at.y < std::uint64_t{sector.rows} * sector.sector_size;
  }

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
