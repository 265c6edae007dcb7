#include "services/admission/connection_gate.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace services {

const char* ToString(GateAnswer answer) {
  switch (answer) {
    case GateAnswer::kOpen:
      return "open";
    case GateAnswer::kTooMany:
      return "too many connections from this address";
    case GateAnswer::kTooFast:
      return "connections from this address come too fast";
    case GateAnswer::kWrongKeys:
      return "too many wrong session keys from this address";
    case GateAnswer::kTooManyAddresses:
      return "too many addresses at once";
  }
  return "?";
}

std::optional<std::string> ConnectionLimits::Validate() const {
  if (burst == 0) return "connections: burst must be at least 1";
  if (entries_max == 0) return "connections: entries_max must be above 0";
  return std::nullopt;
}

ConnectionGate::ConnectionGate(const ConnectionLimits& limits,
                               std::function<Clock::time_point()> now)
    : limits_(limits), now_(std::move(now)) {
  if (const auto wrong = limits.Validate()) throw std::invalid_argument(*wrong);
}

GateAnswer ConnectionGate::Knock(std::uint32_t address) {
  // <student 07e.2>
  if (!IsLimited()) return GateAnswer::kOpen;
  const Clock::time_point now = now_();
  const std::lock_guard lock(lock_);
  if (entries_.size() >= std::min(forget_at_, limits_.entries_max)) ForgetIdle(now);
  GateAnswer answer = GateAnswer::kOpen;
  if (entries_.size() >= limits_.entries_max && !entries_.contains(address)) {
    answer = GateAnswer::kTooManyAddresses;
  } else {
    Entry& entry = At(address, now);
    if (limits_.wrong_keys != 0 && entry.keys < 1) {
      answer = GateAnswer::kWrongKeys;
    } else if (limits_.per_address != 0 && entry.connections >= limits_.per_address) {
      answer = GateAnswer::kTooMany;
    } else if (limits_.rate != 0 && entry.tokens < 1) {
      answer = GateAnswer::kTooFast;
    } else {
      entry.tokens -= 1;
    }
  }
  if (answer != GateAnswer::kOpen) ++refused_;
  return answer;
  // </student>
}

void ConnectionGate::Entered(std::uint32_t address) {
  if (limits_.per_address == 0) return;
  const Clock::time_point now = now_();
  const std::lock_guard lock(lock_);
  ++At(address, now).connections;
}

void ConnectionGate::Left(std::uint32_t address) {
  if (limits_.per_address == 0) return;
  const std::lock_guard lock(lock_);
  const auto entry = entries_.find(address);
  if (entry != entries_.end() && entry->second.connections != 0) --entry->second.connections;
}

// Only for an address that has a connection, so no new entry: the memory stays bounded.
void ConnectionGate::WrongKey(std::uint32_t address) {
  if (limits_.wrong_keys == 0) return;
  const Clock::time_point now = now_();
  const std::lock_guard lock(lock_);
  Entry& entry = At(address, now);
  entry.keys = std::max(entry.keys - 1, 0.0);
}

ConnectionGate::Entry& ConnectionGate::At(std::uint32_t address, Clock::time_point now) {
  // <student 07e.2>
  const auto [found, fresh] = entries_.try_emplace(address);
  Entry& entry = found->second;
  if (fresh) entry = {0, double(limits_.burst), double(limits_.wrong_keys), now};
  Fill(entry, now);
  return entry;
  // </student>
}

void ConnectionGate::Fill(Entry& entry, Clock::time_point now) const {
  // <student 07e.2>
  const std::chrono::duration<double> passed = now - entry.filled;
  entry.filled = now;
  entry.tokens = std::min<double>(limits_.burst, entry.tokens + passed.count() * limits_.rate);
  entry.keys =
      std::min<double>(limits_.wrong_keys, entry.keys + passed.count() * limits_.wrong_keys / 60);
  // </student>
}

// Those about whom there is nothing to remember. Called again when the table has doubled, so each
// entry is looked at a bounded number of times.
void ConnectionGate::ForgetIdle(Clock::time_point now) {
  // <student 07e.2>
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    Fill(entry->second, now);
    const bool idle = entry->second.connections == 0 &&
                      (limits_.rate == 0 || entry->second.tokens >= limits_.burst) &&
                      entry->second.keys >= limits_.wrong_keys;
    entry = idle ? entries_.erase(entry) : std::next(entry);
  }
  forget_at_ = std::max<std::size_t>(1024, entries_.size() * 2);
  // </student>
}

std::size_t ConnectionGate::addresses() const {
  const std::lock_guard lock(lock_);
  return entries_.size();
}

std::uint64_t ConnectionGate::refused() const {
  const std::lock_guard lock(lock_);
  return refused_;
}

}  // namespace services
