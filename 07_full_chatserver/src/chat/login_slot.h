// How far one connection has come with its log-in: shared by the worker that serves the connection
// and the lobby that decides. Made with the connection, by shared_ptr (per connection, never per
// packet), so that a lobby that answers late writes into something that still exists.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "chat/player.h"
#include "chat/request_budget.h"
#include "net/session_id.h"

namespace chat {

//   kOut --C_LOGIN (worker)--> kLoggingIn --Admit (lobby)--> kIn
//     ^------- RefuseLogin (lobby) ------+
//   kIn: kDropped, when the lobby ends the session (a newer log-in, silence); its last packet may
//     take seconds to leave, and what it still says is not heard
//   from anywhere: kGone, when the connection has ended (worker), or is dropped before its log-in
//
// Every change is a compare-exchange: a connection that ends while its key is looked up is never
// logged in afterwards. This is the only place that says how far a log-in has come; the worker
// keeps no copy.
enum class LoginState : std::uint8_t { kOut, kLoggingIn, kIn, kDropped, kGone };

struct LoginSlot {
  explicit LoginSlot(net::SessionId id) : owner(id) {}

  const net::SessionId owner;
  std::atomic<LoginState> state{LoginState::kOut};  // atomic: see above
  RequestBudget requests;                           // before the log-in
  // Written by the lobby's job before the state becomes kIn, constant afterwards.
  std::uint64_t account = 0;
  std::vector<PlayerRef> players;
  std::shared_ptr<RequestBudget> account_requests;  // in the place of `requests`

  // True: it was `from` and is `to` now.
  bool Change(LoginState from, LoginState to) {
    return state.compare_exchange_strong(from, to, std::memory_order_acq_rel);
  }
  // The lobby has ended the session.
  void Drop() {
    if (Change(LoginState::kIn, LoginState::kDropped)) return;
    if (!Change(LoginState::kOut, LoginState::kGone)) {
      Change(LoginState::kLoggingIn, LoginState::kGone);
    }
  }
  [[nodiscard]] bool over() const {
    return state.load(std::memory_order_acquire) >= LoginState::kDropped;
  }
};

}  // namespace chat
