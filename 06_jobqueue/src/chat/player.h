// A character in the game. Immutable, so any thread may read it.
//
// Ownership: the session owns its players, a room holds those who are inside. A player points
// back to its session by the session's id only. An id owns nothing and reaches nobody else when the
// session has gone (02), so it is the weak reference that a cycle Session -> Player -> Session
// would need.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "chat/live_objects.h"
#include "net/session_id.h"
#include "protocol.pb.h"

namespace chat {

// [player]
struct Player {
  std::uint64_t id;  // in-game: given per connection, never the key of a database
  std::string name;  // UTF-8
  Protocol::PlayerType type;
  net::SessionId owner;
  LiveObjects<Player>::Token counted{};

  void CopyTo(Protocol::Player& message) const {
    message.set_id(id);
    message.set_name(name);
    message.set_player_type(type);
  }
};
// [/player]

using PlayerRef = std::shared_ptr<const Player>;

}  // namespace chat
