#include "services/admission/connection_gate.h"

#include <algorithm>
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
    case GateAnswer::kTooManyAddresses:
      return "too many addresses at once";
  }
  return "?";
}

ConnectionGate::ConnectionGate(const ConnectionLimits& limits,
                               std::function<Clock::time_point()> now)
    : limits_(limits), now_(std::move(now)) {}

GateAnswer ConnectionGate::Knock(std::uint32_t address) {
  if (limits_.per_address == 0 && limits_.rate == 0) return GateAnswer::kOpen;
  const Clock::time_point now = now_();
  const std::lock_guard lock(lock_);
  if (entries_.size() >= std::min(forget_at_, limits_.entries_max)) ForgetIdle(now);
  GateAnswer answer = GateAnswer::kOpen;
  auto found = entries_.find(address);
  if (found == entries_.end() && entries_.size() >= limits_.entries_max) {
    answer = GateAnswer::kTooManyAddresses;
  } else {
    if (found == entries_.end()) {
      found = entries_.emplace(address, Entry{0, static_cast<double>(limits_.burst), now}).first;
    }
    Entry& entry = found->second;
    Fill(entry, now);
    if (limits_.per_address != 0 && entry.connections >= limits_.per_address) {
      answer = GateAnswer::kTooMany;
    } else if (limits_.rate != 0 && entry.tokens < 1) {
      answer = GateAnswer::kTooFast;
    } else {
      entry.tokens -= 1;
    }
  }
  if (answer != GateAnswer::kOpen) ++refused_;
  return answer;
}

void ConnectionGate::Entered(std::uint32_t address) {
  if (limits_.per_address == 0) return;
  const std::lock_guard lock(lock_);
  const auto [entry, fresh] = entries_.try_emplace(address);
  if (fresh) {
    entry->second.tokens = static_cast<double>(limits_.burst);
    entry->second.filled = now_();
  }
  ++entry->second.connections;
}

void ConnectionGate::Left(std::uint32_t address) {
  if (limits_.per_address == 0) return;
  const std::lock_guard lock(lock_);
  const auto entry = entries_.find(address);
  if (entry != entries_.end() && entry->second.connections != 0) --entry->second.connections;
}

void ConnectionGate::Fill(Entry& entry, Clock::time_point now) const {
  const std::chrono::duration<double> passed = now - entry.filled;
  entry.filled = now;
  entry.tokens = std::min<double>(
      limits_.burst, entry.tokens + passed.count() * static_cast<double>(limits_.rate));
}

// Those about whom there is nothing to remember. Called again when the table has doubled, so each
// entry is looked at a bounded number of times.
void ConnectionGate::ForgetIdle(Clock::time_point now) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    Fill(entry->second, now);
    const bool idle = entry->second.connections == 0 &&
                      (limits_.rate == 0 || entry->second.tokens >= limits_.burst);
    entry = idle ? entries_.erase(entry) : std::next(entry);
  }
  forget_at_ = std::max<std::size_t>(1024, entries_.size() * 2);
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
