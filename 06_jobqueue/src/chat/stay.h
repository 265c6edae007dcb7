// One stay of a player in a room: what the session and the room have in common about it.
//
// The session's worker and the room's jobs run at different times. When a client leaves, its last
// packets may still be with the room: until they go, whatever else the client is told must go
// through the same room, behind them, and it cannot enter another one (whose first packet could
// overtake the last ones of this). A client has left when it is told so; `over` is that moment.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "chat/player.h"

namespace chat {

struct Stay {
  static constexpr std::size_t kOutside = SIZE_MAX;

  explicit Stay(PlayerRef who) : player(std::move(who)) {}

  const PlayerRef player;
  // atomic: set by the room right before it sends the S_LEAVE_GAME; read by the worker
  std::atomic<bool> over{false};
  std::size_t place = kOutside;  // in the room's list of members; the room's jobs only
};

using StayRef = std::shared_ptr<Stay>;

}  // namespace chat
