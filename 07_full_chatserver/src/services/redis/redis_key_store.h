// Session keys in Redis: the auth service puts one in (SET with a time to live), the chat server
// compares and removes it in one step, so that a key opens one session, on whichever chat server
// asks first:
//
//   SET  <prefix><account> 1:<length of the key>:<key><account's name> EX <seconds>
//   EVAL <compare, and delete when equal> 1 <prefix><account> <offered>
//
// The 1 is the version of the format: a chat server that meets another one says "try later" and
// does not guess.
//
// A wrong key changes nothing. Were it to use the right one up (GETDEL, and compare here), anybody
// who guesses an account number could keep its owner out. A second guess gains nothing: a key has
// 381 random bits and lives for a minute.
//
// Works with every Redis since 2.6. Threading: any thread; callbacks as RedisClient says.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "services/account/session_key.h"
#include "services/redis/redis_client.h"

namespace services {

class RedisKeyStore final : public account::SessionKeyStore {
 public:
  // `client` is not owned and must be stopped before the store goes.
  explicit RedisKeyStore(RedisClient& client, std::string prefix = "session:")
      : client_(client), prefix_(std::move(prefix)) {}

  // Commands like Put's and TakeAndCheck's, for RedisOptions::probe: they write, and change nothing
  // that anybody uses.
  static std::vector<std::string> GiveProbe(const std::string& prefix);
  static std::vector<std::string> TakeProbe(const std::string& prefix);

  // The auth side. ttl: at least 1 s. An error does not mean that the key was not stored
  // (time-out).
  void Put(std::uint64_t account, account::IssuedKey issued, std::chrono::seconds ttl,
           PutCallback done) override;

  // The chat side. The callback posts the rest of the login as a job; the player may be gone by
  // then.
  void TakeAndCheck(std::uint64_t account, std::string offered, CheckCallback done) override;

 private:
  RedisClient& client_;
  const std::string prefix_;
};

}  // namespace services
