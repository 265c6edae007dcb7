// The lobby's hands: what it decides about a session is done here, to the session's LoginSlot and
// on the wire.
//
// Threading: Open and Close by the callbacks of one session, one after the other; the LobbyPort
// functions by the lobby's jobs. The lock of a slot's entry is held for a copy of a pointer.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "chat/chronicle.h"
#include "chat/lobby.h"
#include "chat/login_slot.h"
#include "chat/session_sender.h"
#include "enum.pb.h"

namespace chat {

class LoginDesk final : public LobbyPort {
 public:
  using MakePlayers = std::function<std::vector<PlayerRef>(
      net::SessionId owner, std::uint64_t account, const std::string& name)>;
  struct Hooks {
    // The key was right: the characters of the account, with in-game ids of their own.
    MakePlayers make_players;
    // The key was not; the session is about to be dropped.
    std::function<void(net::SessionId id)> wrong_key;
  };

  LoginDesk(std::uint32_t session_max, SessionSender& sender, Chronicle& chronicle, Hooks hooks,
            const job::Clock& clock = job::SteadyClock());

  std::shared_ptr<LoginSlot> Open(net::SessionId id);
  // Returns the slot, which is kGone from now on: nobody logs it in any more.
  std::shared_ptr<LoginSlot> Close(net::SessionId id);

  // Nobody is let in from now on (the server stops). Any thread.
  void Shut() { shut_.store(true, std::memory_order_release); }

 private:
  // LobbyPort
  bool Admit(net::SessionId id, AccountNo account, const std::string& name) override;
  void RefuseLogin(net::SessionId id, LobbyReason reason) override;
  void Drop(net::SessionId id, LobbyReason reason) override;
  void Finish(net::SessionId id) override { sender_.Finish(id); }

  std::shared_ptr<LoginSlot> Find(net::SessionId id);
  std::shared_ptr<RequestBudget> BudgetOf(AccountNo account);

  SessionSender& sender_;
  Chronicle& chronicle_;
  const Hooks hooks_;
  const job::Clock& clock_;
  std::atomic<bool> shut_{false};  // atomic: set once, by any thread

  // The lobby's jobs only. An account whose budget is full and that nobody plays is forgotten.
  std::unordered_map<AccountNo, std::shared_ptr<RequestBudget>> budgets_;
  std::size_t budgets_tidy_at_ = 1024;

  // One lock for 64 neighbouring slots; each is held for a copy of a shared_ptr.
  static constexpr std::size_t kLocks = 64;
  std::array<std::mutex, kLocks> locks_;
  std::vector<std::shared_ptr<LoginSlot>> slots_;  // by session slot index; guarded by its lock
};

// What a client is told.
Protocol::Refusal ToRefusal(LobbyReason reason);

}  // namespace chat
