// What must be written down before anybody hears of it.
//
// The promise: what a client has received is in the database, also when the server is killed
// (SIGKILL) the moment after and started again. So a turn's talk is recorded, in one write, BEFORE
// the first packet of it leaves, and a log-in before its S_LOGIN.
#pragma once

#include <cstdint>
#include <functional>
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
  bool in = true;              // false: the session has ended
  std::string_view reason{};   // of the end
  std::string_view address{};  // of the end: nobody can be asked for it any more
};

// Threading: any thread; a call lasts as long as one write to the end of a file.
// False: it could not be written (disk full, and the configuration says `refuse`): nobody must hear
// of it.
class Chronicle {
 public:
  virtual bool Record(std::span<const TalkRecord> turn) = 0;
  // A log-out has happened, so it is never refused.
  virtual bool Record(const LoginRecord& login) = 0;

  // A chronicle that survives power cuts needs a while after Record: what is sent afterwards must
  // not leave before `told` has been called with what Written said then, or more (output_gate.h).
  // 0: nothing is ever waited for.
  [[nodiscard]] virtual std::uint64_t Written() const { return 0; }
  // `told` by a thread of the chronicle's; an empty one waits until a running call has ended.
  virtual void WhenSafe(std::function<void(std::uint64_t safe)> told) { (void)told; }

 protected:
  ~Chronicle() = default;
};

}  // namespace chat
