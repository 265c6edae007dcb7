// What must be written down before anybody hears of it.
//
// The promise: what a client has received is in the database, also when the server is killed
// (SIGKILL) the moment after and started again. So a turn's talk is recorded, in one write, BEFORE
// the first packet of it leaves, and a log-in before its S_LOGIN.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "net/session_id.h"

namespace chat {

// The views live until the call returns.
struct TalkRecord {
  std::uint64_t account = 0;
  net::SessionId session;
  std::string_view name;       // UTF-8
  std::string_view message;    // UTF-8
  std::uint32_t place = 0;     // room, or sector
  bool sector = false;         // which of the two `place` is
  std::uint32_t sequence = 0;  // that the broadcast will carry
};

struct LoginRecord {
  std::uint64_t account = 0;
  net::SessionId session;
  bool in = true;  // false: the session has ended
};

// What is kept of a player from one session to the next.
struct PlayerRecord {
  std::uint64_t account = 0;
  std::uint32_t room = 0;
  std::uint32_t x = 0;
  std::uint32_t y = 0;
};

// Threading: any thread; a call lasts as long as one write to the end of a file.
// False: it could not be written (disk full, and the configuration says `refuse`): nobody must hear
// of it.
class Chronicle {
 public:
  virtual bool Record(std::span<const TalkRecord> turn) = 0;
  virtual bool Record(const LoginRecord& login) = 0;
  // The log-out and the player's last state.
  virtual bool Record(const LoginRecord& logout, const PlayerRecord& player) = 0;

 protected:
  ~Chronicle() = default;
};

}  // namespace chat
