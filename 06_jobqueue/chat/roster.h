// Who is in a room, as a newcomer is told: the first ones in his S_ENTER_GAME, the others behind it
// as S_PLAYER_JOINED.
//
// Ten thousand newcomers need nearly the same list ten thousand times. So it is kept in parts:
// each is made and sealed once, and every newcomer's queue holds a reference to it. Whoever enters
// or leaves spoils the part at his place, which the next newcomer makes anew; the others stay.
//
// Threading: none; the room's jobs use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "chat/room_turn.h"
#include "net/packet.h"
#include "protocol.pb.h"

namespace chat {

class Roster {
 public:
  // In S_ENTER_GAME: 200 of the longest names that a server may allow (255 bytes) fit into a frame.
  static constexpr std::size_t kFirst = 200;
  static constexpr std::size_t kPart = 400;

  Roster(std::uint32_t room, const RoomTurn& inside, PacketSender& sender)
      : inside_(inside), sender_(sender) {
    hello_.set_success(true);
    hello_.set_room_id(room);
  }

  // Somebody has come to this place of the room's list, or has left it.
  void Changed(std::size_t place);

  // S_ENTER_GAME (sealed), for somebody who is not inside yet.
  net::PacketRef Hello(const Player& newcomer);
  // What follows it (sealed).
  std::span<const net::PacketRef> Rest();

 private:
  net::PacketRef MakePart(std::size_t from, std::size_t until);

  const RoomTurn& inside_;
  PacketSender& sender_;
  Protocol::S_ENTER_GAME hello_;      // lists the first ones, as far as they have not changed
  std::vector<net::PacketRef> rest_;  // null: to be made anew
};

}  // namespace chat
