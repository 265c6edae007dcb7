// The lobby's messages: from any thread into the queue, and what each does.
#include "chat/lobby.h"

#include <cassert>
#include <memory>
#include <utility>

namespace chat {

const char* ToString(LobbyReason reason) {
  switch (reason) {
    case LobbyReason::kWrongKey:
      return "wrong session key";
    case LobbyReason::kNoKey:
      return "no session key";
    case LobbyReason::kTryLater:
      return "login is not possible now, try later";
    case LobbyReason::kLoginPending:
      return "already logging in or logged in";
    case LobbyReason::kNewerLogin:
      return "the account has logged in on another connection";
    case LobbyReason::kLoginTimeout:
      return "login time-out";
    case LobbyReason::kHeartbeatTimeout:
      return "heartbeat time-out";
  }
  return "?";
}

Lobby::Lobby(job::ReadyQueue& ready, const LobbyOptions& options, KeyLookup& keys, LobbyPort& port)
    : JobQueue(ready), options_(options), keys_(keys), port_(port) {}

// --- any thread -----------------------------------------------------------------------------------

job::PostResult Lobby::Connected(net::SessionId id) {
  return Post([this, id] { DoConnected(id); });
}

job::PostResult Lobby::Login(net::SessionId id, AccountNo account, std::string key) {
  return Post([this, id, account, key = std::move(key)]() mutable {
    DoLogin(id, account, std::move(key));
  });
}

job::PostResult Lobby::Heard(net::SessionId id) {
  return Post([this, id] { DoHeard(id); });
}

job::PostResult Lobby::Finish(net::SessionId id) {
  return Post([this, id] { DoFinish(id); });
}

job::PostResult Lobby::Leave(net::SessionId id) {
  return Post([this, id] { DoLeave(id); });
}

void Lobby::CheckLoginTimeouts() {
  if (login_check_posted_.exchange(true, std::memory_order_acq_rel)) return;
  Post([this] {
    login_check_posted_.store(false, std::memory_order_release);
    DropSilent(waiting_, options_.login_timeout, LobbyReason::kLoginTimeout);
  });
}

void Lobby::CheckHeartbeats() {
  if (heartbeat_check_posted_.exchange(true, std::memory_order_acq_rel)) return;
  Post([this] {
    heartbeat_check_posted_.store(false, std::memory_order_release);
    DropSilent(inside_, options_.heartbeat_timeout, LobbyReason::kHeartbeatTimeout);
  });
}

// --- jobs -----------------------------------------------------------------------------------------

void Lobby::DoConnected(net::SessionId id) {
  assert(InThisQueue());
  if (id.index() >= clients_.size()) clients_.resize(id.index() + std::size_t{1});
  Client& client = clients_[id.index()];
  if (client.state != State::kNobody) DoLeave(client.id);  // a tenant that never said good-bye
  client = Client{};
  client.id = id;
  client.state = State::kConnected;
  ++connected_now_;
  Put(waiting_, client);
  CountMoment();
}

// [login]
void Lobby::DoLogin(net::SessionId id, AccountNo account, std::string key) {
  // <student 07a.2>
  Client* const client = Find(id);
  if (client == nullptr || client->state == State::kDropped) return;
  if (client->state != State::kConnected) return Refuse(*client, LobbyReason::kLoginPending);
  client->state = State::kLookingUp;
  client->account = account;
  client->login_order = next_login_++;
  ++lookups_now_;
  CountMoment();
  // Weak: an answer that comes when the server has ended finds no lobby, and that is fine.
  auto done = [lobby = std::weak_ptr<JobQueue>(weak_from_this()), self = this, id,
               order = client->login_order](KeyReply reply) {
    if (const std::shared_ptr<JobQueue> alive = lobby.lock()) {
      alive->Post(
          [self, id, order, reply = std::move(reply)] { self->DoAnswer(id, order, reply); });
    }
  };
  keys_.TakeKey(account, std::move(key), std::move(done));
  // </student>
}
// [/login]

// The continuation of DoLogin. Everything may have changed since: it looks for itself.
// [answer]
void Lobby::DoAnswer(net::SessionId id, std::uint64_t login_order, const KeyReply& reply) {
  // <student 07a.2>
  Client* const client = Find(id);
  if (client == nullptr || client->state != State::kLookingUp ||
      client->login_order != login_order) {
    counts_.answers_for_nobody.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  --lookups_now_;
  client->state = State::kConnected;
  switch (reply.answer) {
    case KeyAnswer::kRight:
      Grant(*client, reply.name);
      break;
    // The end of the connection: each guess costs one, and connections are limited by address.
    case KeyAnswer::kWrong:
      counts_.refused.fetch_add(1, std::memory_order_relaxed);
      DropClient(*client, LobbyReason::kWrongKey);
      break;
    case KeyAnswer::kMissing:
      counts_.refused.fetch_add(1, std::memory_order_relaxed);
      DropClient(*client, LobbyReason::kNoKey);
      break;
    case KeyAnswer::kUnavailable:
      Refuse(*client, LobbyReason::kTryLater);
      break;
  }
  if (client->says_no_more) port_.Finish(id);
  CountMoment();
  // </student>
}
// [/answer]

void Lobby::DoHeard(net::SessionId id) {
  Client* const client = Find(id);
  if (client != nullptr && client->state == State::kLoggedIn) Put(inside_, *client);
}

void Lobby::DoFinish(net::SessionId id) {
  Client* const client = Find(id);
  if (client == nullptr) return;
  client->says_no_more = true;
  if (client->state != State::kLookingUp) port_.Finish(id);
}

void Lobby::DoLeave(net::SessionId id) {
  Client* const client = Find(id);
  if (client == nullptr) return;
  FreeAccount(*client);
  waiting_.Remove(id.index());
  inside_.Remove(id.index());
  if (client->state == State::kLookingUp) --lookups_now_;
  *client = Client{};
  --connected_now_;
  CountMoment();
}

}  // namespace chat
