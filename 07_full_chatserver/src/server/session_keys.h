// Where the session keys are: Redis, or this process's memory (login.store). The auth service puts
// them in, the chat server takes them out.
//
// Threading: Start and Stop by one owner thread, the rest by any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "chat/lobby.h"
#include "services/account/session_key.h"
#include "services/config/config.h"

namespace server {

struct KeyStoreStatus {
  bool up = true;
  std::string_view trouble;  // when it is not up: one of services::kTroubles, or "connecting"
  double inside = 0;         // requests on their way
  double timeouts = 0;       // sum
};

// "up", or "down(READONLY)".
inline std::string ToText(const KeyStoreStatus& status) {
  return status.up ? "up" : "down(" + std::string(status.trouble) + ")";
}

class SessionKeys : public account::SessionKeyStore {
 public:
  // An empty string, or why it cannot work at all (one line). A Redis that is away is no error.
  virtual std::string Start() = 0;
  // What is still open is answered; nothing is called afterwards.
  virtual void Stop() = 0;
  [[nodiscard]] virtual KeyStoreStatus Status() const = 0;
};

// What a program does with the store, and so what is probed: a Redis that is out of memory stores
// no key, but gives out those that it has.
enum class KeyRole : unsigned char { kGives, kTakes };

// nullptr: this program was built without Redis.
std::unique_ptr<SessionKeys> MakeSessionKeys(const config::Login& login, KeyRole role);

// What is wrong with the section; nothing when it is fine.
std::optional<std::string> ValidateKeys(const config::Login& login);
// Connects to Redis and looks whether it serves one who takes keys; no key is touched. Empty: it
// answers, or there is no Redis to ask.
std::string ReachKeys(const config::Login& login);

// The lobby's view: take the key, compare, say what it was worth.
class LobbyKeys final : public chat::KeyLookup {
 public:
  explicit LobbyKeys(account::SessionKeyStore& store) : store_(store) {}
  void TakeKey(chat::AccountNo account, std::string key, Done done) override;

  // How many look-ups have ended like this.
  [[nodiscard]] std::uint64_t count(chat::KeyAnswer answer) const {
    return counts_[static_cast<std::size_t>(answer)].load(std::memory_order_relaxed);
  }

 private:
  account::SessionKeyStore& store_;
  std::array<std::atomic<std::uint64_t>, chat::kKeyAnswers>
      counts_{};  // atomic: the store's threads
};

}  // namespace server
