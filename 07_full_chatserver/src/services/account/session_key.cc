#include "services/account/session_key.h"

#include <sodium.h>

#include <string_view>

namespace account {

std::string MakeSessionKey() {
  constexpr std::string_view kCharacters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  static const bool ready = sodium_init() >= 0;
  std::string key(ready ? kSessionKeySize : 0, '\0');
  // Every character equally likely: not `random % 62`.
  for (char& c : key)
    c = kCharacters[randombytes_uniform(static_cast<std::uint32_t>(kCharacters.size()))];
  return key;
}

void MemoryKeyStore::ForgetExpired(Clock::time_point now) {
  std::erase_if(keys_, [&](const auto& entry) { return entry.second.until <= now; });
}

void MemoryKeyStore::Put(std::uint64_t account, IssuedKey issued, std::chrono::seconds ttl,
                         PutCallback done) {
  std::string error;
  {
    const std::lock_guard guard(lock_);
    const Clock::time_point now = now_();
    // Only when it is full: looking through all keys at every login would be quadratic.
    if (keys_.size() >= keys_max_) ForgetExpired(now);
    if (keys_.size() >= keys_max_ && !keys_.contains(account)) {
      error = "too many session keys";
    } else {
      keys_[account] = {std::move(issued.key), std::move(issued.name), now + ttl};
    }
  }
  done(error);
}

void MemoryKeyStore::TakeAndCheck(std::uint64_t account, std::string offered, CheckCallback done) {
  auto verdict = services::KeyVerdict::kMissing;
  std::string name;
  {
    const std::lock_guard guard(lock_);
    const auto at = keys_.find(account);
    const bool alive = at != keys_.end() && at->second.until > now_();
    if (alive) verdict = services::JudgeKey(at->second.key, offered);
    if (verdict == services::KeyVerdict::kAccepted) name = std::move(at->second.name);
    if (at != keys_.end() && (!alive || verdict == services::KeyVerdict::kAccepted))
      keys_.erase(at);
  }
  done(verdict, name);
}

std::size_t MemoryKeyStore::size() const {
  const std::lock_guard guard(lock_);
  return keys_.size();
}

}  // namespace account
