#include "chat/login_desk.h"

#include <algorithm>
#include <utility>

#include "client_packet_handler.h"

namespace chat {

namespace {

net::PacketRef Refusal(Protocol::Refusal reason) {
  Protocol::S_LOGIN answer;
  answer.set_success(false);
  answer.set_reason(reason);
  return ClientPacketHandler::MakeSendBuffer(answer);
}

}  // namespace

Protocol::Refusal ToRefusal(LobbyReason reason) {
  switch (reason) {
    case LobbyReason::kWrongKey:
    case LobbyReason::kNoKey:
      return Protocol::REFUSAL_BAD_SESSION_KEY;
    case LobbyReason::kTryLater:
      return Protocol::REFUSAL_TRY_LATER;
    case LobbyReason::kLoginPending:
      return Protocol::REFUSAL_ALREADY_LOGGED_IN;
    case LobbyReason::kNewerLogin:
      return Protocol::REFUSAL_LOGGED_IN_ELSEWHERE;
    case LobbyReason::kLoginTimeout:
      return Protocol::REFUSAL_LOGIN_TIMEOUT;
    case LobbyReason::kHeartbeatTimeout:
      return Protocol::REFUSAL_HEARTBEAT_TIMEOUT;
  }
  return Protocol::REFUSAL_TRY_LATER;
}

LoginDesk::LoginDesk(std::uint32_t session_max, SessionSender& sender, Chronicle& chronicle,
                     Hooks hooks, const job::Clock& clock)
    : sender_(sender),
      chronicle_(chronicle),
      hooks_(std::move(hooks)),
      clock_(clock),
      slots_(session_max) {}

std::shared_ptr<LoginSlot> LoginDesk::Open(net::SessionId id) {
  auto slot = std::make_shared<LoginSlot>(id);
  const std::lock_guard lock(locks_[id.index() % kLocks]);
  slots_[id.index()] = slot;
  return slot;
}

std::shared_ptr<LoginSlot> LoginDesk::Close(net::SessionId id) {
  std::shared_ptr<LoginSlot> slot;
  {
    const std::lock_guard lock(locks_[id.index() % kLocks]);
    slot = std::exchange(slots_[id.index()], nullptr);
  }
  return slot;
}

std::shared_ptr<LoginSlot> LoginDesk::Find(net::SessionId id) {
  const std::lock_guard lock(locks_[id.index() % kLocks]);
  const std::shared_ptr<LoginSlot>& slot = slots_[id.index()];
  return slot != nullptr && slot->owner == id ? slot : nullptr;
}

std::shared_ptr<RequestBudget> LoginDesk::BudgetOf(AccountNo account) {
  if (budgets_.size() >= budgets_tidy_at_) {
    const job::TimePoint now = clock_.Now();
    std::erase_if(budgets_, [now](const auto& entry) {
      return entry.second.use_count() == 1 && entry.second->IsFull(now);
    });
    budgets_tidy_at_ = std::max<std::size_t>(1024, 2 * budgets_.size());
  }
  std::shared_ptr<RequestBudget>& budget = budgets_[account];
  if (budget == nullptr) budget = std::make_shared<RequestBudget>();
  return budget;
}

// [admit]
bool LoginDesk::Admit(net::SessionId id, AccountNo account, const std::string& name) {
  // <student 07a.3>
  const std::shared_ptr<LoginSlot> slot = Find(id);
  if (slot == nullptr || slot->state.load(std::memory_order_acquire) != LoginState::kLoggingIn) {
    return false;
  }
  slot->account_requests = BudgetOf(account);
  // Written down first: a log-in that succeeded is in the database whatever happens next.
  if (shut_.load(std::memory_order_acquire) || !chronicle_.Record(LoginRecord{account, id, true})) {
    RefuseLogin(id, LobbyReason::kTryLater);
    return false;
  }
  slot->account = account;
  slot->players = hooks_.make_players(id, account, name);
  Protocol::S_LOGIN answer;
  answer.set_success(true);
  for (const PlayerRef& player : slot->players) player->CopyTo(*answer.add_players());
  // From here on the worker reads account and players. Fails when the client has gone meanwhile.
  if (!slot->Change(LoginState::kLoggingIn, LoginState::kIn)) {
    chronicle_.Record(LoginRecord{account, id, false});
    return false;
  }
  sender_.Send(id, ClientPacketHandler::MakeSendBuffer(answer));
  sender_.Trust(id);
  return true;
  // </student>
}
// [/admit]

void LoginDesk::RefuseLogin(net::SessionId id, LobbyReason reason) {
  const std::shared_ptr<LoginSlot> slot = Find(id);
  if (slot == nullptr) return;
  // Before the answer leaves: the client may try again as soon as it has it.
  if (reason != LobbyReason::kLoginPending) slot->Change(LoginState::kLoggingIn, LoginState::kOut);
  sender_.Send(id, Refusal(ToRefusal(reason)));
}

void LoginDesk::Drop(net::SessionId id, LobbyReason reason) {
  if (const std::shared_ptr<LoginSlot> slot = Find(id)) slot->Drop();
  if (reason == LobbyReason::kWrongKey || reason == LobbyReason::kNoKey) hooks_.wrong_key(id);
  sender_.SendLast(id, Refusal(ToRefusal(reason)), ToString(reason));
}

}  // namespace chat
