#include "services/account/guess_limiter.h"

#include <algorithm>

namespace account {

void GuessLimiter::Table::Forget(Clock::time_point now) {
  while (!entries_.empty() &&
         (now - entries_.front().since >= window_ || entries_.size() > entries_max_)) {
    by_name_.erase(entries_.front().name);
    entries_.pop_front();
  }
}

GuessLimiter::Clock::duration GuessLimiter::Table::Charge(std::string_view name,
                                                          Clock::time_point now) {
  Forget(now);
  const auto known = by_name_.find(name);
  if (known != by_name_.end()) {
    Entry& entry = *known->second;
    if (entry.count >= limit_) return std::max(window_ - (now - entry.since), Clock::duration(1));
    ++entry.count;
    return Clock::duration::zero();
  }
  entries_.push_back({std::string(name), now, 1});
  by_name_.emplace(entries_.back().name, std::prev(entries_.end()));
  Forget(now);
  return Clock::duration::zero();
}

void GuessLimiter::Table::GiveBack(std::string_view name) {
  const auto known = by_name_.find(name);
  if (known == by_name_.end() || --known->second->count > 0) return;
  const auto entry = known->second;
  by_name_.erase(known);
  entries_.erase(entry);
}

GuessLimiter::Clock::duration GuessLimiter::Charge(std::string_view account,
                                                   std::string_view address,
                                                   Clock::time_point now) {
  const std::lock_guard guard(lock_);
  const Clock::duration wait = address_.Charge(address, now);
  if (wait > Clock::duration::zero()) return wait;
  const Clock::duration account_wait = account_.Charge(account, now);
  // Not a guess after all. (Kept on the address it would let one locked account block everybody
  // behind that address.)
  if (account_wait > Clock::duration::zero()) address_.GiveBack(address);
  return account_wait;
}

void GuessLimiter::GiveBack(std::string_view account, std::string_view address) {
  const std::lock_guard guard(lock_);
  account_.GiveBack(account);
  address_.GiveBack(address);
}

std::size_t GuessLimiter::entries() const {
  const std::lock_guard guard(lock_);
  return account_.size() + address_.size();
}

}  // namespace account
