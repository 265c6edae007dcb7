// Who is in a room, as a newcomer is told: some by name, the others by their number. So a room may
// have any number of members, and what a newcomer is sent, and what that costs the room, stays the
// same.
//
// Ten thousand newcomers need nearly the same list ten thousand times: it is kept. Whoever leaves
// spoils it from his place on.
//
// Threading: none; the room's jobs use it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "chat/room_turn.h"
#include "net/packet.h"
#include "protocol.pb.h"

namespace chat {

class Roster {
 public:
  // Named at most: so many of the longest names that a server may allow (255 bytes) fit into a
  // frame.
  static constexpr std::size_t kNamed = 200;

  // `most_bytes`: what a newcomer may be sent at once; at least one is named.
  Roster(std::uint32_t room, const RoomTurn& inside, PacketSender& sender, std::size_t most_bytes)
      : named_max_(std::clamp<std::size_t>(most_bytes / kBytesOfOne, 1, kNamed)),
        inside_(inside),
        sender_(sender) {
    hello_.set_success(true);
    hello_.set_room_id(room);
  }

  // Somebody has come to this place of the room's list, or has left it.
  void Changed(std::size_t place);

  // S_ENTER_GAME (sealed), for somebody who is not inside yet.
  net::PacketRef Hello(const Player& newcomer);

 private:
  static constexpr std::size_t kBytesOfOne = 280;  // with the longest name

  const std::size_t named_max_;
  const RoomTurn& inside_;
  PacketSender& sender_;
  Protocol::S_ENTER_GAME hello_;  // lists the first ones, as far as they have not changed
};

}  // namespace chat
