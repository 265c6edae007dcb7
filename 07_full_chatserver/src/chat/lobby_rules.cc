// The lobby's decisions: who gets in, who has to go.
#include <algorithm>
#include <utility>

#include "chat/lobby.h"

namespace chat {

// The key was right. One account, one session: the one whose C_LOGIN came later.
// [grant]
void Lobby::Grant(Client& client, const std::string& name) {
  // <student 07a.4>
  const auto owner = accounts_.find(client.account);
  if (owner != accounts_.end() && owner->second.login_order > client.login_order) {
    // The answers came in the other order than the requests.
    counts_.superseded.fetch_add(1, std::memory_order_relaxed);
    return DropClient(client, LobbyReason::kNewerLogin);
  }
  if (!port_.Admit(client.id, client.account, name)) return;  // gone: its Leave is on the way
  if (owner != accounts_.end()) {
    counts_.superseded.fetch_add(1, std::memory_order_relaxed);
    // Frees the account; when the Leave comes, the account belongs to `client` and is let alone.
    if (Client* const older = Find(owner->second.id)) {
      DropClient(*older, LobbyReason::kNewerLogin);
    }
  }
  accounts_[client.account] = Owner{client.id, client.login_order};
  client.state = State::kLoggedIn;
  waiting_.Remove(client.id.index());
  Put(inside_, client);
  counts_.logins.fetch_add(1, std::memory_order_relaxed);
  // </student>
}
// [/grant]

void Lobby::Refuse(Client& client, LobbyReason reason) {
  counts_.refused.fetch_add(1, std::memory_order_relaxed);
  port_.RefuseLogin(client.id, reason);
}

// [drop]
void Lobby::DropClient(Client& client, LobbyReason reason) {
  // <student 07a.5>
  waiting_.Remove(client.id.index());
  inside_.Remove(client.id.index());
  FreeAccount(client);
  if (client.state == State::kLookingUp) --lookups_now_;
  client.state = State::kDropped;
  port_.Drop(client.id, reason);
  // </student>
}

void Lobby::FreeAccount(const Client& client) {
  // <student 07a.5>
  // Only if it is still this session's: the account may belong to a newer one.
  const auto owner = accounts_.find(client.account);
  if (owner != accounts_.end() && owner->second.id == client.id) accounts_.erase(owner);
  // </student>
}
// [/drop]

// The list is in the order of `since`: only those over the limit are looked at, and one more.
// [time-out]
void Lobby::DropSilent(IndexList& list, job::Duration limit, LobbyReason reason) {
  // <student 07e.5>
  if (limit <= job::Duration::zero()) return;
  const job::TimePoint now = options_.clock->Now();
  const job::Duration apart = now - std::exchange(checked_, now);
  if (options_.check_interval > job::Duration::zero() &&
      apart > 2 * options_.check_interval + std::chrono::milliseconds(500)) {
    resumed_ = now;
  }
  while (list.front() != IndexList::kNone) {
    Client& client = clients_[list.front()];
    if (now - std::max(client.since, resumed_) < limit) break;
    counts_.timed_out.fetch_add(1, std::memory_order_relaxed);
    DropClient(client, reason);
  }
  CountMoment();
  // </student>
}
// [/time-out]

Lobby::Client* Lobby::Find(net::SessionId id) {
  if (!id || id.index() >= clients_.size()) return nullptr;
  Client& client = clients_[id.index()];
  return client.id == id ? &client : nullptr;
}

void Lobby::Put(IndexList& list, Client& client) {
  client.since = options_.clock->Now();
  list.Remove(client.id.index());
  list.PushBack(client.id.index());
}

void Lobby::CountMoment() {
  counts_.connected.store(connected_now_, std::memory_order_relaxed);
  counts_.logged_in.store(accounts_.size(), std::memory_order_relaxed);
  counts_.lookups_pending.store(lookups_now_, std::memory_order_relaxed);
}

LobbyCounts Lobby::counts() const {
  const auto read = [](const std::atomic<std::uint64_t>& count) {
    return count.load(std::memory_order_relaxed);
  };
  return LobbyCounts{read(counts_.connected),       read(counts_.logged_in),
                     read(counts_.lookups_pending), read(counts_.logins),
                     read(counts_.refused),         read(counts_.superseded),
                     read(counts_.timed_out),       read(counts_.answers_for_nobody)};
}

}  // namespace chat
