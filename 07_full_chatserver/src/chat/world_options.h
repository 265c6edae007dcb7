// What the game can be told: its limits, its rooms and its sectors.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "chat/lobby.h"
#include "chat/request_budget.h"
#include "chat/sector_map.h"
#include "job/clock.h"

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

  // What is wrong, as one line for the user; nothing when they are fine.
  [[nodiscard]] std::optional<std::string> Validate() const {
    if (const auto wrong = sector.Validate()) return wrong;
    if (Inside(start)) return std::nullopt;
    return "players start outside of the sectors";
  }
  [[nodiscard]] bool Inside(Position at) const {
    return at.x < std::uint64_t{sector.columns} * sector.sector_size &&
           at.y < std::uint64_t{sector.rows} * sector.sector_size;
  }
};

}  // namespace chat
