// The session key: what the auth service gives to somebody with the right password, and the chat
// server asks for. Used once, for a short time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "services/login/key_verdict.h"

namespace account {

inline constexpr std::size_t kSessionKeySize = 64;

// 64 characters of [A-Za-z0-9] from the system's random numbers: 381 bits. Any thread.
std::string MakeSessionKey();

// What is stored for an account: its key, and its name as others may see it. The chat server knows
// the account from here only; it has no look into the accounts.
struct IssuedKey {
  IssuedKey(std::string the_key, std::string the_name = {})  // NOLINT(google-explicit-constructor)
      : key(std::move(the_key)), name(std::move(the_name)) {}
  std::string key;
  std::string name;  // UTF-8
};

// Where keys are between the two services. Any thread. The answer comes through a callback, once,
// on any thread, perhaps before the call returns: the chat server's callback posts a job and
// returns.
class SessionKeyStore {
 public:
  using PutCallback = std::function<void(const std::string& error)>;  // empty: stored
  // `text`: the account's name when the key was accepted, else a detail for the log.
  using CheckCallback = std::function<void(services::KeyVerdict verdict, const std::string& text)>;

  virtual ~SessionKeyStore() = default;

  // A later key of the same account replaces the earlier one.
  virtual void Put(std::uint64_t account, IssuedKey issued, std::chrono::seconds ttl,
                   PutCallback done) = 0;
  // Judges `offered` against the account's key and, when it is the right one, takes it out, in one
  // step. A wrong key changes nothing.
  virtual void TakeAndCheck(std::uint64_t account, std::string offered, CheckCallback done) = 0;
};

// Stand-in for lessons without Redis (login.store = "memory"): auth and chat must be one process.
// Calls back at once.
class MemoryKeyStore final : public SessionKeyStore {
 public:
  using Clock = std::chrono::steady_clock;

  // `now` is for tests.
  explicit MemoryKeyStore(std::size_t keys_max = 1'000'000,
                          std::function<Clock::time_point()> now = Clock::now)
      : keys_max_(keys_max), now_(std::move(now)) {}

  void Put(std::uint64_t account, IssuedKey issued, std::chrono::seconds ttl,
           PutCallback done) override;
  void TakeAndCheck(std::uint64_t account, std::string offered, CheckCallback done) override;
  std::size_t size() const;

 private:
  struct Entry {
    std::string key;
    std::string name;
    Clock::time_point until;
  };
  void ForgetExpired(Clock::time_point now);  // under lock_

  const std::size_t keys_max_;
  const std::function<Clock::time_point()> now_;
  mutable std::mutex lock_;
  std::unordered_map<std::uint64_t, Entry> keys_;  // guarded by lock_
};

}  // namespace account
