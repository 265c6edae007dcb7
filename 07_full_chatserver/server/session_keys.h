// Where the session keys are: Redis, or this process's memory (login.store). The auth service puts
// them in, the chat server takes them out.
//
// Threading: Start and Stop by one owner thread, the rest by any.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "chat/lobby.h"
#include "services/account/session_key.h"
#include "services/config/config.h"

namespace server {

struct KeyStoreStatus {
  bool up = true;
  double inside = 0;    // requests on their way
  double timeouts = 0;  // sum
};

class SessionKeys : public account::SessionKeyStore {
 public:
  // An empty string, or why it cannot work at all (one line). A Redis that is away is no error.
  virtual std::string Start() = 0;
  // What is still open is answered; nothing is called afterwards.
  virtual void Stop() = 0;
  [[nodiscard]] virtual KeyStoreStatus Status() const = 0;
};

// nullptr: this program was built without Redis.
std::unique_ptr<SessionKeys> MakeSessionKeys(const config::Login& login);

// What is wrong with the section; nothing when it is fine.
std::optional<std::string> ValidateKeys(const config::Login& login);
// Connects to Redis and asks for nothing. Empty: it answers, or there is no Redis to ask.
std::string ReachKeys(const config::Login& login);

// The lobby's view: take the key, compare, say what it was worth.
class LobbyKeys final : public chat::KeyLookup {
 public:
  explicit LobbyKeys(account::SessionKeyStore& store) : store_(store) {}
  void TakeKey(chat::AccountNo account, std::string key, Done done) override;

 private:
  account::SessionKeyStore& store_;
};

}  // namespace server
