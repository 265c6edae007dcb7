// What the client knows about the board, and its picture.
//
// Threading: every function from any thread; one lock inside.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "apps/move_protocol.h"

namespace game {

class Board {
 public:
  // Takes in one packet of the server. Returns it as a line of text ("put 3 10 5", "position 3 11
  // 5", "remove 3", "full"; the first put is "you 3 10 5"), or nothing if it is not a packet of the
  // game.
  std::optional<std::string> Apply(net::Packet& packet);

  // "board: 1@7,5 2@14,10": all players by id.
  std::string Text();

  // The picture for a terminal of `columns` x `rows`: the whole board where it fits, otherwise the
  // part around oneself. Lines are separated by "\r\n"; colours are ANSI.
  std::string Draw(int columns, int rows);

  // True once after each change since the last call.
  bool TakeChanged();

 private:
  std::mutex lock_;
  std::optional<std::uint32_t> own_id_;     // guarded by lock_
  std::map<std::uint32_t, Where> players_;  // guarded by lock_
  bool changed_ = true;                     // guarded by lock_
};

}  // namespace game
