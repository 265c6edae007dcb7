// How far one connection has come with its log-in: shared by the worker that serves the connection
// and the lobby that decides. Made with the connection, by shared_ptr (per connection, never per
// packet), so that a lobby that answers late writes into something that still exists.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "chat/player.h"
#include "net/session_id.h"

namespace chat {

//   kOut --C_LOGIN (worker)--> kLoggingIn --Admit (lobby)--> kIn
//     ^------- RefuseLogin (lobby) ------+
//   from anywhere: kGone, when the connection has ended (worker)
//
// Every change is a compare-exchange: a connection that ends while its key is looked up is never
// logged in afterwards.
enum class LoginState : std::uint8_t { kOut, kLoggingIn, kIn, kGone };

struct LoginSlot {
  explicit LoginSlot(net::SessionId id) : owner(id) {}

  const net::SessionId owner;
  std::atomic<LoginState> state{LoginState::kOut};  // atomic: see above
  // Written by the lobby's job before the state becomes kIn, constant afterwards.
  std::uint64_t account = 0;
  std::vector<PlayerRef> players;

  // True: it was `from` and is `to` now.
  bool Change(LoginState from, LoginState to) {
    return state.compare_exchange_strong(from, to, std::memory_order_acq_rel);
  }
};

}  // namespace chat
