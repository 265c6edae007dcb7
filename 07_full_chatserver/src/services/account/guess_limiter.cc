#include "services/account/guess_limiter.h"

#include <algorithm>
#include <stdexcept>

namespace account {

namespace {

constexpr std::chrono::milliseconds kFirstDelay{250};

// A name has no NUL.
std::string PairOf(std::string_view account, std::string_view address) {
  std::string pair(account);
  pair += '\0';
  return pair.append(address);
}

}  // namespace

std::optional<std::string> GuessLimits::Validate() const {
  if (per_account == 0 || per_address == 0) return "guesses: at least one must be allowed";
  if (window.count() <= 0) return "guesses: window must be above 0 s";
  if (delay_max.count() < 0) return "guesses: delay_max must not be below 0 ms";
  if (known_for.count() <= 0) return "guesses: known_for must be above 0 s";
  if (entries_max == 0) return "guesses: entries_max must be above 0";
  return std::nullopt;
}

// --- one table ------------------------------------------------------------------------------------

void GuessLimiter::Table::Forget(Clock::time_point now) {
  while (!entries_.empty() &&
         (now - entries_.front().since >= window_ || entries_.size() > entries_max_)) {
    by_name_.erase(entries_.front().name);
    entries_.pop_front();
  }
}

GuessLimiter::Clock::duration GuessLimiter::Table::WaitOf(std::string_view name,
                                                          std::uint32_t limit,
                                                          Clock::time_point now) const {
  if (CountOf(name, now) < limit) return Clock::duration::zero();
  return window_ - (now - by_name_.find(name)->second->since);
}

std::uint32_t GuessLimiter::Table::CountOf(std::string_view name, Clock::time_point now) const {
  const auto known = by_name_.find(name);
  const bool counts = known != by_name_.end() && now - known->second->since < window_;
  return counts ? known->second->count : 0;
}

void GuessLimiter::Table::Charge(std::string_view name, Clock::time_point now) {
  Forget(now);
  const auto known = by_name_.find(name);
  if (known != by_name_.end()) {
    ++known->second->count;
    return;
  }
  entries_.push_back({std::string(name), now, 1});
  by_name_.emplace(entries_.back().name, std::prev(entries_.end()));
  Forget(now);
}

void GuessLimiter::Table::GiveBack(std::string_view name) {
  const auto known = by_name_.find(name);
  if (known == by_name_.end() || --known->second->count > 0) return;
  const auto entry = known->second;
  by_name_.erase(known);
  entries_.erase(entry);
}

// --- all of them ----------------------------------------------------------------------------------

GuessLimiter::GuessLimiter(const GuessLimits& limits)
    : limits_(limits),
      pair_(limits.window, limits.entries_max),
      address_(limits.window, limits.entries_max),
      account_(limits.window, limits.entries_max),
      known_(limits.entries_max, limits.known_for) {
  if (const auto wrong = limits.Validate()) throw std::invalid_argument(*wrong);
}

// [guess-limits]
GuessLimiter::Clock::duration GuessLimiter::WaitOf(const std::string& pair,
                                                   std::string_view address,
                                                   Clock::time_point now) const {
  const Clock::duration wait = address_.WaitOf(address, limits_.per_address, now);
  if (wait > Clock::duration::zero() || known_.Contains(pair, now)) return wait;
  return pair_.WaitOf(pair, limits_.per_account, now);
}

GuessLimiter::Look GuessLimiter::LookAt(std::string_view account, std::string_view address,
                                        Clock::time_point now) const {
  const std::string pair = PairOf(account, address);
  const std::lock_guard guard(lock_);
  Look look;
  look.wait = WaitOf(pair, address, now);
  const std::uint32_t wrong = account_.CountOf(account, now);
  if (wrong < limits_.per_account || known_.Contains(pair, now)) return look;
  // Doubles with each guess; 16 doublings are above every delay_max.
  const std::uint32_t doublings = std::min(wrong - limits_.per_account, 16U);
  look.delay = std::min<Clock::duration>(kFirstDelay * (1U << doublings), limits_.delay_max);
  return look;
}

GuessLimiter::Clock::duration GuessLimiter::Charge(std::string_view account,
                                                   std::string_view address,
                                                   Clock::time_point now) {
  const std::string pair = PairOf(account, address);
  const std::lock_guard guard(lock_);
  const Clock::duration wait = WaitOf(pair, address, now);
  if (wait > Clock::duration::zero()) return wait;
  pair_.Charge(pair, now);
  address_.Charge(address, now);
  account_.Charge(account, now);
  return Clock::duration::zero();
}
// [/guess-limits]

void GuessLimiter::GiveBack(std::string_view account, std::string_view address) {
  const std::lock_guard guard(lock_);
  pair_.GiveBack(PairOf(account, address));
  address_.GiveBack(address);
  account_.GiveBack(account);
}

void GuessLimiter::Succeeded(std::string_view account, std::string_view address,
                             Clock::time_point now) {
  GiveBack(account, address);
  const std::lock_guard guard(lock_);
  known_.Add(PairOf(account, address), now);
}

std::size_t GuessLimiter::entries() const {
  const std::lock_guard guard(lock_);
  return pair_.size() + address_.size() + account_.size();
}

}  // namespace account
